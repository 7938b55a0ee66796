using System.Text.Json.Serialization;
using GrainVault.Api.Http;
using GrainVault.Files;

namespace GrainVault.Api.Files;

/// <summary>An entry: a file, a folder or a shortcut.</summary>
/// <param name="Id"><c>f-</c> and a UUID.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="ParentId">Its folder; null at the root.</param>
/// <param name="OwnerId">Its owner.</param>
/// <param name="Size">Size of the current version in bytes.</param>
/// <param name="ContentType">Media type.</param>
/// <param name="Sha256">SHA-256 of the content in lower-case hexadecimal; absent until known.</param>
/// <param name="Version">Number of the current version, from 1.</param>
/// <param name="Visibility">Who may read it without a share.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="ModifiedAt">When its content changed last.</param>
/// <param name="DeletedAt">When it went to the trash; absent while it is live.</param>
/// <param name="TargetId">With a shortcut: what it points to.</param>
/// <param name="TargetState">With a shortcut: <c>live</c>, or <c>gone</c> when the target is not there or no longer shared.</param>
/// <param name="Role">What the reader may do with what is shared with him; absent for the owner, and for what is only public.</param>
internal sealed record FileAnswer(
    string Id,
    EntryKind Kind,
    string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? ParentId,
    string OwnerId,
    long Size,
    string ContentType,
    string? Sha256,
    int Version,
    Visibility Visibility,
    DateTimeOffset CreatedAt,
    DateTimeOffset ModifiedAt,
    DateTimeOffset? DeletedAt,
    string? TargetId,
    TargetState? TargetState,
    ShareRole? Role)
{
    /// <summary>The wire form of an entry.</summary>
    public static FileAnswer From(Entry entry) => new(
        entry.Id,
        entry.Kind,
        entry.Name,
        entry.ParentId,
        entry.OwnerId,
        entry.SizeBytes,
        entry.ContentType,
        entry.Sha256,
        entry.Version,
        entry.Visibility,
        entry.CreatedAt,
        entry.ModifiedAt,
        entry.DeletedAt,
        entry.TargetId,
        entry.TargetState,
        entry.Role);
}

/// <summary>A page of entries.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last.</param>
internal sealed record EntryPageAnswer(IReadOnlyList<FileAnswer> Entries, string? NextCursor);

/// <summary>Body that makes a folder.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ParentId">Folder that it is to stand in; the root when left out.</param>
internal sealed record CreateFolderRequest(string Name, string? ParentId = null);

/// <summary>Body that copies a file; may be left out.</summary>
/// <param name="Name">Name of the copy; that of the file when left out.</param>
/// <param name="ParentId">Folder of the copy, null for the root; when left out, beside a file of the caller's own, and at the root else.</param>
/// <param name="OnConflict">What happens when the name is taken; <c>fail</c> when left out.</param>
internal sealed record CopyFileRequest(string? Name = null, GivenText ParentId = default, OnConflict? OnConflict = null);

/// <summary>Body that makes a shortcut.</summary>
/// <param name="FileId">File or folder that it is to point to.</param>
/// <param name="ParentId">Folder that it is to stand in; the root when left out.</param>
/// <param name="Name">Its name; that of the target when left out, with a number where it is taken.</param>
internal sealed record CreateShortcutRequest(string FileId, string? ParentId = null, string? Name = null);

/// <summary>Body that changes an entry; what is left out stays as it is.</summary>
/// <param name="Name">New name.</param>
/// <param name="ParentId">New folder; null for the root.</param>
/// <param name="Visibility">Who may read it without a share.</param>
internal sealed record ChangeEntryRequest(string? Name = null, GivenText ParentId = default, Visibility? Visibility = null);
