using GrainVault.Data;
using Npgsql;

namespace GrainVault.Files;

/// <summary>Lists and finds entries of a user, a page at a time by keyset: the cost of a page doesn't grow with the number of entries.</summary>
internal sealed class EntryListing(CatalogueDatabase database, ListCursors cursors, ShortcutTargets targets, EntryRoles roles, FolderSearch search)
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

    /// <summary>A page of entries. Refusals: Invalid (limit, order, filter, search, cursor), NotFound (folder).</summary>
    public async Task<EntryPageResult> ListAsync(string userId, EntryQuery query, CancellationToken cancellationToken)
    {
        // What is in a folder that is shared is listed, and searched, as what is in any folder.
        if (query is { View: EntryView.Shared, ParentId: not null })
            query = query with { View = EntryView.Owned };
        if (Check(query) is { } refusal)
            return Refused(refusal);
        var scope = ListCursors.Scope(
            userId, query.View.ToString(), query.ParentId, query.Search, EntryPageSql.SortOf(query).ToString(), query.IsDescending?.ToString(), query.Filter?.ToString());
        string? position = null;
        if (query.Cursor is { } cursor && (position = await cursors.ReadAsync(scope, cursor, cancellationToken)) is null)
            return Refused(Refusals.Invalid("The cursor was not issued for this list."));
        var page = EntryPageSql.IsFolder(query)
            ? await FolderAsync(userId, query, scope, position, cancellationToken)
            : EntryPageSql.IsFolderSearch(query)
                ? await search.ListAsync(userId, query, scope, position, cancellationToken)
                : await ViewAsync(userId, query, scope, position, cancellationToken);
        return page with { Entries = await roles.ShowAsync(await targets.ShowAsync(page.Entries, userId, cancellationToken), userId, cancellationToken) };
    }

    /// <summary>A page of a folder that the caller has found to be readable. Refusals: Invalid (limit, order, cursor).</summary>
    /// <param name="ownerId">Whose the folder is.</param>
    /// <param name="reader">Who reads it: cursors of others are refused.</param>
    /// <param name="query">The folder is its parent.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<EntryPageResult> ListKnownFolderAsync(string ownerId, string reader, EntryQuery query, CancellationToken cancellationToken)
    {
        if (Check(query) is { } refusal)
            return Refused(refusal);
        var scope = ListCursors.Scope(reader, query.ParentId);
        string? position = null;
        if (query.Cursor is { } cursor && (position = await cursors.ReadAsync(scope, cursor, cancellationToken)) is null)
            return Refused(Refusals.Invalid("The cursor was not issued for this list."));
        return await PageAsync(query, await RowsAsync(ownerId, query, position, cancellationToken), scope, cancellationToken);
    }

    private static Refusal? Check(EntryQuery query)
    {
        if (query.Limit is < 1 or > LimitMax)
            return Refusals.Invalid("A limit is 1 to 1,000.");
        if (!Enum.IsDefined(query.View))
            return Refusals.Invalid("There is no such view.");
        if (query.ParentId is not null && query.View != EntryView.Owned)
            return Refusals.Invalid("The views owned and shared are of one folder where one is named, the others of all.");
        if (query.ParentId is { } parent && !Ids.IsValid(Ids.File, parent))
            return Refusals.NotFound("folder");
        if (query.Search is { } search && !IsSearchText(search))
            return Refusals.Invalid($"A search text has 1 to {EntryNames.SizeBytesMax} bytes in UTF-8 and no control characters.");
        if (query.Sort is { } sort && (!Enum.IsDefined(sort) || (query.View != EntryView.Owned && sort != EntrySort.Time)))
            return Refusals.Invalid("The view owned is sorted by name, size or time, other views by time.");
        if (query.Filter is not { } filter)
            return null;
        if (filter.IsPrefix && query.Search is null)
            return Refusals.Invalid("A beginning of names needs a search text.");
        if (filter.Kind is { } kind && !Enum.IsDefined(kind))
            return Refusals.Invalid("There is no such kind.");
        if (filter.SizeBytesMin < 0 || filter.SizeBytesMax < 0)
            return Refusals.Invalid("A size is 0 or more.");
        return MediaTypes.Check(filter.ContentType);
    }

    // What no name is may be a piece of one: dots alone. What no name has finds nothing: a slash.
    private static bool IsSearchText(string search) => search.Contains('/', StringComparison.Ordinal)
        ? EntryNames.Check(search.Replace('/', 'x')) is null
        : search is "." or ".." || EntryNames.Check(search) is null;

    /// <summary>The live entry at a path of names from the root; null when there is none.</summary>
    public async Task<FileRow?> FindByPathAsync(string userId, string path, CancellationToken cancellationToken)
    {
        var names = path.Split('/');
        if (names.Length > PathDepthMax || names.Any(name => EntryNames.Check(name) is not null))
            return null;
        var keys = Array.ConvertAll(names, EntryNames.Key);
        // The first entry from a name on is the one of that name, or there is none. By equality alone a planner that takes folders for small
        // reads all of a large one by the index of another order.
        var file = await database.ReadOrderedAsync(
            $"""
            WITH RECURSIVE walk AS (
                SELECT r.id, 1 AS depth FROM (
                    SELECT id, name_key FROM entries WHERE owner_id = $1 AND parent_id IS NULL AND name_key >= $2 AND deleted_at IS NULL
                    ORDER BY parent_id, name_key LIMIT 1) r
                WHERE r.name_key = $2
                UNION ALL
                SELECT n.id, w.depth + 1 FROM walk w
                CROSS JOIN LATERAL (
                    SELECT id, parent_id, name_key FROM entries
                    WHERE owner_id = $1 AND (parent_id, name_key) >= (w.id, ($3)[w.depth + 1]) AND deleted_at IS NULL
                    ORDER BY parent_id, name_key LIMIT 1) n
                WHERE w.depth < $4 AND n.parent_id = w.id AND n.name_key = ($3)[w.depth + 1]
            )
            SELECT {FileRow.Columns} FROM walk JOIN {FileRow.From.Replace("entries e", "entries e ON e.id = walk.id", StringComparison.Ordinal)}
            WHERE walk.depth = $4
            """,
            parameters => parameters.Text(userId).Text(keys[0]).Texts(keys).Integer(keys.Length),
            reader => reader.RowAsync(FileRow.Read),
            cancellationToken);
        return file is null ? null : file with { Entry = await targets.ShowAsync(file.Entry, userId, cancellationToken) };
    }

    /// <summary>A page of a folder, and in the same round trip what the caller may do with the folder.</summary>
    private async Task<EntryPageResult> FolderAsync(string userId, EntryQuery query, string scope, string? position, CancellationToken cancellationToken)
    {
        var (access, rows) = await database.ReadBatchAsync(
            batch =>
            {
                var decide = batch.CreateBatchCommand();
                decide.CommandText = EntryAccess.Sql;
                decide.Parameters.Text(query.ParentId).Text(userId);
                batch.BatchCommands.Add(decide);
                batch.AddOrdered();
                var page = batch.CreateBatchCommand();
                page.CommandText = EntryPageSql.Page(query, position is null, query.Limit + 1);
                EntryPageSql.Bind(page.Parameters, userId, query, position);
                batch.BatchCommands.Add(page);
            },
            async reader =>
            {
                var decided = await reader.RowAsync(EntryAccess.Read);
                await reader.NextResultAsync();
                await reader.NextResultAsync();
                return (decided, await ReadPageAsync(reader, query.Limit + 1, cancellationToken));
            },
            cancellationToken);
        if (query.ParentId is not null && access is not { Role: >= EntryRole.Viewer, Kind: EntryKind.Folder, IsLive: true })
            return Refused(Refusals.NotFound("folder"));
        // In a folder that is shared everything is its owner's.
        if (access is { } shared && shared.OwnerId != userId)
            rows = await RowsAsync(shared.OwnerId, query, position, cancellationToken);
        return await PageAsync(query, rows, scope, cancellationToken);
    }

    private async Task<EntryPageResult> PageAsync(EntryQuery query, List<(Entry Entry, bool IsLive)> rows, string scope, CancellationToken cancellationToken)
    {
        var entries = rows.Take(query.Limit).Select(row => row.Entry).ToList();
        return rows.Count <= query.Limit
            ? new EntryPageResult(null, entries, null)
            : new EntryPageResult(null, entries, await cursors.IssueAsync(scope, EntryPageSql.Position(query, entries[^1]), cancellationToken));
    }

    /// <summary>A page through all folders. What stands in a folder of the trash is left out, and the page filled up from the next rows.</summary>
    private async Task<EntryPageResult> ViewAsync(string userId, EntryQuery query, string scope, string? position, CancellationToken cancellationToken)
    {
        var entries = new List<Entry>();
        for (var round = 1; ; round++)
        {
            var rows = await RowsAsync(userId, query, position, cancellationToken);
            foreach (var (entry, isLive) in rows.Take(query.Limit))
            {
                position = EntryPageSql.Position(query, entry);
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

    private async Task<List<(Entry Entry, bool IsLive)>> RowsAsync(string userId, EntryQuery query, string? position, CancellationToken cancellationToken)
    {
        var count = query.Limit + 1;
        if (EntryPageSql.IsFolder(query))
        {
            return await database.ReadOrderedAsync(
                EntryPageSql.Page(query, position is null, count),
                parameters => EntryPageSql.Bind(parameters, userId, query, position),
                reader => ReadPageAsync(reader, count, cancellationToken),
                cancellationToken);
        }

        if (!EntryPageSql.IsSubstring(query))
            return await RowsAsync(EntryPageSql.Page(query, position is null, count), userId, query, position, cancellationToken);
        var walked = await RowsAsync(EntryPageSql.WalkedPage(query, position is null, count), userId, query, position, cancellationToken);
        return walked.Count == count
            ? walked
            : await RowsAsync(EntryPageSql.FoundPage(query, position is null, count), userId, query, position, cancellationToken);
    }

    private Task<List<(Entry Entry, bool IsLive)>> RowsAsync(
        string sql, string userId, EntryQuery query, string? position, CancellationToken cancellationToken) =>
        database.ReadAsync(
            sql,
            parameters => EntryPageSql.Bind(parameters, userId, query, position),
            reader => ReadPageAsync(reader, query.Limit + 1, cancellationToken),
            cancellationToken);

    private static async Task<List<(Entry Entry, bool IsLive)>> ReadPageAsync(NpgsqlDataReader reader, int count, CancellationToken cancellationToken)
    {
        var rows = new List<(Entry, bool)>();
        while (rows.Count < count && await reader.ReadAsync(cancellationToken))
            rows.Add((FileRow.ReadEntry(reader), reader.GetBoolean(FileRow.ColumnCount)));
        return rows;
    }

    private static EntryPageResult Refused(Refusal refusal) => new(refusal, [], null);
}
