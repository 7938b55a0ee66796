namespace GrainVault.Storage;

/// <summary>Bytes on their way into a store.</summary>
/// <param name="Bytes">The content; unchanged until the call that got it has really ended.</param>
/// <param name="Sha256">SHA-256 of <paramref name="Bytes"/>, 32 bytes: providers use it instead of hashing again.</param>
public readonly record struct StoreContent(ReadOnlyMemory<byte> Bytes, ReadOnlyMemory<byte> Sha256);

/// <summary>A finished object.</summary>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="ETag">The store's ETag without quotes; opaque.</param>
public sealed record StoredObject(long SizeBytes, string ETag);

/// <summary>A part of an unfinished multipart upload.</summary>
/// <param name="Number">1 to <see cref="StoreProfile.PartCountMax"/>.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="ETag">The store's ETag without quotes; opaque.</param>
public sealed record StoredPart(int Number, long SizeBytes, string ETag);

/// <summary>A finished object as a listing shows it.</summary>
public sealed record ListedObject(string Key, long SizeBytes, DateTimeOffset LastModified);

/// <summary>An unfinished multipart upload as a listing shows it.</summary>
public sealed record ListedUpload(string Key, string StoreUploadId, DateTimeOffset Initiated);

/// <summary>A URL that lets whoever holds it make one kind of request to the store. It is a secret: never logged.</summary>
/// <param name="Url">
/// Absolute. Only a disk store without <see cref="Disk.DiskOptions.PublicUrl"/> gives one that begins with a slash: it is
/// relative to the front end that the client has reached.
/// </param>
/// <param name="ExpiresAt">When it stops working: never later than asked for, and earlier where the credentials end earlier.</param>
public sealed record PresignedUrl(Uri Url, DateTimeOffset ExpiresAt);

/// <summary>Limits of a store, since S3 dialects differ; fixed for a session when it is created.</summary>
public sealed record StoreProfile
{
    /// <summary>
    /// Name of the store in the ledger, for example <c>disk</c> or <c>s3</c>. It says where a row's object lies, so it must
    /// not change with the dialect.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>
    /// Name of the dialect: <c>disk</c>, or the profile that <c>Objects:S3:Profile</c> chose (<c>aws</c>, <c>ceph</c>,
    /// <c>seaweedfs</c>, <c>garage</c>, <c>r2</c>, <c>generic</c>). A session notes it at creation.
    /// </summary>
    public string Dialect { get; init; } = "generic";

    /// <summary>Smallest size of every part but the last, in bytes. S3: 5 MiB.</summary>
    public long PartSizeBytesMin { get; init; } = 5L << 20;

    /// <summary>Largest size of a part, in bytes. S3: 5 GiB.</summary>
    public long PartSizeBytesMax { get; init; } = 5L << 30;

    /// <summary>Most parts of one object. S3: 10,000.</summary>
    public int PartCountMax { get; init; } = 10_000;

    /// <summary>Largest object, in bytes. S3: 48.8 TiB.</summary>
    public long ObjectSizeBytesMax { get; init; } = 10_000L * (5L << 30);

    /// <summary>Largest object that one PUT writes, in bytes. S3: 5 GiB.</summary>
    public long PutSizeBytesMax { get; init; } = 5L << 30;

    /// <summary>True when all parts of an upload but the last must have one size, as R2 wants it.</summary>
    public bool WantsEqualParts { get; init; }

    /// <summary>
    /// True when the store is known to refuse a presigned PUT of another size than was signed. A completion checks the sizes
    /// of all parts in any case.
    /// </summary>
    public bool EnforcesPresignedSize { get; init; }

    /// <summary>Longest life of a presigned URL. S3: 7 days.</summary>
    public TimeSpan PresignLifetimeMax { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Longest time that any single write can take at the store before the provider gives up; intents outlive it.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest time of <see cref="ICopyingStore.CopyAsync"/> with all its calls; the intent of a copy's target outlives it.</summary>
    public TimeSpan CopyTimeout { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>What a caller may conclude from a failed call.</summary>
public enum ObjectStoreError
{
    /// <summary>The store can't be reached, timed out, or answered 5xx: the effect is unknown, try again later.</summary>
    Unavailable,

    /// <summary>There is no such object.</summary>
    NotFound,

    /// <summary>There is no such multipart upload, and no object under its key either.</summary>
    UploadNotFound,

    /// <summary>A part is missing at the store or has another ETag or size than the ledger says.</summary>
    InvalidPart,

    /// <summary>The store has no room left.</summary>
    Full,

    /// <summary>The source of a copy is another object than the caller has seen.</summary>
    PreconditionFailed,

    /// <summary>The store refuses the request: credentials, policy, or a bug of ours.</summary>
    Refused,
}

/// <summary>The one exception of every provider.</summary>
public sealed class ObjectStoreException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ObjectStoreException(ObjectStoreError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>What a caller may conclude.</summary>
    public ObjectStoreError Error { get; }
}
