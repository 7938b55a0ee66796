using Microsoft.Extensions.Logging;

namespace GrainVault.Storage.Disk;

/// <summary>Log messages of the disk store: ids 5100 to 5199.</summary>
internal static partial class DiskObjectStoreLog
{
    [LoggerMessage(5100, LogLevel.Information, "Disk store opened at {Root}; {StaleCount} temporary and {TrashCount} half-deleted leftovers of earlier processes removed")]
    public static partial void Opened(ILogger logger, string root, int staleCount, int trashCount);

    [LoggerMessage(5101, LogLevel.Error, "Disk store: {Operation} of {Key} failed")]
    public static partial void Failed(ILogger logger, Exception exception, string operation, string key);

    [LoggerMessage(5102, LogLevel.Warning, "Disk store: {Path} could not be removed; the next start tries again")]
    public static partial void NotPurged(ILogger logger, Exception exception, string path);
}
