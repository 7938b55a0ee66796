using System.Globalization;
using GrainVault.Files;

namespace GrainVault.Changes;

/// <summary>
/// The feed of a user. A change says which entry, never what it was: the entry is looked at when the feed is read, so that whoever applies
/// all changes in their order has the state of the last one, and each may be applied twice. Without a cursor the feed begins with the whole
/// state, which goes on with the changes since it was begun; so it does not depend on how long changes are kept.
/// </summary>
internal sealed class ChangeFeed(FeedRepository repository, FeedCursors cursors)
{
    /// <summary>Most changes that are read at once.</summary>
    public const int LimitMax = 1_000;

    /// <summary>A page. Refusals: Invalid (limit, cursor), CursorExpired.</summary>
    public async Task<ChangePageResult> ReadAsync(string userId, string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > LimitMax)
            return Refused(Refusals.Invalid("A limit is 1 to 1,000."));
        if (cursor is null or ChangeFeedCursors.Now)
        {
            var numbers = (await repository.FindOwnersAsync(userId, cancellationToken)).ToDictionary(owner => owner.Hash, owner => owner.LastNumber);
            var start = cursors.New(cursor is null ? FeedPhase.OwnEntries : FeedPhase.Changes, "", numbers);
            return cursor is null
                ? await StateAsync(userId, start, limit, cancellationToken)
                : await PageAsync(userId, [], start, hasMore: false, cancellationToken);
        }

        var (refusal, position) = await cursors.ReadAsync(userId, cursor, cancellationToken);
        if (position is null)
            return Refused(refusal!);
        return position.Phase switch
        {
            FeedPhase.Changes => await ChangesAsync(userId, position, limit, cancellationToken),
            FeedPhase.Below => await BelowAsync(userId, [], position, limit, at: null, hasMore: true, cancellationToken),
            _ => await StateAsync(userId, position, limit, cancellationToken),
        };
    }

    /// <summary>Changes after a position.</summary>
    private async Task<ChangePageResult> ChangesAsync(string userId, FeedPosition position, int limit, CancellationToken cancellationToken)
    {
        var rows = await repository.ReadAsync(userId, position.Numbers, limit, cancellationToken);
        if (rows.Any(row => row.IsRewound))
            return Refused(FeedCursors.Expired);
        var next = cursors.New(
            FeedPhase.Changes, "", rows.Where(row => row.EntryId is null).ToDictionary(row => row.Hash, row => row.Number));
        var hasMore = rows.Any(row => row.HasMore);
        var told = rows.Where(row => row.EntryId is not null).ToList();
        if (told.Count == 0)
            return await PageAsync(userId, [], cursors.Refresh(position, next), hasMore, cancellationToken);

        var direct = new Dictionary<string, (bool IsRelist, DateTimeOffset? At)>(StringComparer.Ordinal);
        foreach (var row in told.Where(row => row.IsDirect))
            direct[row.EntryId!] = direct.TryGetValue(row.EntryId!, out var first) ? (first.IsRelist || row.IsRelist, row.At) : (row.IsRelist, row.At);
        var order = told.Where(row => row.IsDirect).Select(row => row.EntryId!).Distinct(StringComparer.Ordinal).ToArray();
        var states = await repository.FindStatesAsync(userId, order, cancellationToken);
        var changes = states.ConvertAll(state => ToChange(state, direct[state.Id].IsRelist, direct[state.Id].At));
        // What is shared with him by itself below what moved, or what he lost, may have appeared, gone, or be all that is left.
        var roots = told.Where(row => row.IsShape).Select(row => row.EntryId!)
            .Concat(states.Where(state => state.Entry is null).Select(state => state.Id)).Distinct(StringComparer.Ordinal);
        next = next with { Phase = FeedPhase.Below, Key = FormatKey("", roots) };
        return await BelowAsync(userId, changes, next, limit, told[^1].At, hasMore, cancellationToken);
    }

    /// <summary>
    /// Completes a page with some of what is shared with the user below folders of a position. What stands elsewhere by the time that it would
    /// be told is told by a change after the numbers of the position, which nobody has read yet.
    /// </summary>
    private async Task<ChangePageResult> BelowAsync(
        string userId, List<Change> changes, FeedPosition position, int limit, DateTimeOffset? at, bool hasMore, CancellationToken cancellationToken)
    {
        var (after, roots) = ParseKey(position.Key);
        var states = roots.Length == 0 ? [] : await repository.FindBelowAsync(userId, roots, after, limit, cancellationToken);
        changes.AddRange(states.Select(state => ToChange(state, isRelist: true, at)));
        var isDone = states.Count < limit;
        // As old as its numbers, however long the reader takes.
        position = isDone
            ? position with { Phase = FeedPhase.Changes, Key = "" }
            : position with { Key = FormatKey(states[^1].Id, roots) };
        return await PageAsync(userId, changes, position, hasMore || !isDone, cancellationToken);
    }

    /// <summary>A page of the whole state. What changes meanwhile comes as a change after it.</summary>
    private async Task<ChangePageResult> StateAsync(string userId, FeedPosition position, int limit, CancellationToken cancellationToken)
    {
        var changes = new List<Change>();
        while (position.Phase != FeedPhase.Changes)
        {
            var rest = limit - changes.Count;
            if (rest == 0)
                return await PageAsync(userId, changes, position, hasMore: true, cancellationToken);
            var (page, key) = position.Phase switch
            {
                FeedPhase.OwnEntries => await OwnAsync(userId, position.Key, rest, cancellationToken),
                FeedPhase.Trash => await TrashAsync(userId, position.Key, rest, cancellationToken),
                _ => await SharesAsync(userId, position.Key, rest, cancellationToken),
            };
            changes.AddRange(page);
            position = key is not null
                ? position with { Key = key }
                : position with { Phase = position.Phase == FeedPhase.Shares ? FeedPhase.Changes : position.Phase + 1, Key = "" };
        }

        // Changes that came meanwhile are read with the next page.
        return await PageAsync(userId, changes, position, hasMore: true, cancellationToken);
    }

    private async Task<(List<Change> Page, string? Key)> OwnAsync(string userId, string key, int limit, CancellationToken cancellationToken)
    {
        var (name, id) = Split(key);
        var entries = await repository.ListOwnAsync(userId, name, id, limit, cancellationToken);
        return (entries.ConvertAll(Own), entries.Count < limit ? null : $"{entries[^1].Id} {EntryNames.Key(entries[^1].Name)}");
    }

    private async Task<(List<Change> Page, string? Key)> TrashAsync(string userId, string key, int limit, CancellationToken cancellationToken)
    {
        var (time, id) = Split(key);
        DateTimeOffset? after = time.Length == 0 ? null : new DateTimeOffset(long.Parse(time, CultureInfo.InvariantCulture), TimeSpan.Zero);
        var entries = await repository.ListTrashAsync(userId, after, id, limit, cancellationToken);
        return (entries.ConvertAll(Own), entries.Count < limit ? null : string.Create(CultureInfo.InvariantCulture, $"{entries[^1].Id} {entries[^1].DeletedAt!.Value.UtcTicks}"));
    }

    private async Task<(List<Change> Page, string? Key)> SharesAsync(string userId, string key, int limit, CancellationToken cancellationToken)
    {
        var ids = await repository.ListSharesAsync(userId, key, limit, cancellationToken);
        if (ids.Count == 0)
            return ([], null);
        var states = await repository.FindStatesAsync(userId, [.. ids], cancellationToken);
        // What is in somebody's trash is not there.
        var changes = states.Where(state => state.Entry is not null).Select(state => ToChange(state, isRelist: true, null)).ToList();
        return (changes, ids.Count < limit ? null : ids[^1]);
    }

    private async Task<ChangePageResult> PageAsync(
        string userId, List<Change> changes, FeedPosition position, bool hasMore, CancellationToken cancellationToken) =>
        new(null, changes, await cursors.IssueAsync(userId, position, cancellationToken), hasMore);

    private static (string Value, string Id) Split(string key)
    {
        var space = key.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? ("", "") : (key[(space + 1)..], key[..space]);
    }

    private static string FormatKey(string afterId, IEnumerable<string> roots) => string.Join(' ', roots.Prepend(afterId));

    private static (string AfterId, string[] Roots) ParseKey(string key) => key.Split(' ') is [var after, .. var roots] ? (after, roots) : ("", []);

    private static Change Own(Entry entry) => new(entry.Id, entry, FeedRole.Owner, IsRelist: false, null);

    private static Change ToChange(FeedState state, bool isRelist, DateTimeOffset? at) => state.Entry is { } entry
        ? new Change(state.Id, entry, (FeedRole)state.Role, isRelist && entry.Kind == EntryKind.Folder, at)
        : new Change(state.Id, null, null, IsRelist: false, at);

    private static ChangePageResult Refused(Refusal refusal) => new(refusal, [], null, HasMore: false);
}
