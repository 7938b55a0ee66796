using Orleans;

namespace GrainVault.Files;

/// <summary>What an entry is.</summary>
[GenerateSerializer, Alias("gv.EntryKind")]
public enum EntryKind
{
    /// <summary>A file with content and versions.</summary>
    File = 1,

    /// <summary>A folder.</summary>
    Folder = 2,

    /// <summary>A pointer to another entry, also of somebody else; it gives no right to it.</summary>
    Shortcut = 3,
}

/// <summary>Who may read an entry besides those it is shared with.</summary>
[GenerateSerializer, Alias("gv.Visibility")]
public enum Visibility
{
    /// <summary>Nobody.</summary>
    Private = 1,

    /// <summary>Everybody, without a token.</summary>
    Public = 2,
}

/// <summary>What became of the target of a shortcut, for who looks at it.</summary>
[GenerateSerializer, Alias("gv.TargetState")]
public enum TargetState
{
    /// <summary>It is there, and the reader may read it.</summary>
    Live = 1,

    /// <summary>It is not there, is in the trash, or is no longer shared: which of these is not told.</summary>
    Gone = 2,
}

/// <summary>What happens when the folder already has a live entry of that name.</summary>
[GenerateSerializer, Alias("gv.OnConflict")]
public enum OnConflict
{
    /// <summary>The command is refused with NameTaken.</summary>
    Fail = 1,

    /// <summary>The new entry gets a free name: "name (1).ext".</summary>
    Rename = 2,
}

/// <summary>Metadata of an entry.</summary>
/// <param name="Id"><c>f-&lt;uuid&gt;</c>.</param>
/// <param name="Kind">File, folder or shortcut.</param>
/// <param name="Name">1 to 255 UTF-8 bytes in its original spelling.</param>
/// <param name="ParentId">Folder; null at the root.</param>
/// <param name="OwnerId">User.</param>
/// <param name="SizeBytes">Size of the current version; 0 for folders.</param>
/// <param name="ContentType">Media type that the uploader gave.</param>
/// <param name="Sha256">SHA-256 of the content, lower-case hex; null until known.</param>
/// <param name="Version">Number of the current version, from 1; 0 for folders.</param>
/// <param name="Visibility">Private or public.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="ModifiedAt">UTC; when the content changed last, which renaming and moving don't.</param>
/// <param name="DeletedAt">When it went to the trash; null while live.</param>
/// <param name="TargetId">What a shortcut points to; null for anything else.</param>
/// <param name="TargetState">Whether the reader can read that; null where nobody asked, and for anything else.</param>
/// <param name="Role">What the reader may do with what somebody shares with him; null for the owner, for what is only public, and where nobody asked.</param>
[GenerateSerializer, Immutable, Alias("gv.Entry")]
public sealed record Entry(
    [property: Id(0)] string Id,
    [property: Id(1)] EntryKind Kind,
    [property: Id(2)] string Name,
    [property: Id(3)] string? ParentId,
    [property: Id(4)] string OwnerId,
    [property: Id(5)] long SizeBytes,
    [property: Id(6)] string ContentType,
    [property: Id(7)] string? Sha256,
    [property: Id(8)] int Version,
    [property: Id(9)] Visibility Visibility,
    [property: Id(10)] DateTimeOffset CreatedAt,
    [property: Id(11)] DateTimeOffset ModifiedAt,
    [property: Id(12)] DateTimeOffset? DeletedAt,
    [property: Id(13)] string? TargetId = null,
    [property: Id(14)] TargetState? TargetState = null,
    [property: Id(15)] ShareRole? Role = null);

/// <summary>Outcome that carries an entry.</summary>
/// <param name="Refusal">Null for success.</param>
/// <param name="Entry">The entry; null when refused.</param>
/// <param name="RowVersion">Raised by every change of the entry; 0 where it is not told.</param>
[GenerateSerializer, Immutable, Alias("gv.EntryResult")]
public sealed record EntryResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] Entry? Entry, [property: Id(2)] long RowVersion = 0);

/// <summary>A new folder. The grain's key is the natural key: a repeat returns the folder as it is.</summary>
/// <param name="Name">Name of the folder.</param>
/// <param name="ParentId">Folder that it is to stand in; null for the root.</param>
[GenerateSerializer, Immutable, Alias("gv.CreateFolderCommand")]
public sealed record CreateFolderCommand([property: Id(0)] string Name, [property: Id(1)] string? ParentId);

/// <summary>A copy of a file. The grain's key is the natural key: a repeat returns the copy as it is.</summary>
/// <param name="SourceId">File whose current content the copy has.</param>
/// <param name="Name">Name of the copy; null for that of the source.</param>
/// <param name="IsPlaced">True when <paramref name="ParentId"/> counts; otherwise the copy comes to stand beside a source of the caller's, and at the caller's root else.</param>
/// <param name="ParentId">Folder of the copy, which belongs to that folder's owner; null for the caller's root.</param>
/// <param name="OnConflict">What happens when the name is taken.</param>
[GenerateSerializer, Immutable, Alias("gv.CopyFileCommand")]
public sealed record CopyFileCommand(
    [property: Id(0)] string SourceId,
    [property: Id(1)] string? Name,
    [property: Id(2)] bool IsPlaced,
    [property: Id(3)] string? ParentId,
    [property: Id(4)] OnConflict OnConflict);

/// <summary>A new shortcut. The grain's key is the natural key: a repeat returns the shortcut as it is.</summary>
/// <param name="TargetId">What it is to point to; where that is a shortcut, what that one points to.</param>
/// <param name="ParentId">Folder that it is to stand in; null for the root.</param>
/// <param name="Name">Its name; null for that of the target, with a number where it is taken.</param>
[GenerateSerializer, Immutable, Alias("gv.CreateShortcutCommand")]
public sealed record CreateShortcutCommand([property: Id(0)] string TargetId, [property: Id(1)] string? ParentId, [property: Id(2)] string? Name);

/// <summary>Renames, moves, shows or hides an entry, all or nothing.</summary>
/// <param name="Name">New name; null keeps it.</param>
/// <param name="IsMove">True when <paramref name="ParentId"/> counts.</param>
/// <param name="ParentId">New folder; null for the root.</param>
/// <param name="Visibility">New visibility; null keeps it.</param>
/// <param name="ExpectedRowVersions">Row versions of which the entry must have one; null for any.</param>
/// <param name="ExpectedTags">Tags of which the entry must have one, see <see cref="EntryTag"/>; null for any.</param>
[GenerateSerializer, Immutable, Alias("gv.ChangeEntryCommand")]
public sealed record ChangeEntryCommand(
    [property: Id(0)] string? Name,
    [property: Id(1)] bool IsMove,
    [property: Id(2)] string? ParentId,
    [property: Id(3)] Visibility? Visibility,
    [property: Id(4)] long[]? ExpectedRowVersions,
    [property: Id(5)] string[]? ExpectedTags = null);

/// <summary>Where the bytes of a version are.</summary>
/// <param name="ObjectKey">Key in the object store.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="ETag">Strong entity tag without quotes (RFC 9110, section 8.8.3): changes exactly when the bytes may differ.</param>
/// <param name="Entry">Metadata at the same moment; of the wanted version.</param>
[GenerateSerializer, Immutable, Alias("gv.ContentDescriptor")]
public sealed record ContentDescriptor(
    [property: Id(0)] string ObjectKey,
    [property: Id(1)] long SizeBytes,
    [property: Id(2)] string ETag,
    [property: Id(3)] Entry Entry);

/// <summary>Outcome of asking for content.</summary>
[GenerateSerializer, Immutable, Alias("gv.ContentResult")]
public sealed record ContentResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] ContentDescriptor? Content);
