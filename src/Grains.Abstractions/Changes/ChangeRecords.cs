using GrainVault.Files;
using Orleans;

namespace GrainVault.Changes;

/// <summary>What the reader of a feed may do with an entry.</summary>
[GenerateSerializer, Alias("gv.FeedRole")]
public enum FeedRole
{
    /// <summary>Read.</summary>
    Viewer = 2,

    /// <summary>Rename and restore versions, too.</summary>
    Editor = 3,

    /// <summary>Everything.</summary>
    Owner = 4,
}

/// <summary>One change: the entry as it is now, or that it is gone for this user.</summary>
/// <param name="EntryId">The entry.</param>
/// <param name="Entry">The entry as it was when the feed was read; null when it is gone for the user, with everything below it.</param>
/// <param name="Role">What the user may do with it; null when it is gone.</param>
/// <param name="IsRelist">What is below this folder may differ from what changes told: the user lists it anew.</param>
/// <param name="At">When the change was made; null for what is told as part of the whole state.</param>
[GenerateSerializer, Immutable, Alias("gv.Change")]
public sealed record Change(
    [property: Id(0)] string EntryId,
    [property: Id(1)] Entry? Entry,
    [property: Id(2)] FeedRole? Role,
    [property: Id(3)] bool IsRelist,
    [property: Id(4)] DateTimeOffset? At);

/// <summary>A page of a feed.</summary>
/// <param name="Refusal">Null for success.</param>
/// <param name="Changes">Changes in the order in which they are to be applied.</param>
/// <param name="Cursor">Where the next page begins; null when refused.</param>
/// <param name="HasMore">The next page can be read at once.</param>
[GenerateSerializer, Immutable, Alias("gv.ChangePageResult")]
public sealed record ChangePageResult(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] List<Change> Changes,
    [property: Id(2)] string? Cursor,
    [property: Id(3)] bool HasMore);

/// <summary>Cursors that everybody knows.</summary>
public static class ChangeFeedCursors
{
    /// <summary>Stands for the moment at which it is read.</summary>
    public const string Now = "now";
}
