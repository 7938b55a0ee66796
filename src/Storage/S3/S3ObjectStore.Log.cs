using Microsoft.Extensions.Logging;

namespace GrainVault.Storage.S3;

/// <summary>Log messages of the S3 store: ids 5200 to 5299. None holds a URL, a header or a credential.</summary>
internal static partial class S3ObjectStoreLog
{
    [LoggerMessage(5200, LogLevel.Warning, "S3 store: {Operation} of {Key} failed as {Error}: {Cause}")]
    public static partial void Failed(ILogger logger, string operation, string key, ObjectStoreError error, string cause);

    [LoggerMessage(5201, LogLevel.Information, "S3 store: bucket {Bucket} created")]
    public static partial void BucketCreated(ILogger logger, string bucket);

    [LoggerMessage(5202, LogLevel.Warning, "S3 store: bucket {Bucket} could not be checked at start ({Cause}); trying again in the background")]
    public static partial void BucketUnavailable(ILogger logger, string bucket, string cause);

    [LoggerMessage(5203, LogLevel.Warning, "S3 store: reading {Key} failed at byte {Offset} of {Size}: {Cause}")]
    public static partial void ReadFailed(ILogger logger, string key, long offset, long size, string cause);
}
