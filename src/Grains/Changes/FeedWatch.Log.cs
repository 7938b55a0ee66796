using Microsoft.Extensions.Logging;

namespace GrainVault.Changes;

/// <summary>Log messages of feeds: 4900 to 4999.</summary>
internal static partial class FeedLog
{
    [LoggerMessage(4900, LogLevel.Warning, "The counters of those whose changes are waited for could not be read; it is tried again")]
    public static partial void PollFailed(ILogger logger, Exception exception);
}
