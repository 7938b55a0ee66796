using GrainVault.Files;
using Orleans;

namespace GrainVault.Uploads;

/// <summary>Where an upload session stands.</summary>
[GenerateSerializer, Alias("gv.UploadState")]
public enum UploadState
{
    /// <summary>Parts may come.</summary>
    Open = 1,

    /// <summary>All parts are there; the object is being made. A crash here is finished by the janitor.</summary>
    Completing = 2,

    /// <summary>The object exists but name, folder, version or right was lost meanwhile: complete again with a new name or folder.</summary>
    Assembled = 3,

    /// <summary>The file exists.</summary>
    Completed = 4,

    /// <summary>Ended without a file, by the user or because the content did not match its checksum.</summary>
    Aborted = 5,

    /// <summary>Ended without a file because its time ran out.</summary>
    Expired = 6,
}

/// <summary>How bytes travel.</summary>
[GenerateSerializer, Alias("gv.UploadMode")]
public enum UploadMode
{
    /// <summary>Through the front end.</summary>
    Proxied = 1,

    /// <summary>Straight to the store by presigned URLs.</summary>
    Direct = 2,
}

/// <summary>A new session. The grain's key is the natural key: a repeat returns the session as it is.</summary>
/// <param name="Name">Name of the file to be; null with <paramref name="FileId"/>.</param>
/// <param name="SizeBytes">Size of the whole, 0 or more; null when unknown (one-request uploads without a length).</param>
/// <param name="ContentType">Media type; null for application/octet-stream.</param>
/// <param name="ParentId">Folder; null for the root.</param>
/// <param name="Mode">How bytes travel.</param>
/// <param name="PartSizeBytes">Wanted part size; null for the default.</param>
/// <param name="FileId">Existing file that gets a new version; null for a new file.</param>
/// <param name="ExpectedVersion">Current version that the uploader expects; null for any.</param>
/// <param name="Sha256">SHA-256 of the whole, lower-case hex, verified at completion; null when unknown.</param>
/// <param name="OnConflict">What happens when the name is taken.</param>
/// <param name="ExpectedTags">Tags of which the file must have one; null for any. What the file has then is the expected version.</param>
[GenerateSerializer, Immutable, Alias("gv.CreateUploadCommand")]
public sealed record CreateUploadCommand(
    [property: Id(0)] string? Name,
    [property: Id(1)] long? SizeBytes,
    [property: Id(2)] string? ContentType,
    [property: Id(3)] string? ParentId,
    [property: Id(4)] UploadMode Mode,
    [property: Id(5)] long? PartSizeBytes,
    [property: Id(6)] string? FileId,
    [property: Id(7)] int? ExpectedVersion,
    [property: Id(8)] string? Sha256,
    [property: Id(9)] OnConflict OnConflict,
    [property: Id(10)] string[]? ExpectedTags = null);

/// <summary>A part in the ledger: acknowledged and durable.</summary>
/// <param name="Number">From 1.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="ETag">The store's ETag without quotes.</param>
[GenerateSerializer, Immutable, Alias("gv.PartInfo")]
public sealed record PartInfo([property: Id(0)] int Number, [property: Id(1)] long SizeBytes, [property: Id(2)] string ETag);

/// <summary>A session.</summary>
/// <param name="Id"><c>up-&lt;uuid&gt;</c>.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Mode">How bytes travel.</param>
/// <param name="Name">Name of the file to be.</param>
/// <param name="SizeBytes">Size of the whole; null while unknown.</param>
/// <param name="PartSizeBytes">Size of every part but the last.</param>
/// <param name="PartCount">Number of parts; 0 for an empty file; null while the size is unknown.</param>
/// <param name="ReceivedBytes">Sum of the acknowledged parts.</param>
/// <param name="Parts">A page of acknowledged parts, ascending.</param>
/// <param name="NextPart">Number to continue the page after; null at the end.</param>
/// <param name="ExpiresAt">When an open session ends by itself.</param>
/// <param name="File">The file, once completed.</param>
/// <param name="OwnerId">Whose quota it takes, and whose file it becomes.</param>
/// <param name="UploaderId">Who uploads, where that is not the owner; null for the owner.</param>
/// <param name="Challenge">What proves that the content, which the owner has already, need not be sent; null where it must be, and but for the answer to the creation.</param>
[GenerateSerializer, Immutable, Alias("gv.UploadInfo")]
public sealed record UploadInfo(
    [property: Id(0)] string Id,
    [property: Id(1)] UploadState State,
    [property: Id(2)] UploadMode Mode,
    [property: Id(3)] string Name,
    [property: Id(4)] long? SizeBytes,
    [property: Id(5)] long PartSizeBytes,
    [property: Id(6)] int? PartCount,
    [property: Id(7)] long ReceivedBytes,
    [property: Id(8)] List<PartInfo> Parts,
    [property: Id(9)] int? NextPart,
    [property: Id(10)] DateTimeOffset ExpiresAt,
    [property: Id(11)] Entry? File,
    [property: Id(12)] string OwnerId = "",
    [property: Id(13)] string? UploaderId = null,
    [property: Id(14)] PossessionChallenge? Challenge = null);

/// <summary>Outcome that carries a session.</summary>
[GenerateSerializer, Immutable, Alias("gv.UploadResult")]
public sealed record UploadResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] UploadInfo? Upload);

/// <summary>A page of sessions, without their parts.</summary>
[GenerateSerializer, Immutable, Alias("gv.UploadPageResult")]
public sealed record UploadPageResult(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] List<UploadInfo> Uploads,
    [property: Id(2)] string? NextCursor);

/// <summary>What a part has to be, known before its body is read.</summary>
/// <param name="Refusal">Why the part is not wanted; null when it is.</param>
/// <param name="SizeBytes">Exact size of the part; null in a session of unknown size, where it is at most <paramref name="SizeBytesMax"/>.</param>
/// <param name="SizeBytesMax">Most bytes that the part may have.</param>
[GenerateSerializer, Immutable, Alias("gv.PartPlan")]
public sealed record PartPlan(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] long? SizeBytes,
    [property: Id(2)] long SizeBytesMax);

/// <summary>A URL that takes one part with PUT; it is a secret of the client's.</summary>
/// <param name="Number">Number of the part.</param>
/// <param name="Url">URL; without scheme and host when the front end itself serves it.</param>
/// <param name="ExpiresAt">Until when it works.</param>
[GenerateSerializer, Immutable, Alias("gv.PresignedPart")]
public sealed record PresignedPart([property: Id(0)] int Number, [property: Id(1)] string Url, [property: Id(2)] DateTimeOffset ExpiresAt);

/// <summary>Outcome that carries URLs, in the order of the numbers that were asked for.</summary>
[GenerateSerializer, Immutable, Alias("gv.PresignResult")]
public sealed record PresignResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] List<PresignedPart> Parts);

/// <summary>Outcome of a part.</summary>
[GenerateSerializer, Immutable, Alias("gv.PartResult")]
public sealed record PartResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] PartInfo? Part);

/// <summary>Ends a session with a file.</summary>
/// <param name="Parts">What the client believes it sent; null to trust the ledger. A difference is refused with InvalidPart.</param>
/// <param name="SizeBytes">Size of the whole for a session of unknown size; null otherwise.</param>
/// <param name="VerifiedSha256">SHA-256 of the whole, computed by the front end while it streamed all parts in order; null otherwise.</param>
/// <param name="Name">Another name than at creation; null to keep it.</param>
/// <param name="ParentId">Another folder than at creation; null to keep it.</param>
/// <param name="OnConflict">Another rule than at creation; null to keep it.</param>
/// <param name="ToRoot">No folder, whatever there was at creation: the root of who uploads. Without <paramref name="ParentId"/>.</param>
[GenerateSerializer, Immutable, Alias("gv.CompleteUploadCommand")]
public sealed record CompleteUploadCommand(
    [property: Id(0)] List<PartTag>? Parts,
    [property: Id(1)] long? SizeBytes,
    [property: Id(2)] string? VerifiedSha256,
    [property: Id(3)] string? Name,
    [property: Id(4)] string? ParentId,
    [property: Id(5)] OnConflict? OnConflict,
    [property: Id(6)] bool ToRoot = false)
{
    /// <summary>True when the file comes to another folder than at creation, or to the root.</summary>
    public bool IsMove => ParentId is not null || ToRoot;
}

/// <summary>A part as the client knows it.</summary>
[GenerateSerializer, Immutable, Alias("gv.PartTag")]
public sealed record PartTag([property: Id(0)] int Number, [property: Id(1)] string ETag);
