namespace GrainVault.Storage.Disk;

/// <summary>Translates what the file system says into what a caller may conclude.</summary>
internal static class DiskErrors
{
    private const int NoSpace = 28;
    private static readonly int QuotaExceeded = OperatingSystem.IsMacOS() ? 69 : 122;

    /// <summary>True for errors that this table translates; bugs of ours pass through.</summary>
    public static bool Covers(Exception e) => e is IOException or UnauthorizedAccessException;

    /// <summary>The one exception of every provider. Messages name keys, never paths of the machine.</summary>
    public static ObjectStoreException Translate(Exception e, string operation, string key) => e switch
    {
        IOException { HResult: var code } when code == NoSpace || code == QuotaExceeded
            => new ObjectStoreException(ObjectStoreError.Full, $"{operation} of {key}: the disk is full.", e),
        UnauthorizedAccessException
            => new ObjectStoreException(ObjectStoreError.Refused, $"{operation} of {key}: the file system refuses access.", e),
        _ => new ObjectStoreException(ObjectStoreError.Unavailable, $"{operation} of {key}: the file system failed.", e),
    };

    /// <summary>There is no object under the key.</summary>
    public static ObjectStoreException NotFound(string key) =>
        new(ObjectStoreError.NotFound, $"There is no object {key}.");

    /// <summary>There is no such upload.</summary>
    public static ObjectStoreException UploadNotFound(string key, string storeUploadId) =>
        new(ObjectStoreError.UploadNotFound, $"There is no upload {storeUploadId} of {key}.");

    /// <summary>A file of the store is not what was written.</summary>
    public static ObjectStoreException Damaged(string key, string detail) =>
        new(ObjectStoreError.Unavailable, $"{key} is damaged on disk: {detail}.");
}
