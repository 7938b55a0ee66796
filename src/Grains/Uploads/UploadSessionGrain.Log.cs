using GrainVault.Storage;
using Microsoft.Extensions.Logging;

namespace GrainVault.Uploads;

/// <summary>Log messages of uploads: 4300 to 4399.</summary>
internal static partial class UploadLog
{
    [LoggerMessage(4300, LogLevel.Warning, "A command on {UploadId} failed; its outcome is unknown and the activation ends")]
    public static partial void CommandFailed(ILogger logger, string uploadId, Exception exception);

    [LoggerMessage(4301, LogLevel.Warning, "Store call '{Operation}' for {UploadId} failed: {Error}")]
    public static partial void StoreFailed(ILogger logger, string uploadId, string operation, ObjectStoreError error, Exception exception);

    [LoggerMessage(4302, LogLevel.Error, "The store does not have {Count} parts of {UploadId} as recorded; the session is open again without them")]
    public static partial void PartsLost(ILogger logger, string uploadId, int count);

    // Whoever has a URL can do this as often as he likes: it is no failure of the store.
    [LoggerMessage(4310, LogLevel.Information, "The store has others than {Count} parts of {UploadId}, for which URLs were handed out; the session is open without them")]
    public static partial void PartsReplaced(ILogger logger, string uploadId, int count);

    [LoggerMessage(4303, LogLevel.Information, "Session {UploadId} ended: {State}")]
    public static partial void Ended(ILogger logger, string uploadId, UploadState state);

    [LoggerMessage(4304, LogLevel.Information, "The multipart upload of {UploadId} could not be dropped now; the janitor repeats it")]
    public static partial void DropFailed(ILogger logger, string uploadId, Exception exception);

    [LoggerMessage(4305, LogLevel.Information, "Completion of {UploadId} was left by a crash and has been taken up: {Outcome}")]
    public static partial void Recovered(ILogger logger, string uploadId, string outcome);

    [LoggerMessage(4312, LogLevel.Information, "The store was looked at for the file of {UploadId}: {Outcome}")]
    public static partial void Finished(ILogger logger, string uploadId, string outcome);

    [LoggerMessage(4313, LogLevel.Information, "The content of {UploadId} is to come to {FolderId}, which is another owner's or takes the place of a file that is gone")]
    public static partial void Moved(ILogger logger, string uploadId, string folderId);

    [LoggerMessage(4306, LogLevel.Information, "Part {Number} of {UploadId} came too late: the ledger does not accept it (attempt {Attempt})")]
    public static partial void PartFenced(ILogger logger, string uploadId, int number, int attempt);

    [LoggerMessage(4307, LogLevel.Information, "Session {UploadId} could not be told that the write of part {Number} has ended")]
    public static partial void EndPartFailed(ILogger logger, string uploadId, int number, Exception exception);

    [LoggerMessage(4310, LogLevel.Information, "Session {UploadId} could not be told that part {Number} is still being written")]
    public static partial void KeepPartFailed(ILogger logger, string uploadId, int number, Exception exception);

    [LoggerMessage(4311, LogLevel.Warning, "The writer of part {Number} of {UploadId} was silent for {SilenceMax}; another one takes its place")]
    public static partial void WriterForgotten(ILogger logger, string uploadId, int number, TimeSpan silenceMax);

    [LoggerMessage(4309, LogLevel.Error, "The store has dropped the multipart upload of {UploadId} with all its parts; the session begins another")]
    public static partial void MultipartLost(ILogger logger, string uploadId);

    [LoggerMessage(4308, LogLevel.Warning, "The object of the refused file {FileId} could not be given up; its intent expires by itself")]
    public static partial void AbandonFailed(ILogger logger, string fileId, Exception exception);

    [LoggerMessage(4313, LogLevel.Debug, "Whoever watches uploads was not told of {UploadId}")]
    public static partial void ProgressNotTold(ILogger logger, string uploadId, Exception exception);
}
