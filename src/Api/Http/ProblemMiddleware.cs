namespace GrainVault.Api.Http;

/// <summary>
/// Turns everything that is not a success into a problem: exceptions, and statuses that routing, authentication or the server
/// set without a body. No request gets 500. A response that has begun is cut off, never padded or ended as if it were whole.
/// </summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            await AnswerAsync(context, exception);
            return;
        }

        var response = context.Response;
        if (response.StatusCode >= 400 && !response.HasStarted && response.ContentLength is null && response.ContentType is null)
            await new Problem(ProblemTypes.OfStatus(response.StatusCode), DetailOf(context)).ExecuteAsync(context);
    }

    private async Task AnswerAsync(HttpContext context, Exception exception)
    {
        if (ExceptionProblems.IsClientGone(context, exception))
        {
            // For the log alone; whoever went after the response had begun is logged with the status that he was sent.
            if (!context.Response.HasStarted)
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            context.Abort();
            return;
        }

        if (context.Response.HasStarted)
        {
            logger.ResponseCutOff(exception);
            context.Abort();
            return;
        }

        var problem = ExceptionProblems.From(exception);
        if (problem.Type == ProblemTypes.Unexpected)
            logger.Unexpected(exception);
        else if (problem.Type.Status >= 500)
            logger.DependencyFailed(problem.Type.Slug, exception);
        await problem.ExecuteAsync(context);
    }

    private static string DetailOf(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status401Unauthorized => "This needs a valid access token in the Authorization header.",
        StatusCodes.Status404NotFound => "There is nothing under this path.",
        StatusCodes.Status405MethodNotAllowed => "The path does not take this method; see the Allow header.",
        StatusCodes.Status415UnsupportedMediaType => "The path does not take this Content-Type.",
        _ => "The request was refused.",
    };
}
