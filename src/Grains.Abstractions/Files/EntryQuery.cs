using Orleans;

namespace GrainVault.Files;

/// <summary>Which entries to list.</summary>
[GenerateSerializer, Alias("gv.EntryView")]
public enum EntryView
{
    /// <summary>Live entries of the caller; within one folder, which may be a shared one, unless a search text is given.</summary>
    Owned = 1,

    /// <summary>The caller's trash.</summary>
    Trash = 2,

    /// <summary>The caller's live files, newest change first.</summary>
    Recent = 3,

    /// <summary>The caller's public entries.</summary>
    Public = 4,

    /// <summary>What others share with the caller, newest first; what is below shared folders is listed by folder.</summary>
    Shared = 5,

    /// <summary>The caller's shortcuts, newest first.</summary>
    Shortcuts = 6,
}

/// <summary>By what a list is sorted; what is equal is sorted by id.</summary>
[GenerateSerializer, Alias("gv.EntrySort")]
public enum EntrySort
{
    /// <summary>By name, in the form in which names are compared.</summary>
    Name = 1,

    /// <summary>By size.</summary>
    Size = 2,

    /// <summary>By the time of the last change of the content; in the trash, by the time at which the entry came there.</summary>
    Time = 3,
}

/// <summary>What an entry of a list must be besides; null demands nothing.</summary>
/// <param name="IsPrefix">The name begins with the search text; otherwise the text may stand anywhere in it.</param>
/// <param name="Kind">Kind of the entry.</param>
/// <param name="ContentType">Beginning of the media type, for example <c>image/</c>.</param>
/// <param name="SizeBytesMin">Smallest size of a file, in bytes.</param>
/// <param name="SizeBytesMax">Largest size of a file, in bytes.</param>
/// <param name="ModifiedFrom">First time of the last change.</param>
/// <param name="ModifiedBefore">Time before which the last change was.</param>
[GenerateSerializer, Immutable, Alias("gv.EntryFilter")]
public sealed record EntryFilter(
    [property: Id(0)] bool IsPrefix,
    [property: Id(1)] EntryKind? Kind,
    [property: Id(2)] string? ContentType,
    [property: Id(3)] long? SizeBytesMin,
    [property: Id(4)] long? SizeBytesMax,
    [property: Id(5)] DateTimeOffset? ModifiedFrom,
    [property: Id(6)] DateTimeOffset? ModifiedBefore);

/// <summary>A listing.</summary>
/// <param name="View">Which entries.</param>
/// <param name="ParentId">Folder; null for the root.</param>
/// <param name="Search">Part of the name, case-insensitive, through all folders, or in the folder alone where one is named; null for none.</param>
/// <param name="Cursor">From the page before; null for the first page.</param>
/// <param name="Limit">Entries in a page, 1 to 1,000.</param>
/// <param name="Sort">Order; null for the usual one: a folder by name, everything else by time.</param>
/// <param name="IsDescending">Largest or newest first; null for the usual way: time descending, all else ascending.</param>
/// <param name="Filter">What entries must be besides; null for nothing.</param>
[GenerateSerializer, Immutable, Alias("gv.EntryQuery")]
public sealed record EntryQuery(
    [property: Id(0)] EntryView View,
    [property: Id(1)] string? ParentId,
    [property: Id(2)] string? Search,
    [property: Id(3)] string? Cursor,
    [property: Id(4)] int Limit,
    [property: Id(5)] EntrySort? Sort = null,
    [property: Id(6)] bool? IsDescending = null,
    [property: Id(7)] EntryFilter? Filter = null);

/// <summary>A page of entries.</summary>
[GenerateSerializer, Immutable, Alias("gv.EntryPageResult")]
public sealed record EntryPageResult(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] List<Entry> Entries,
    [property: Id(2)] string? NextCursor);
