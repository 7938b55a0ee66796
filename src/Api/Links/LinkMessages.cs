using GrainVault.Files;
using GrainVault.Links;

namespace GrainVault.Api.Links;

/// <summary>Body that makes a link; without anything, whoever has the URL reads the entry until the link is revoked.</summary>
/// <param name="Password">1 to 256 characters, asked of visitors.</param>
/// <param name="ExpiresAt">When the link ends.</param>
/// <param name="MaxDownloads">Downloads that it allows, 1 or more.</param>
/// <param name="Role">view, or upload for a folder that takes files of strangers; view when left out.</param>
internal sealed record CreateLinkRequest(string? Password = null, DateTimeOffset? ExpiresAt = null, long? MaxDownloads = null, LinkRole? Role = null);

/// <summary>A link to a file or a folder.</summary>
/// <param name="Id"><c>ln-</c> and a UUID.</param>
/// <param name="Url">The URL, told once, when the link is made: nobody can find it again, since only a hash of its token is kept.</param>
/// <param name="Role">What it is for.</param>
/// <param name="HasPassword">A password is asked for.</param>
/// <param name="ExpiresAt">When it ends; absent for never.</param>
/// <param name="MaxDownloads">Downloads that it allows; absent for any number.</param>
/// <param name="Downloads">Downloads that were begun.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record LinkAnswer(
    string Id, string? Url, LinkRole Role, bool HasPassword, DateTimeOffset? ExpiresAt, long? MaxDownloads, long Downloads, DateTimeOffset CreatedAt)
{
    /// <summary>The wire form of a link.</summary>
    public static LinkAnswer From(Link link, string? url = null) =>
        new(link.Id, url, link.Role, link.HasPassword, link.ExpiresAt, link.DownloadCountMax, link.DownloadCount, link.CreatedAt);
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

/// <summary>A page of a folder below a link.</summary>
/// <param name="Entries">By name.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last.</param>
internal sealed record LinkedPageAnswer(IReadOnlyList<LinkedEntryAnswer> Entries, string? NextCursor);
