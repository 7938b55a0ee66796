using System.Diagnostics;

namespace GrainVault.Api.Http;

/// <summary>
/// One line per request, with the path and without the query, which may carry tokens. Health checks are logged at Debug.
/// </summary>
internal sealed class AccessLogMiddleware(RequestDelegate next, ILoggerFactory loggers)
{
    /// <summary>Category of the lines.</summary>
    public const string Category = "GrainVault.Access";

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    public Task InvokeAsync(HttpContext context) =>
        _logger.IsEnabled(LogLevel.Information) ? InvokeLoggedAsync(context) : next(context);

    private async Task InvokeLoggedAsync(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var request = context.Request;
            var level = request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal) ? LogLevel.Debug : LogLevel.Information;
            _logger.Served(
                level,
                request.Method,
                request.Path.ToUriComponent(),
                context.Response.StatusCode,
                request.ContentLength,
                context.Response.ContentLength,
                Math.Round(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 2));
        }
    }
}

internal static partial class AccessLog
{
    [LoggerMessage(EventId = 1010, Message = "{Method} {Path} {Status} in {ElapsedMs} ms; {RequestBytes} bytes in, {ResponseBytes} bytes out.")]
    public static partial void Served(
        this ILogger logger, LogLevel level, string method, string path, int status, long? requestBytes, long? responseBytes, double elapsedMs);
}
