using System.Globalization;
using GrainVault.Data;
using Npgsql;

namespace GrainVault.Files;

/// <summary>Lists and finds entries of a user, a page at a time by keyset: the cost of a page doesn't grow with the number of entries.</summary>
internal sealed class EntryListing(CatalogueDatabase database, ListCursors cursors)
{
    /// <summary>Most entries in a page.</summary>
    public const int LimitMax = 1_000;

    /// <summary>Most folders on the way from the root to an entry; a folder that would stand deeper is refused by <c>folder_depth_max</c> in <c>sql/</c>.</summary>
    public const int FolderDepthMax = 100;

    /// <summary>Most names in a path.</summary>
    public const int PathDepthMax = FolderDepthMax + 1;

    /// <summary>
    /// Pages of rows that one page of entries is picked from, where those in folders of the trash are left out. Beyond them the page
    /// stays short, and its cursor goes on.
    /// </summary>
    private const int RoundCountMax = 10;

    /// <summary>
    /// Rows that a page's statement asks for: a number that the planner knows. For an unknown one it assumes a tenth of the
    /// table and prefers to sort all of it. Few values, so that few statements are prepared.
    /// </summary>
    private static readonly int[] RowCounts = [11, 26, 51, 101, 201, 501, LimitMax + 1];

    /// <summary>Longest search text, in characters.</summary>
    private const int SearchLengthMax = 255;

    /// <summary>A page of entries. Refusals: Invalid (limit, search, cursor), NotFound (folder).</summary>
    public async Task<EntryPageResult> ListAsync(string userId, EntryQuery query, CancellationToken cancellationToken)
    {
        if (query.Limit is < 1 or > LimitMax)
            return Refused(Refusals.Invalid("A limit is 1 to 1,000."));
        if (!Enum.IsDefined(query.View))
            return Refused(Refusals.Invalid("There is no such view."));
        if (query.ParentId is { } parent && !Ids.IsValid(Ids.File, parent))
            return Refused(Refusals.NotFound("folder"));
        if (query.Search is { } search && (search.Length is 0 or > SearchLengthMax || EntryNames.Check(search.Replace("/", "", StringComparison.Ordinal) + "x") is not null))
            return Refused(Refusals.Invalid("A search text has 1 to 255 characters and no control characters."));

        var scope = ListCursors.Scope(userId, query.View.ToString(), query.ParentId, query.Search);
        string? position = null;
        if (query.Cursor is { } cursor && (position = await cursors.ReadAsync(scope, cursor, cancellationToken)) is null)
            return Refused(Refusals.Invalid("The cursor was not issued for this list."));

        return query.View == EntryView.Owned && query.Search is null
            ? await FolderAsync(userId, query, scope, position, cancellationToken)
            : await ByTimeAsync(userId, query, scope, position, cancellationToken);
    }

    /// <summary>The live entry at a path of names from the root; null when there is none.</summary>
    public async Task<Entry?> FindByPathAsync(string userId, string path, CancellationToken cancellationToken)
    {
        var names = path.Split('/');
        if (names.Length > PathDepthMax || names.Any(name => EntryNames.Check(name) is not null))
            return null;
        var keys = Array.ConvertAll(names, EntryNames.Key);
        return await database.ReadAsync(
            $"""
            WITH RECURSIVE walk AS (
                (SELECT id, 1 AS depth FROM entries
                WHERE owner_id = $1 AND parent_id IS NULL AND name_key = $2 AND deleted_at IS NULL
                ORDER BY parent_id, name_key LIMIT 1)
                UNION ALL
                SELECT n.id, w.depth + 1 FROM walk w
                JOIN entries n ON n.owner_id = $1 AND n.parent_id = w.id AND n.name_key = ($3)[w.depth + 1] AND n.deleted_at IS NULL
                WHERE w.depth < $4
            )
            SELECT {FileRow.Columns} FROM walk JOIN {FileRow.From.Replace("entries e", "entries e ON e.id = walk.id", StringComparison.Ordinal)}
            WHERE walk.depth = $4
            """,
            parameters => parameters.Text(userId).Text(keys[0]).Texts(keys).Integer(keys.Length),
            reader => reader.RowAsync(FileRow.ReadEntry),
            cancellationToken);
    }

    /// <summary>One page of a folder. Parameters: owner, folder (unused for the root), key after which the page starts.</summary>
    internal static string FolderSql(bool isRoot, bool isFirstPage, int count)
    {
        var parent = isRoot ? "parent_id IS NULL" : "parent_id = $2";
        var after = isFirstPage ? "" : "AND name_key > $3";
        // All entries of the page have the same parent; naming it makes the order that of the index, also for the root's NULL.
        return PageSql($"owner_id = $1 AND {parent} AND deleted_at IS NULL {after} ORDER BY parent_id, name_key", "e.name_key", count, asksLive: false);
    }

    /// <summary>One page by time, newest first. Parameters: owner, search pattern, and where the last page ended: time, id.</summary>
    internal static string ByTimeSql(EntryView view, bool isSearch, bool isFirstPage, int count)
    {
        var (filter, time) = view switch
        {
            EntryView.Trash => ("deleted_at IS NOT NULL AND purging_at IS NULL", "deleted_at"),
            EntryView.Recent => ("deleted_at IS NULL AND kind = 1", "modified_at"),
            EntryView.Public => ("deleted_at IS NULL AND visibility = 2", "modified_at"),
            _ => ("deleted_at IS NULL", "modified_at"),
        };
        var search = isSearch ? "AND name_key LIKE $2" : "";
        var after = isFirstPage ? "" : $"AND ({time}, id) < ($3, $4)";
        return PageSql(
            $"owner_id = $1 AND {filter} {search} {after} ORDER BY {time} DESC, id DESC", $"e.{time} DESC, e.id DESC", count, view != EntryView.Trash);
    }

    /// <summary>The page comes first, by an index; then its versions, and whether its folders are live, each looked at once.</summary>
    private static string PageSql(string page, string order, int count, bool asksLive) =>
        $"""
        WITH page AS MATERIALIZED (SELECT * FROM entries WHERE {page} LIMIT {RowCounts.First(rows => rows >= count)}),
        folders AS MATERIALIZED (
            SELECT f.parent_id, entry_is_live(f.parent_id) AS is_live
            FROM (SELECT DISTINCT parent_id FROM page WHERE {(asksLive ? "parent_id IS NOT NULL" : "false")}) f
        )
        SELECT {FileRow.Columns}, {(asksLive ? "e.parent_id IS NULL OR coalesce(f.is_live, false)" : "true")} FROM page e
        LEFT JOIN folders f ON f.parent_id = e.parent_id
        LEFT JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version ORDER BY {order}
        """;

    /// <summary>A page of a folder by name, and in the same round trip what the caller may do with the folder.</summary>
    private async Task<EntryPageResult> FolderAsync(string userId, EntryQuery query, string scope, string? afterKey, CancellationToken cancellationToken)
    {
        var (access, rows) = await database.ReadBatchAsync(
            batch =>
            {
                var decide = batch.CreateBatchCommand();
                decide.CommandText = EntryAccess.Sql;
                decide.Parameters.Text(query.ParentId).Text(userId);
                batch.BatchCommands.Add(decide);
                var page = batch.CreateBatchCommand();
                page.CommandText = FolderSql(query.ParentId is null, afterKey is null, query.Limit + 1);
                page.Parameters.Text(userId).Text(query.ParentId).Text(afterKey);
                batch.BatchCommands.Add(page);
            },
            async reader =>
            {
                var decided = await reader.RowAsync(EntryAccess.Read);
                await reader.NextResultAsync();
                return (decided, await ReadPageAsync(reader, query.Limit + 1, cancellationToken));
            },
            cancellationToken);
        if (query.ParentId is not null && access is not { Role: EntryRole.Owner, Kind: EntryKind.Folder, IsLive: true })
            return Refused(Refusals.NotFound("folder"));
        var entries = rows.Take(query.Limit).Select(row => row.Entry).ToList();
        return rows.Count <= query.Limit
            ? new EntryPageResult(null, entries, null)
            : new EntryPageResult(null, entries, await cursors.IssueAsync(scope, EntryNames.Key(entries[^1].Name), cancellationToken));
    }

    /// <summary>A page by time. What stands in a folder of the trash is left out, and the page filled up from the next rows.</summary>
    private async Task<EntryPageResult> ByTimeAsync(string userId, EntryQuery query, string scope, string? position, CancellationToken cancellationToken)
    {
        var entries = new List<Entry>();
        for (var round = 1; ; round++)
        {
            var rows = await RowsByTimeAsync(userId, query, position, cancellationToken);
            foreach (var (entry, isLive) in rows.Take(query.Limit))
            {
                position = TimePosition(entry, query.View);
                if (isLive)
                    entries.Add(entry);
                if (entries.Count == query.Limit)
                    break;
            }

            if (entries.Count < query.Limit && rows.Count <= query.Limit)
                return new EntryPageResult(null, entries, null);
            // Full; whether something follows is known without another look only when this was the last row.
            if (entries.Count == query.Limit && rows.Count <= query.Limit && entries[^1] == rows[^1].Entry)
                return new EntryPageResult(null, entries, null);
            if (entries.Count == query.Limit || round == RoundCountMax)
                return new EntryPageResult(null, entries, await cursors.IssueAsync(scope, position!, cancellationToken));
        }
    }

    private Task<List<(Entry Entry, bool IsLive)>> RowsByTimeAsync(string userId, EntryQuery query, string? position, CancellationToken cancellationToken)
    {
        var (lastTime, lastId) = ReadTimePosition(position);
        return database.ReadAsync(
            ByTimeSql(query.View, query.Search is not null, position is null, query.Limit + 1),
            parameters => parameters.Text(userId)
                .Text(query.Search is { } text ? $"%{EscapeLike(EntryNames.Key(text))}%" : null).Time(lastTime).Text(lastId),
            reader => ReadPageAsync(reader, query.Limit + 1, cancellationToken),
            cancellationToken);
    }

    private static async Task<List<(Entry Entry, bool IsLive)>> ReadPageAsync(NpgsqlDataReader reader, int count, CancellationToken cancellationToken)
    {
        var rows = new List<(Entry, bool)>();
        while (rows.Count < count && await reader.ReadAsync(cancellationToken))
            rows.Add((FileRow.ReadEntry(reader), reader.GetBoolean(FileRow.ColumnCount)));
        return rows;
    }

    private static string TimePosition(Entry last, EntryView view) =>
        string.Create(CultureInfo.InvariantCulture, $"{(view == EntryView.Trash ? last.DeletedAt!.Value : last.ModifiedAt).UtcTicks} {last.Id}");

    private static (DateTimeOffset? Time, string? Id) ReadTimePosition(string? position)
    {
        if (position is null)
            return (null, null);
        var space = position.IndexOf(' ', StringComparison.Ordinal);
        return (new DateTimeOffset(long.Parse(position.AsSpan(0, space), CultureInfo.InvariantCulture), TimeSpan.Zero), position[(space + 1)..]);
    }

    private static string EscapeLike(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);

    private static EntryPageResult Refused(Refusal refusal) => new(refusal, [], null);
}
