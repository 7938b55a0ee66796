using GrainVault.Accounts;
using GrainVault.Files;
using Orleans;

namespace GrainVault.Bench.Scale;

/// <summary>Something that a user with very many entries waits for.</summary>
/// <param name="Name">What is done.</param>
/// <param name="RunAsync">Does it once.</param>
/// <param name="Small">The same where there is little; null where there is nothing to compare with.</param>
/// <param name="RatioMax">How many times as long as where there is little it may take; null without a goal.</param>
internal sealed record ScaleOperation(string Name, Func<Task> RunAsync, Func<Task>? Small = null, double? RatioMax = null);

/// <summary>What is done to very many entries, by grain calls.</summary>
internal sealed class ScaleOperations(IGrainFactory grains, BenchOptions options)
{
    private const int PageLength = 100;
    private const double ListRatioMax = 1.5;

    private int _trashed;

    /// <summary>The user.</summary>
    public IUserGrain User => grains.GetGrain<IUserGrain>(ScaleData.User);

    /// <summary>All but emptying the trash, which can be done only once.</summary>
    /// <param name="feedCursor">Cursor of the change feed with half of the changes behind it.</param>
    public async Task<IReadOnlyList<ScaleOperation>> ListAsync(string feedCursor)
    {
        var (count, part) = (options.EntryCount, ScaleData.PartCount(options.EntryCount));
        var operations = new List<ScaleOperation>();
        foreach (var sort in Enum.GetValues<EntrySort>())
        {
            operations.Add(new ScaleOperation(
                $"list {PageLength} of {count} by {sort}; against {PageLength} of {ScaleData.SmallCount}",
                () => ListAsync(InFolder(ScaleData.Million, sort)),
                () => ListAsync(InFolder(ScaleData.Thousand, sort)),
                ListRatioMax));
        }

        var middle = await MiddleAsync();
        operations.Add(new ScaleOperation(
            $"list {PageLength} of {count} with many before them; against {PageLength} of {ScaleData.SmallCount}",
            () => ListAsync(middle),
            () => ListAsync(InFolder(ScaleData.Thousand, EntrySort.Name)),
            ListRatioMax));
        operations.Add(new ScaleOperation("list recent", () => ListAsync(new EntryQuery(EntryView.Recent, null, null, null, PageLength))));
        operations.Add(new ScaleOperation($"list a trash of {part}", () => ListAsync(new EntryQuery(EntryView.Trash, null, null, null, PageLength))));
        operations.AddRange(Searches.Select(search => new ScaleOperation(
            $"search {search.What}", () => ListAsync(new EntryQuery(EntryView.Owned, null, search.Text, null, PageLength, Filter: search.Filter)))));
        operations.AddRange((((string, string)[])[("all have", "file"), ("one in 100,000 has", "needle")]).Select(search => new ScaleOperation(
            $"search in the folder of {count} what {search.Item1}", () => ListAsync(InFolder(ScaleData.Million, EntrySort.Name) with { Search = search.Item2 }))));
        operations.Add(new ScaleOperation("find a/b/c/d/e by path", () => FindAsync("a/b/c/d/e")));
        operations.Add(new ScaleOperation(
            $"find one of {count} by path; against one of {ScaleData.SmallCount}",
            () => FindAsync("million/file 9 invoice.txt"),
            () => FindAsync("thousand/file 9 invoice.txt")));
        operations.Add(new ScaleOperation(
            $"move a folder of {part} entries down {ScaleData.DeepCount} levels and back; against an empty one",
            () => MoveAsync(ScaleData.Moved),
            () => MoveAsync(ScaleData.Empty)));
        operations.Add(new ScaleOperation($"{PageLength} changes of {count}", () => ReadChangesAsync(feedCursor)));
        operations.Add(new ScaleOperation("the first page of a feed, of what there is", () => ReadChangesAsync(null)));
        return operations;
    }

    /// <summary>Puts a folder and a file into the trash, others each time, and empties it: for the plans of that.</summary>
    public async Task EmptySmallTrashAsync()
    {
        var number = _trashed++;
        foreach (var id in (string[])[ScaleData.MovedFolder(number), ScaleData.SmallFile(number)])
        {
            Check((await grains.GetGrain<IFileGrain>(id).DeleteAsync(permanent: false)).Refusal);
        }

        for (var isDone = false; !isDone;)
        {
            var emptied = await User.EmptyTrashAsync();
            Check(emptied.Refusal);
            isDone = emptied.IsDone;
        }
    }

    private static IEnumerable<(string What, string Text, EntryFilter? Filter)> Searches =>
    [
        ("what all have", "file", null),
        ("what an eighth has", "報告", null),
        ("one character", "9", null),
        ("one character of another script", "告", null),
        ("what one in 100,000 has", "needle", null),
        ("what nobody has", "zzqqx", null),
        ("by number", " 7777 ", null),
        ("a beginning", "file 77", new EntryFilter(true, null, null, null, null, null, null)),
        ("large texts with a word", "photo", new EntryFilter(false, EntryKind.File, "text/", 900_000, null, null, null)),
    ];

    private static EntryQuery InFolder(string folder, EntrySort sort) => new(EntryView.Owned, folder, null, null, PageLength, sort);

    /// <summary>A page far from the beginning.</summary>
    private async Task<EntryQuery> MiddleAsync()
    {
        var query = new EntryQuery(EntryView.Owned, ScaleData.Million, null, null, 1_000);
        for (var i = 0; i < Math.Min(50, options.EntryCount / 2_000); i++)
        {
            query = query with { Cursor = (await User.ListFilesAsync(query)).NextCursor };
        }

        return query with { Limit = PageLength };
    }

    private async Task ListAsync(EntryQuery query) => Check((await User.ListFilesAsync(query)).Refusal);

    private async Task FindAsync(string path) => Check((await User.FindByPathAsync(path)).Refusal);

    private async Task ReadChangesAsync(string? cursor) => Check((await User.ReadChangesAsync(cursor, PageLength)).Refusal);

    private async Task MoveAsync(string folder)
    {
        foreach (var parent in (string?[])[ScaleData.Deep, null])
        {
            Check((await grains.GetGrain<IFileGrain>(folder).ChangeAsync(new ChangeEntryCommand(null, true, parent, null, null))).Refusal);
        }
    }

    private static void Check(Refusal? refusal)
    {
        if (refusal is not null)
        {
            throw new InvalidOperationException(refusal.Detail);
        }
    }
}
