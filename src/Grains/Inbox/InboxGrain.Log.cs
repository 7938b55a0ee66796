using Microsoft.Extensions.Logging;

namespace GrainVault.Inbox;

/// <summary>Log messages of the inbox: 4800 to 4899.</summary>
internal static partial class InboxLog
{
    [LoggerMessage(4800, LogLevel.Information, "Object {Key} of {SizeBytes} bytes is adopted as {FileId} of {UserId}")]
    public static partial void Adopted(ILogger logger, string key, long sizeBytes, string fileId, string userId);

    [LoggerMessage(4801, LogLevel.Warning, "Object {Key} stays in the inbox: {Reason}. It is tried again; this line is not repeated")]
    public static partial void Refused(ILogger logger, string key, string reason);

    [LoggerMessage(4802, LogLevel.Information, "Object {Key} was replaced while it was adopted; the next try takes what is there then")]
    public static partial void Replaced(ILogger logger, string key);

    [LoggerMessage(4803, LogLevel.Warning, "Object {Key} could not be adopted now (attempt {Attempt})")]
    public static partial void AttemptFailed(ILogger logger, string key, int attempt, Exception exception);

    [LoggerMessage(4804, LogLevel.Warning, "The inbox of shard {Shard} could not be worked on; the janitor goes on with it")]
    public static partial void RunFailed(ILogger logger, int shard, Exception exception);

    [LoggerMessage(4805, LogLevel.Warning, "{Count} objects of the inbox are known, no more are taken note of; the next listing goes on")]
    public static partial void TooMany(ILogger logger, long count);

    [LoggerMessage(4806, LogLevel.Information, "The attempt at {Key} came to nothing ({Reason}); the next one begins anew")]
    public static partial void CameToNothing(ILogger logger, string key, RefusalReason reason);
}
