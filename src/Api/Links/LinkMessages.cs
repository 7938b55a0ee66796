using GrainVault.Api.Uploads;
using GrainVault.Files;
using GrainVault.Links;
using GrainVault.Uploads;

namespace GrainVault.Api.Links;

/// <summary>Body that makes a link; without anything, whoever has the URL reads the entry until the link is revoked.</summary>
/// <param name="Password">1 to 256 characters, asked of visitors.</param>
/// <param name="ExpiresAt">When the link ends.</param>
/// <param name="MaxDownloads">Downloads that it allows, 1 or more.</param>
/// <param name="Role">view, or upload for a folder that takes files of strangers; view when left out.</param>
/// <param name="MaxFiles">With upload: files that may come by it, 1 or more; as many as links may take when left out.</param>
/// <param name="MaxBytes">With upload: bytes that may come by it, 1 or more; any number when left out.</param>
internal sealed record CreateLinkRequest(
    string? Password = null, DateTimeOffset? ExpiresAt = null, long? MaxDownloads = null, LinkRole? Role = null, long? MaxFiles = null, long? MaxBytes = null);

/// <summary>A link to a file or a folder.</summary>
/// <param name="Id"><c>ln-</c> and a UUID.</param>
/// <param name="Url">The URL, told once, when the link is made: nobody can find it again, since only a hash of its token is kept.</param>
/// <param name="Role">What it is for.</param>
/// <param name="HasPassword">A password is asked for.</param>
/// <param name="ExpiresAt">When it ends; absent for never.</param>
/// <param name="MaxDownloads">Downloads that it allows; absent for any number.</param>
/// <param name="Downloads">Downloads that were begun.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="MaxFiles">Files that may come by it; absent where it takes none.</param>
/// <param name="Files">Files that have come by it; absent where it takes none.</param>
/// <param name="MaxBytes">Bytes that may come by it; absent for any number, and where it takes none.</param>
/// <param name="Bytes">Bytes that have come by it; absent where it takes none.</param>
internal sealed record LinkAnswer(
    string Id, string? Url, LinkRole Role, bool HasPassword, DateTimeOffset? ExpiresAt, long? MaxDownloads, long Downloads, DateTimeOffset CreatedAt,
    long? MaxFiles, long? Files, long? MaxBytes, long? Bytes)
{
    /// <summary>The wire form of a link.</summary>
    public static LinkAnswer From(Link link, string? url = null) =>
        new(link.Id, url, link.Role, link.HasPassword, link.ExpiresAt, link.DownloadCountMax, link.DownloadCount, link.CreatedAt,
            link.FileCountMax, link.Role == LinkRole.Upload ? link.FileCount : null, link.SizeBytesMax, link.Role == LinkRole.Upload ? link.SizeBytes : null);
}

/// <summary>The links to an entry.</summary>
/// <param name="Links">Oldest first, without their URLs.</param>
internal sealed record LinksAnswer(IReadOnlyList<LinkAnswer> Links);

/// <summary>A file or folder below a link, as visitors see it.</summary>
/// <param name="Id"><c>f-</c> and a UUID.</param>
/// <param name="Kind">file or folder.</param>
/// <param name="Name">Its name.</param>
/// <param name="Size">Size in bytes; 0 for a folder.</param>
/// <param name="ContentType">Media type; empty for a folder.</param>
/// <param name="ModifiedAt">When its content changed last.</param>
internal sealed record LinkedEntryAnswer(string Id, EntryKind Kind, string Name, long Size, string ContentType, DateTimeOffset ModifiedAt)
{
    /// <summary>What a visitor may know of an entry.</summary>
    public static LinkedEntryAnswer From(Entry entry) => new(entry.Id, entry.Kind, entry.Name, entry.SizeBytes, entry.ContentType, entry.ModifiedAt);
}

/// <summary>Body that opens an upload session by a link.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="ContentType">Media type.</param>
/// <param name="PartSize">Part size in bytes; chosen when left out.</param>
/// <param name="Sha256">SHA-256 of the content in lower-case hexadecimal, verified at completion.</param>
internal sealed record LinkUploadRequest(string Name, long Size, string? ContentType = null, long? PartSize = null, string? Sha256 = null);

/// <summary>An upload session of a visitor.</summary>
/// <param name="Id"><c>up-</c> and a UUID.</param>
/// <param name="Secret">What goes on with the session; told once, when it is opened.</param>
/// <param name="State">What has become of it.</param>
/// <param name="Size">Size of the file in bytes.</param>
/// <param name="PartSize">Size of every part but the last, in bytes.</param>
/// <param name="PartCount">Number of parts.</param>
/// <param name="ReceivedBytes">What is acknowledged.</param>
/// <param name="Parts">A page of the acknowledged parts.</param>
/// <param name="NextPart">Value of <c>afterPart</c> for the next page of parts; absent on the last.</param>
/// <param name="ExpiresAt">When an open session ends by itself.</param>
internal sealed record LinkUploadAnswer(
    string Id, string? Secret, UploadState State, long? Size, long PartSize, int? PartCount, long ReceivedBytes, IReadOnlyList<PartAnswer> Parts, int? NextPart,
    DateTimeOffset ExpiresAt)
{
    /// <summary>What a visitor may know of a session.</summary>
    public static LinkUploadAnswer From(UploadInfo upload, string? secret = null) => new(
        upload.Id, secret, upload.State, upload.SizeBytes, upload.PartSizeBytes, upload.PartCount, upload.ReceivedBytes, upload.Parts.ConvertAll(PartAnswer.From),
        upload.NextPart, upload.ExpiresAt);
}

/// <summary>A file that has arrived. Under which name it stands in the folder is not the visitor's business.</summary>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Sha256">SHA-256 of the content in lower-case hexadecimal; absent until known.</param>
internal sealed record SentFileAnswer(long Size, string? Sha256);

/// <summary>A page of a folder below a link.</summary>
/// <param name="Entries">By name.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last.</param>
internal sealed record LinkedPageAnswer(IReadOnlyList<LinkedEntryAnswer> Entries, string? NextCursor);
