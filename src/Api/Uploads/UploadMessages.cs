using GrainVault.Api.Files;
using GrainVault.Api.Http;
using GrainVault.Files;
using GrainVault.Uploads;

namespace GrainVault.Api.Uploads;

/// <summary>Body that creates an upload session.</summary>
/// <param name="Name">Name of the file to be; may be left out with <paramref name="FileId"/>.</param>
/// <param name="Size">Size of the whole file in bytes.</param>
/// <param name="ContentType">Media type; <c>application/octet-stream</c> when left out.</param>
/// <param name="ParentId">Folder; the root when left out.</param>
/// <param name="Mode">How bytes travel; <c>proxied</c> when left out.</param>
/// <param name="PartSize">Wanted part size in bytes; 8 MiB when left out.</param>
/// <param name="FileId">Existing file that gets a new version.</param>
/// <param name="ExpectedVersion">Version that the file must have.</param>
/// <param name="Sha256">SHA-256 of the whole file in hexadecimal, verified at completion.</param>
/// <param name="OnConflict">What happens when the name is taken; <c>fail</c> when left out.</param>
internal sealed record CreateUploadRequest(
    long Size,
    string? Name = null,
    string? ContentType = null,
    string? ParentId = null,
    UploadMode? Mode = null,
    long? PartSize = null,
    string? FileId = null,
    int? ExpectedVersion = null,
    string? Sha256 = null,
    OnConflict? OnConflict = null);

/// <summary>A part as the client knows it.</summary>
internal sealed record PartTagRequest(int Number, string Etag);

/// <summary>Body that completes an upload; may be left out.</summary>
/// <param name="Parts">What the client sent; the ledger is trusted when left out.</param>
/// <param name="Name">Another name than at creation.</param>
/// <param name="ParentId">Another folder than at creation, null for the root; that of the creation when left out.</param>
/// <param name="OnConflict">Another rule than at creation.</param>
internal sealed record CompleteUploadRequest(
    IReadOnlyList<PartTagRequest>? Parts = null,
    string? Name = null,
    GivenText ParentId = default,
    OnConflict? OnConflict = null);

/// <summary>Body that asks for URLs.</summary>
/// <param name="Parts">1 to 1,000 different part numbers.</param>
internal sealed record PresignRequest(IReadOnlyList<int> Parts);

/// <summary>A URL that takes one part: PUT its bytes, no header of ours, no token.</summary>
/// <param name="Number">Number of the part.</param>
/// <param name="Url">The URL; a secret of the client's, since nothing else is asked of who uses it.</param>
/// <param name="ExpiresAt">Until when it works; ask again for another.</param>
internal sealed record PresignedPartAnswer(int Number, string Url, DateTimeOffset ExpiresAt);

/// <summary>URLs, in the order of the numbers that were asked for.</summary>
internal sealed record PresignAnswer(IReadOnlyList<PresignedPartAnswer> Parts);

/// <summary>An acknowledged part.</summary>
internal sealed record PartAnswer(int Number, long Size, string Etag)
{
    /// <summary>The wire form of a part.</summary>
    public static PartAnswer From(PartInfo part) => new(part.Number, part.SizeBytes, part.ETag);
}

/// <summary>An upload session.</summary>
/// <param name="Id"><c>up-</c> and a UUID.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Mode">How bytes travel.</param>
/// <param name="Name">Name of the file to be.</param>
/// <param name="Size">Size of the whole in bytes; absent while unknown.</param>
/// <param name="PartSize">Size of every part but the last.</param>
/// <param name="PartCount">Number of parts; absent while unknown.</param>
/// <param name="ReceivedBytes">Sum of the acknowledged parts.</param>
/// <param name="Parts">A page of the acknowledged parts, ascending.</param>
/// <param name="NextPart">Value of <c>afterPart</c> for the next page of parts; absent on the last.</param>
/// <param name="ExpiresAt">When an open session ends by itself.</param>
/// <param name="File">The file, once completed.</param>
/// <param name="OwnerId">Whose quota it takes, and whose file it becomes.</param>
/// <param name="UploaderId">Who uploads; absent for the owner.</param>
/// <param name="Possession">What proves that the content, which is here already, need not be sent; absent where it must be, and but for the answer to the creation.</param>
internal sealed record UploadAnswer(
    string Id,
    UploadState State,
    UploadMode Mode,
    string Name,
    long? Size,
    long PartSize,
    int? PartCount,
    long ReceivedBytes,
    IReadOnlyList<PartAnswer> Parts,
    int? NextPart,
    DateTimeOffset ExpiresAt,
    FileAnswer? File,
    string OwnerId,
    string? UploaderId,
    PossessionAnswer? Possession)
{
    /// <summary>The wire form of a session.</summary>
    public static UploadAnswer From(UploadInfo upload) => new(
        upload.Id,
        upload.State,
        upload.Mode,
        upload.Name,
        upload.SizeBytes,
        upload.PartSizeBytes,
        upload.PartCount,
        upload.ReceivedBytes,
        upload.Parts.ConvertAll(PartAnswer.From),
        upload.NextPart,
        upload.ExpiresAt,
        upload.File is { } file ? FileAnswer.From(file) : null,
        upload.OwnerId,
        upload.UploaderId,
        upload.Challenge is { } challenge ? PossessionAnswer.From(challenge) : null);
}

/// <summary>What is to be proven: the SHA-256 of the nonce, as it stands here, and the bytes of these ranges behind it.</summary>
/// <param name="Nonce">32 hexadecimal digits.</param>
/// <param name="Ranges">At most 4 ranges of the content, ascending.</param>
internal sealed record PossessionAnswer(string Nonce, IReadOnlyList<RangeAnswer> Ranges)
{
    /// <summary>The wire form of a challenge.</summary>
    public static PossessionAnswer From(PossessionChallenge challenge) =>
        new(challenge.Nonce, challenge.Ranges.ConvertAll(range => new RangeAnswer(range.Offset, range.LengthBytes)));
}

/// <summary>Bytes of a content.</summary>
/// <param name="Offset">Position of the first, from 0.</param>
/// <param name="Length">Number of bytes.</param>
internal sealed record RangeAnswer(long Offset, long Length);

/// <summary>Body that proves that the caller has the content.</summary>
/// <param name="Proof">The SHA-256 that was asked for, in hexadecimal.</param>
/// <param name="Name">Another name than at creation.</param>
/// <param name="ParentId">Another folder than at creation.</param>
/// <param name="OnConflict">Another rule than at creation.</param>
internal sealed record PossessionRequest(string Proof, string? Name = null, string? ParentId = null, OnConflict? OnConflict = null);

/// <summary>A page of unfinished sessions, newest first, without their parts.</summary>
/// <param name="Uploads">The sessions.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last.</param>
internal sealed record UploadPageAnswer(IReadOnlyList<UploadAnswer> Uploads, string? NextCursor);
