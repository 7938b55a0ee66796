using GrainVault.Api.Gateway;

namespace GrainVault.Api.RateLimits;

/// <summary>Says once when owners of budgets stop to answer, and once when they answer again.</summary>
internal sealed class RateLimitHealth(GatewayInstruments instruments, ILogger<RateLimitHealth> logger)
{
    private int _isFailing;

    /// <summary>An owner has answered.</summary>
    public void Answered()
    {
        instruments.Leased("ok");
        if (Volatile.Read(ref _isFailing) != 0 && Interlocked.Exchange(ref _isFailing, 0) != 0)
            logger.OwnersAnswer();
    }

    /// <summary>An owner has not answered in time, or with an error.</summary>
    public void DidNotAnswer(Exception exception)
    {
        instruments.Leased("failed");
        if (Interlocked.Exchange(ref _isFailing, 1) == 0)
            logger.OwnersDoNotAnswer(exception);
    }
}

internal static partial class RateLimitHealthLog
{
    [LoggerMessage(1301, LogLevel.Warning, "The owners of request budgets do not answer; this front end grants a share of each budget by itself.")]
    public static partial void OwnersDoNotAnswer(this ILogger<RateLimitHealth> logger, Exception exception);

    [LoggerMessage(1302, LogLevel.Information, "The owners of request budgets answer again.")]
    public static partial void OwnersAnswer(this ILogger<RateLimitHealth> logger);
}
