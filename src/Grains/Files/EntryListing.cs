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

    /// <summary>Longest search text, in characters.</summary>
    private const int SearchLengthMax = 255;

    /// <summary>A page of entries. Refusals: Invalid (limit, search, cursor), NotFound (folder).</summary>
    public async Task<EntryPageResult> ListAsync(string userId, EntryQuery query, CancellationToken cancellationToken)
    {
        if (query.Limit is < 1 or > LimitMax)
            return Refused(Refusals.Invalid("A limit is 1 to 1,000."));
        if (!Enum.IsDefined(query.View))
            return Refused(Refusals.Invalid("There is no such view."));
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
        return await database.QueryAsync(
            $"""
            WITH RECURSIVE walk AS (
                SELECT id, 1 AS depth FROM entries
                WHERE owner_id = $1 AND parent_id IS NULL AND name_key = $2 AND deleted_at IS NULL
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

    private Task<List<Entry>> FolderAsync(string userId, EntryQuery query, string? afterKey, CancellationToken cancellationToken)
    {
        var parent = query.ParentId is null ? "parent_id IS NULL" : "parent_id = $3";
        var after = afterKey is null ? "" : "AND name_key > $4";
        return PageAsync(
            $"owner_id = $1 AND {parent} AND deleted_at IS NULL {after} ORDER BY name_key",
            "e.name_key",
            parameters => parameters.Text(userId).Integer(query.Limit + 1).Text(query.ParentId).Text(afterKey),
            cancellationToken);
    }

    private Task<List<Entry>> ByTimeAsync(string userId, EntryQuery query, string? position, CancellationToken cancellationToken)
    {
        var (filter, time) = query.View switch
        {
            EntryView.Trash => ("deleted_at IS NOT NULL", "deleted_at"),
            EntryView.Recent => ("deleted_at IS NULL AND kind = 1", "modified_at"),
            EntryView.Public => ("deleted_at IS NULL AND visibility = 2", "modified_at"),
            _ => ("deleted_at IS NULL", "modified_at"),
        };
        var search = query.Search is null ? "" : "AND name_key LIKE $3";
        var after = position is null ? "" : $"AND ({time}, id) < ($4, $5)";
        var (lastTime, lastId) = ReadTimePosition(position);
        return PageAsync(
            $"owner_id = $1 AND {filter} {search} {after} ORDER BY {time} DESC, id DESC",
            $"e.{time} DESC, e.id DESC",
            parameters => parameters.Text(userId).Integer(query.Limit + 1)
                .Text(query.Search is { } text ? $"%{EscapeLike(EntryNames.Key(text))}%" : null).Time(lastTime).Text(lastId),
            cancellationToken);
    }

    private Task<List<Entry>> PageAsync(string page, string order, Action<NpgsqlParameterCollection> bind, CancellationToken cancellationToken) =>
        database.QueryAsync(
            $"""
            SELECT {FileRow.Columns} FROM (SELECT * FROM entries WHERE {page} LIMIT $2) e
            LEFT JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version ORDER BY {order}
            """,
            bind,
            reader => reader.RowsAsync(FileRow.ReadEntry),
            cancellationToken);

    private Task<bool> IsFolderAsync(string userId, string id, CancellationToken cancellationToken) =>
        database.QueryAsync(
            "SELECT 1 FROM entries WHERE id = $1 AND owner_id = $2 AND kind = 2 AND deleted_at IS NULL",
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
