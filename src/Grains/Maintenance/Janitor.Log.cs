using Microsoft.Extensions.Logging;

namespace GrainVault.Maintenance;

/// <summary>Log messages of the janitor: 4400 to 4499.</summary>
internal static partial class JanitorLog
{
    [LoggerMessage(4400, LogLevel.Critical, "Nothing is deleted in step '{Step}' of shard {Shard}: {Reason}")]
    public static partial void Refused(ILogger logger, int shard, string step, string reason);

    [LoggerMessage(4401, LogLevel.Warning, "Step '{Step}' of janitor shard {Shard} failed; the next run repeats it")]
    public static partial void StepFailed(ILogger logger, int shard, string step, Exception exception);

    [LoggerMessage(4402, LogLevel.Error, "Step '{Step}' of janitor shard {Shard} broke; the next run repeats it")]
    public static partial void StepBroke(ILogger logger, int shard, string step, Exception exception);

    [LoggerMessage(4403, LogLevel.Warning, "Version {Number} of {FileId} could not be read back for its SHA-256")]
    public static partial void HashFailed(ILogger logger, string fileId, int number, Exception exception);

    [LoggerMessage(4404, LogLevel.Critical, "The object store belongs to installation {Found}, this database is of {Own}: nothing will be deleted from it")]
    public static partial void ForeignStore(ILogger logger, Guid found, Guid own);

    [LoggerMessage(4405, LogLevel.Warning, "The janitor could not be started yet; it is tried again")]
    public static partial void StartFailed(ILogger logger, Exception exception);
}
