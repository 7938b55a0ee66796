using System.Diagnostics;

namespace GrainVault.Api.Http;

/// <summary>
/// One line per request, with the path and without the query, which may carry tokens. Health checks are logged at Debug.
/// </summary>
internal sealed class AccessLogMiddleware(RequestDelegate next, AccessLog log, TimeProvider time)
{
    public Task InvokeAsync(HttpContext context) => log.IsEnabled(LevelOf(context.Request)) ? InvokeLoggedAsync(context) : next(context);

    private async Task InvokeLoggedAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var (request, response) = (context.Request, context.Response);
            log.Add(new AccessLine(
                time.GetUtcNow(),
                LevelOf(request),
                request.Method,
                request.Path.ToUriComponent(),
                response.StatusCode,
                request.ContentLength,
                response.ContentLength,
                time.GetElapsedTime(started),
                context.TraceIdentifier,
                Activity.Current?.TraceId ?? default));
        }
    }

    private static LogLevel LevelOf(HttpRequest request) =>
        request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal) ? LogLevel.Debug : LogLevel.Information;
}
