using GrainVault.Api.Http;
using GrainVault.Files;
using Microsoft.AspNetCore.Mvc;

namespace GrainVault.Api.Files;

/// <summary>The query of <c>GET /v1/files</c>.</summary>
/// <param name="View">owned, shared, shortcuts, trash, recent or public.</param>
/// <param name="ParentId">Folder; the root when left out.</param>
/// <param name="Q">Part of the name, through all folders, or in that of parentId alone.</param>
/// <param name="Match">substring or prefix.</param>
/// <param name="Sort">name, size or time.</param>
/// <param name="Order">asc or desc.</param>
/// <param name="Kind">file, folder or shortcut.</param>
/// <param name="Type">Beginning of the media type.</param>
/// <param name="MinSize">Smallest size in bytes.</param>
/// <param name="MaxSize">Largest size in bytes.</param>
/// <param name="ModifiedFrom">First time of the last change, RFC 3339.</param>
/// <param name="ModifiedBefore">Time before which the last change was, RFC 3339.</param>
/// <param name="Cursor">From the page before.</param>
/// <param name="Limit">Entries in a page.</param>
internal sealed record ListParameters(
    [FromQuery(Name = "view")] string? View,
    [FromQuery(Name = "parentId")] string? ParentId,
    [FromQuery(Name = "q")] string? Q,
    [FromQuery(Name = "match")] string? Match,
    [FromQuery(Name = "sort")] string? Sort,
    [FromQuery(Name = "order")] string? Order,
    [FromQuery(Name = "kind")] string? Kind,
    [FromQuery(Name = "type")] string? Type,
    [FromQuery(Name = "minSize")] long? MinSize,
    [FromQuery(Name = "maxSize")] long? MaxSize,
    [FromQuery(Name = "modifiedFrom")] string? ModifiedFrom,
    [FromQuery(Name = "modifiedBefore")] string? ModifiedBefore,
    [FromQuery(Name = "cursor")] string? Cursor,
    [FromQuery(Name = "limit")] int? Limit)
{
    /// <summary>What is asked of the grain.</summary>
    /// <exception cref="ProblemException">A value is wrong.</exception>
    public EntryQuery ToQuery()
    {
        var isPrefix = Choose("match", Match, ("substring", false), ("prefix", true));
        var filter = new EntryFilter(
            isPrefix ?? false,
            Choose("kind", Kind, ("file", EntryKind.File), ("folder", EntryKind.Folder), ("shortcut", EntryKind.Shortcut)),
            string.IsNullOrEmpty(Type) ? null : Type,
            MinSize,
            MaxSize,
            QueryTime.Parse("modifiedFrom", ModifiedFrom),
            QueryTime.Parse("modifiedBefore", ModifiedBefore));
        return new EntryQuery(
            Choose("view", View, ("owned", EntryView.Owned), ("trash", EntryView.Trash), ("recent", EntryView.Recent), ("shared", EntryView.Shared), ("shortcuts", EntryView.Shortcuts), ("public", EntryView.Public)) ?? EntryView.Owned,
            ParentId,
            string.IsNullOrEmpty(Q) ? null : Q,
            Cursor,
            Checks.Limit(Limit),
            Choose("sort", Sort, ("name", EntrySort.Name), ("size", EntrySort.Size), ("time", EntrySort.Time)),
            Choose("order", Order, ("asc", false), ("desc", true)),
            filter);
    }

    private static T? Choose<T>(string name, string? value, params (string Name, T Value)[] choices)
        where T : struct
    {
        if (value is null)
            return null;
        foreach (var choice in choices)
        {
            if (choice.Name == value)
                return choice.Value;
        }

        throw new ProblemException(Problem.Invalid($"{name} must be {string.Join(", ", choices[..^1].Select(choice => choice.Name))} or {choices[^1].Name}."));
    }
}
