using GrainVault.Changes;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;

namespace GrainVault.Grains.Tests.Changes;

/// <summary>
/// What a client makes of a user's feed, by the rules of docs/api.md: a changed entry takes the place of what was known of it, a removed
/// one goes with everything below it, and a folder of somebody else that is new, or to be listed again, is listed.
/// </summary>
public sealed class FeedReplica(TestUser user)
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public string? Cursor { get; private set; }

    /// <summary>Changes that were applied.</summary>
    public int ChangeCount { get; private set; }

    /// <summary>Changes of the longest page.</summary>
    public int PageLengthMax { get; private set; }

    /// <summary>Ids that the feed has told as removed.</summary>
    public HashSet<string> Removed { get; } = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, Entry> Entries => _entries;

    /// <summary>A replica that starts now: it knows nothing of what was before.</summary>
    public async Task StartNowAsync() => Cursor = (await ReadAsync("now", 100)).Cursor;

    /// <summary>Applies everything that there is to read, from the beginning when nothing was read before.</summary>
    public async Task CatchUpAsync(int limit = 100)
    {
        while (await StepAsync(limit))
        {
        }
    }

    /// <summary>Applies one page; false when it was the last one for now.</summary>
    public async Task<bool> StepAsync(int limit)
    {
        var page = await ReadAsync(Cursor, limit);
        foreach (var change in page.Changes)
            await ApplyAsync(change);
        PageLengthMax = Math.Max(PageLengthMax, page.Changes.Count);
        Cursor = page.Cursor;
        return page.HasMore;
    }

    /// <summary>Compares with what lists show now: the user's own entries, his trash, and what is shared with him.</summary>
    public async Task AssertIsPresentStateAsync()
    {
        var own = new Dictionary<string, Entry>(StringComparer.Ordinal);
        await ListBelowAsync(null, own);
        Assert.Equal(Lines(own.Values), Lines(_entries.Values.Where(entry => entry.OwnerId == user.Id && IsLive(entry))));
        Assert.Equal(
            Lines(await ListAsync(EntryView.Trash, null)),
            Lines(_entries.Values.Where(entry => entry.OwnerId == user.Id && entry.DeletedAt is not null)));

        var shared = new Dictionary<string, Entry>(StringComparer.Ordinal);
        foreach (var entry in await ListAsync(EntryView.Shared, null))
        {
            shared[entry.Id] = entry;
            if (entry.Kind == EntryKind.Folder)
                await ListBelowAsync(entry.Id, shared);
        }

        Assert.Equal(Lines(shared.Values), Lines(_entries.Values.Where(entry => entry.OwnerId != user.Id)));
    }

    /// <summary>A replica from the beginning, and this one brought up to date, show the present state.</summary>
    public async Task AssertCatchesUpAsync(int limit = 100)
    {
        await CatchUpAsync(limit);
        await AssertIsPresentStateAsync();
        var fresh = new FeedReplica(user);
        await fresh.CatchUpAsync(limit);
        await fresh.AssertIsPresentStateAsync();
    }

    private async Task<ChangePageResult> ReadAsync(string? cursor, int limit)
    {
        var page = await user.Grain.ReadChangesAsync(cursor, limit);
        Assert.Null(page.Refusal);
        return page;
    }

    private async Task ApplyAsync(Change change)
    {
        ChangeCount++;
        if (change.Entry is not { } entry)
        {
            Removed.Add(change.EntryId);
            DropBelow(change.EntryId);
            _entries.Remove(change.EntryId);
            return;
        }

        var isNew = !_entries.ContainsKey(entry.Id);
        if (change.IsRelist)
            DropBelow(entry.Id);
        _entries[entry.Id] = entry;
        if (entry.Kind == EntryKind.Folder && (change.IsRelist || (isNew && change.Role != FeedRole.Owner)))
            await ListBelowAsync(entry.Id, _entries);
    }

    private void DropBelow(string folderId)
    {
        foreach (var child in _entries.Values.Where(entry => entry.ParentId == folderId).ToList())
        {
            DropBelow(child.Id);
            _entries.Remove(child.Id);
        }
    }

    private async Task ListBelowAsync(string? folderId, Dictionary<string, Entry> into)
    {
        foreach (var entry in await ListAsync(EntryView.Owned, folderId))
        {
            into[entry.Id] = entry;
            if (entry.Kind == EntryKind.Folder)
                await ListBelowAsync(entry.Id, into);
        }
    }

    /// <summary>All pages of a list; of a folder that is gone meanwhile nothing, since a later change says so.</summary>
    private async Task<List<Entry>> ListAsync(EntryView view, string? folderId)
    {
        var entries = new List<Entry>();
        string? cursor = null;
        do
        {
            var page = await user.Grain.ListFilesAsync(new EntryQuery(view, folderId, null, cursor, 1_000));
            if (page.Refusal is { Reason: RefusalReason.NotFound } && folderId is not null)
                break;
            Assert.Null(page.Refusal);
            entries.AddRange(page.Entries);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return entries;
    }

    private bool IsLive(Entry entry) =>
        entry.DeletedAt is null && (entry.ParentId is null || (_entries.TryGetValue(entry.ParentId, out var parent) && IsLive(parent)));

    // What a shortcut leads to is somebody else's, and is looked at with it. What the user may do with an entry stands beside it in a change.
    private static IEnumerable<string> Lines(IEnumerable<Entry> entries) =>
        entries.Select(entry => (entry with { TargetState = null, Role = null }).ToString()).Order(StringComparer.Ordinal);
}
