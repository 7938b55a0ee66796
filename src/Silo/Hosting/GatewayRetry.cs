using Orleans;

namespace GrainVault.Silo.Hosting;

/// <summary>
/// Lets a front end wait for its cluster without an end: silos may come up long after it, and until then it says that it is
/// not ready.
/// </summary>
internal sealed partial class GatewayRetry(TimeProvider time, ILogger<GatewayRetry> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LinePeriod = TimeSpan.FromSeconds(30);

    private long? _lineAt;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_lineAt is not { } at || time.GetElapsedTime(at) >= LinePeriod)
        {
            _lineAt = time.GetTimestamp();
            LogWaiting(logger, exception.GetBaseException().Message.ReplaceLineEndings(" "));
        }

        await Task.Delay(RetryInterval, time, cancellationToken);
        return true;
    }

    [LoggerMessage(1066, LogLevel.Warning, "No gateway can be reached yet: {Reason}. This front end is not ready until one can")]
    private static partial void LogWaiting(ILogger logger, string reason);
}
