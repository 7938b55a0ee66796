using System.Globalization;
using GrainVault.Data;
using Npgsql;

namespace GrainVault.Files;

/// <summary>Lists and finds entries of a user, a page at a time by keyset: the cost of a page doesn't grow with the number of entries.</summary>
internal sealed class EntryListing(CatalogueDatabase database, ListCursors cursors)
{
    /// <summary>Most entries in a page.</summary>
    public const int LimitMax = 1_000;

    /// <summary>Most names in a path.</summary>
    public const int PathDepthMax = 100;

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

        var isFolder = query.View == EntryView.Owned && query.Search is null;
        var rows = isFolder
            ? await FolderAsync(userId, query, position, cancellationToken)
            : await ByTimeAsync(userId, query, position, cancellationToken);
        if (isFolder && rows.Count == 0 && query.ParentId is { } folder && !await IsFolderAsync(userId, folder, cancellationToken))
            return Refused(Refusals.NotFound("folder"));
        if (rows.Count <= query.Limit)
            return new EntryPageResult(null, rows, null);

        rows.RemoveAt(query.Limit);
        var last = rows[^1];
        var next = isFolder ? EntryNames.Key(last.Name) : TimePosition(last, query.View);
        return new EntryPageResult(null, rows, await cursors.IssueAsync(scope, next, cancellationToken));
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
        return PageSql($"owner_id = $1 AND {parent} AND deleted_at IS NULL {after} ORDER BY parent_id, name_key", "e.name_key", count);
    }

    /// <summary>One page by time, newest first. Parameters: owner, search pattern, and where the last page ended: time, id.</summary>
    internal static string ByTimeSql(EntryView view, bool isSearch, bool isFirstPage, int count)
    {
        var (filter, time) = view switch
        {
            EntryView.Trash => ("deleted_at IS NOT NULL", "deleted_at"),
            EntryView.Recent => ("deleted_at IS NULL AND kind = 1", "modified_at"),
            EntryView.Public => ("deleted_at IS NULL AND visibility = 2", "modified_at"),
            _ => ("deleted_at IS NULL", "modified_at"),
        };
        var search = isSearch ? "AND name_key LIKE $2" : "";
        var after = isFirstPage ? "" : $"AND ({time}, id) < ($3, $4)";
        return PageSql($"owner_id = $1 AND {filter} {search} {after} ORDER BY {time} DESC, id DESC", $"e.{time} DESC, e.id DESC", count);
    }

    private static string PageSql(string page, string order, int count) =>
        $"""
        SELECT {FileRow.Columns} FROM (SELECT * FROM entries WHERE {page} LIMIT {RowCounts.First(rows => rows >= count)}) e
        LEFT JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version ORDER BY {order}
        """;

    private Task<List<Entry>> FolderAsync(string userId, EntryQuery query, string? afterKey, CancellationToken cancellationToken) =>
        PageAsync(
            FolderSql(query.ParentId is null, afterKey is null, query.Limit + 1),
            parameters => parameters.Text(userId).Text(query.ParentId).Text(afterKey),
            query.Limit + 1,
            cancellationToken);

    private Task<List<Entry>> ByTimeAsync(string userId, EntryQuery query, string? position, CancellationToken cancellationToken)
    {
        var (lastTime, lastId) = ReadTimePosition(position);
        return PageAsync(
            ByTimeSql(query.View, query.Search is not null, position is null, query.Limit + 1),
            parameters => parameters.Text(userId)
                .Text(query.Search is { } text ? $"%{EscapeLike(EntryNames.Key(text))}%" : null).Time(lastTime).Text(lastId),
            query.Limit + 1,
            cancellationToken);
    }

    private Task<List<Entry>> PageAsync(string sql, Action<NpgsqlParameterCollection> bind, int count, CancellationToken cancellationToken) =>
        database.ReadAsync(
            sql,
            bind,
            async reader =>
            {
                var entries = new List<Entry>();
                while (entries.Count < count && await reader.ReadAsync(cancellationToken))
                    entries.Add(FileRow.ReadEntry(reader));
                return entries;
            },
            cancellationToken);

    private Task<bool> IsFolderAsync(string userId, string id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT 1 FROM entries WHERE id = $1 AND owner_id = $2 AND kind = 2 AND coalesce(deleted_at, 'infinity') = 'infinity'",
            parameters => parameters.Text(id).Text(userId),
            reader => reader.ReadAsync(cancellationToken),
            cancellationToken);

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
