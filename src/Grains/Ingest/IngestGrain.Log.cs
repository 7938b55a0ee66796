using Microsoft.Extensions.Logging;

namespace GrainVault.Ingest;

/// <summary>Log messages of ingest.</summary>
internal static partial class IngestLog
{
    [LoggerMessage(4700, LogLevel.Warning, "Events of shard {Shard} could not be worked on; the janitor goes on with them")]
    public static partial void RunFailed(ILogger logger, int shard, Exception exception);

    [LoggerMessage(4701, LogLevel.Information, "Object {Key} could not be looked at (attempt {Attempt})")]
    public static partial void LookFailed(ILogger logger, string key, int attempt, Exception exception);

    [LoggerMessage(4702, LogLevel.Warning, "The event of object {Key} is forgotten after {Attempts} attempts; the sweep will find the object")]
    public static partial void GaveUp(ILogger logger, string key, int attempts);
}
