namespace GrainVault.Api.Http;

internal static partial class ProblemMiddlewareLog
{
    [LoggerMessage(1001, LogLevel.Error, "An unexpected exception ended a request.")]
    public static partial void Unexpected(this ILogger<ProblemMiddleware> logger, Exception exception);

    [LoggerMessage(1002, LogLevel.Warning, "A dependency failed; the request was answered with {Problem}.")]
    public static partial void DependencyFailed(this ILogger<ProblemMiddleware> logger, string problem, Exception exception);

    [LoggerMessage(1003, LogLevel.Warning, "A response was cut off in the middle, since its rest could not be produced.")]
    public static partial void ResponseCutOff(this ILogger<ProblemMiddleware> logger, Exception exception);
}
