using Microsoft.Extensions.Logging;

namespace GrainVault.Files;

/// <summary>Log messages of files: 4100 to 4199.</summary>
internal static partial class FileLog
{
    [LoggerMessage(4100, LogLevel.Warning, "A command on {FileId} failed; its outcome is unknown and the activation ends")]
    public static partial void CommandFailed(ILogger logger, string fileId, Exception exception);

    [LoggerMessage(4101, LogLevel.Warning, "Grains of entries in {FileId}, which is being removed for good or has another owner, could not be told; the janitor goes on with it")]
    public static partial void ForgetFailed(ILogger logger, string fileId, Exception exception);

    [LoggerMessage(4102, LogLevel.Information, "{FileId} with {EntryCount} entries was given from {FromId} to {ToId}")]
    public static partial void Transferred(ILogger logger, string fileId, int entryCount, string fromId, string toId);
}
