using GrainVault.Api.Files;
using GrainVault.Changes;
using GrainVault.Uploads;

namespace GrainVault.Api.Changes;

/// <summary>What a change says of its entry.</summary>
internal enum ChangeType
{
    /// <summary>The entry is there, as it is told; it may be new.</summary>
    Changed,

    /// <summary>It is gone for this user, with everything below it.</summary>
    Removed,
}

/// <summary>One change.</summary>
/// <param name="Type">What it says.</param>
/// <param name="Id">The entry.</param>
/// <param name="Entry">The entry as it is now; absent when it is gone.</param>
/// <param name="Role">viewer, editor or owner: what the user may do with it; absent when it is gone.</param>
/// <param name="Relist">True for a folder below which more has changed than changes tell: list it again.</param>
/// <param name="At">When it was made; absent in the whole state.</param>
internal sealed record ChangeAnswer(ChangeType Type, string Id, FileAnswer? Entry, FeedRole? Role, bool? Relist, DateTimeOffset? At)
{
    /// <summary>The wire form of a change.</summary>
    public static ChangeAnswer From(Change change) => new(
        change.Entry is null ? ChangeType.Removed : ChangeType.Changed,
        change.EntryId,
        change.Entry is { } entry ? FileAnswer.From(entry) : null,
        change.Role,
        change.IsRelist ? true : null,
        change.At);
}

/// <summary>A page of the feed.</summary>
/// <param name="Changes">Changes, to be applied in this order.</param>
/// <param name="Cursor">Where the next page begins.</param>
/// <param name="HasMore">The next page can be read at once.</param>
internal sealed record ChangePageAnswer(IReadOnlyList<ChangeAnswer> Changes, string Cursor, bool HasMore)
{
    /// <summary>The wire form of a page.</summary>
    public static ChangePageAnswer From(ChangePageResult page) => new(page.Changes.ConvertAll(ChangeAnswer.From), page.Cursor!, page.HasMore);
}

/// <summary>How far an upload of the caller has come.</summary>
/// <param name="UploadId">The session.</param>
/// <param name="State">Its state.</param>
/// <param name="FileId">The file that it is for.</param>
/// <param name="Size">Size of the file in bytes; absent while unknown.</param>
/// <param name="PartCount">Parts of the file; absent while unknown.</param>
/// <param name="ReceivedParts">Parts that are acknowledged.</param>
/// <param name="ReceivedBytes">Their bytes.</param>
internal sealed record ProgressAnswer(string UploadId, UploadState State, string FileId, long? Size, int? PartCount, int ReceivedParts, long ReceivedBytes)
{
    /// <summary>The wire form of progress.</summary>
    public static ProgressAnswer From(UploadProgress progress) => new(
        progress.UploadId, progress.State, progress.FileId, progress.SizeBytes, progress.PartCount, progress.ReceivedParts, progress.ReceivedBytes);
}
