using Microsoft.Extensions.Logging;

namespace GrainVault.Resilience;

/// <summary>Log messages of breakers: 3200 to 3219.</summary>
internal static partial class BreakerLog
{
    [LoggerMessage(3200, LogLevel.Warning, "The breaker of {Dependency} opened for {BreakMs} ms: too many of its calls fail, the last with {Cause}")]
    public static partial void Opened(ILogger logger, string dependency, long breakMs, string cause);

    [LoggerMessage(3201, LogLevel.Information, "The breaker of {Dependency} is half open: one call tries")]
    public static partial void HalfOpened(ILogger logger, string dependency);

    [LoggerMessage(3202, LogLevel.Information, "The breaker of {Dependency} closed: its calls succeed again")]
    public static partial void Closed(ILogger logger, string dependency);
}
