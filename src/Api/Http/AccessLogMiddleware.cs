using System.Diagnostics;

namespace GrainVault.Api.Http;

/// <summary>
/// One line per request, with the path and without the query, which may carry tokens. What is asked every few seconds, health
/// checks and the polls of scrapers and of the cluster's page, is logged at Debug; a poll that is refused is news.
/// </summary>
internal sealed class AccessLogMiddleware(RequestDelegate next, AccessLog log, TimeProvider time)
{
    private static readonly PathString Health = "/healthz";
    private static readonly PathString[] Polled = ["/metrics", "/cluster/status"];

    public Task InvokeAsync(HttpContext context) =>
        log.IsEnabled(Is(context, Health) ? LogLevel.Debug : LogLevel.Information) ? InvokeLoggedAsync(context) : next(context);

    private async Task InvokeLoggedAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var level = LevelOf(context);
            if (log.IsEnabled(level))
                log.Add(LineOf(context, level, time.GetElapsedTime(started)));
        }
    }

    private AccessLine LineOf(HttpContext context, LogLevel level, TimeSpan elapsed)
    {
        var (request, response) = (context.Request, context.Response);
        return new AccessLine(
            time.GetUtcNow(),
            level,
            request.Method,
            SecretPaths.Mask(request.Path.ToUriComponent()),
            response.StatusCode,
            request.ContentLength,
            response.ContentLength,
            elapsed,
            context.TraceIdentifier,
            Activity.Current?.TraceId ?? default);
    }

    private static LogLevel LevelOf(HttpContext context)
    {
        var isPoll = context.Response.StatusCode < StatusCodes.Status400BadRequest && Array.Exists(Polled, path => Is(context, path));
        return isPoll || Is(context, Health) ? LogLevel.Debug : LogLevel.Information;
    }

    private static bool Is(HttpContext context, PathString path) => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal);
}
