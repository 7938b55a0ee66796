using System.Globalization;
using GrainVault.Data;
using Npgsql;

namespace GrainVault.Files;

/// <summary>
/// Statements of lists. Each order has an index, so that a page is read and nothing before it; every variant names its conditions as they
/// are, since a condition that may be absent hides the index from the planner.
/// </summary>
internal static partial class EntryPageSql
{
    /// <summary>
    /// Rows that a page's statement asks for: a number that the planner knows. For an unknown one it assumes a tenth of the
    /// table and prefers to sort all of it. Few values, so that few statements are prepared.
    /// </summary>
    private static readonly int[] RowCounts = [11, 26, 51, 101, 201, 501, EntryListing.LimitMax + 1];

    /// <summary>Longer than any rest of a name: what begins with a text is not beyond the text with this behind it.</summary>
    private static readonly string AfterAll = string.Concat(Enumerable.Repeat("\U0010FFFF", EntryNames.SizeBytesMax / 4 + 1));

    /// <summary>The columns of entries, without folders that the reader does not see.</summary>
    private static readonly string ColumnsAsSeen =
        FileRow.Columns.Replace("e.parent_id,", "CASE WHEN f.is_seen THEN e.parent_id END,", StringComparison.Ordinal);

    /// <summary>True when the list is what stands in one folder.</summary>
    public static bool IsFolder(EntryQuery query) => query is { View: EntryView.Owned, Search: null };

    /// <summary>True for a search in one folder alone.</summary>
    public static bool IsFolderSearch(EntryQuery query) => query is { View: EntryView.Owned, ParentId: not null, Search: not null };

    /// <summary>By what the list is sorted.</summary>
    public static EntrySort SortOf(EntryQuery query) =>
        query.Sort ?? (IsFolder(query) || (query.Search is not null && query.Filter is { IsPrefix: true }) ? EntrySort.Name : EntrySort.Time);

    /// <summary>
    /// The statement of a page. Parameters: $1 owner, $2 folder, $3 and $4 where the last page ended (key and id), $5 and $6 pattern and text, or bounds, of
    /// the search, $7 kind, $8 media type, $9 and $10 sizes, $11 and $12 times.
    /// </summary>
    public static string Page(EntryQuery query, bool isFirstPage, int count)
    {
        if (query.View == EntryView.Shared)
            return SharedPage(query, isFirstPage, count);
        var isDescending = IsDescending(query);
        var column = Column(query);
        // Names are unique in a folder, and its index ends with them.
        var isUnique = IsFolder(query) && SortOf(query) == EntrySort.Name;
        List<string> conditions = ["owner_id = $1", .. Scope(query), .. Filters(query)];
        if (IsFolder(query) && query.ParentId is not null)
            conditions.AddRange(FolderPiece(query, isFirstPage));
        else if (!isFirstPage)
            conditions.Add(isUnique ? $"{column} {(isDescending ? "<" : ">")} $3" : After(query));
        var direction = isDescending ? "DESC" : "ASC";
        var order = isUnique ? $"{column} {direction}" : $"{column} {direction}, id {direction}";
        // All entries of a folder's page have the same parent; naming it makes the order that of the folder's index.
        return Statement(
            $"entries e WHERE {string.Join(" AND ", conditions)} ORDER BY {(IsFolder(query) ? $"parent_id {direction}, " : "")}{order}",
            isUnique ? $"e.{column} {direction}" : $"e.{column} {direction}, e.id {direction}",
            RowCount(count),
            asksLive: !IsFolder(query) && query.View != EntryView.Trash);
    }

    /// <summary>Binds the parameters of a page.</summary>
    public static void Bind(NpgsqlParameterCollection parameters, string userId, EntryQuery query, string? position)
    {
        parameters.Text(userId).Text(query.ParentId);
        var space = position?.IndexOf(' ', StringComparison.Ordinal) ?? 0;
        var key = position?[(space + 1)..];
        switch (SortOf(query))
        {
            case EntrySort.Name:
                parameters.Text(key);
                break;
            case EntrySort.Size:
                parameters.Long(key is null ? null : long.Parse(key, CultureInfo.InvariantCulture));
                break;
            default:
                parameters.Time(key is null ? null : new DateTimeOffset(long.Parse(key, CultureInfo.InvariantCulture), TimeSpan.Zero));
                break;
        }

        parameters.Text(position?[..space]);
        var text = query.Search is { } search ? EntryNames.Key(search) : null;
        if (query.Filter is { IsPrefix: true })
            parameters.Text(text).Text(text + AfterAll);
        else
            parameters.Text(text is null ? null : $"%{EscapeLike(text)}%").Text(text);
        var filter = query.Filter;
        parameters.Integer((int?)filter?.Kind).Text(filter?.ContentType?.ToLowerInvariant()).Long(filter?.SizeBytesMin).Long(filter?.SizeBytesMax)
            .Time(filter?.ModifiedFrom).Time(filter?.ModifiedBefore);
    }

    /// <summary>Where a page that ends with this entry ended.</summary>
    public static string Position(EntryQuery query, Entry last) => SortOf(query) switch
    {
        EntrySort.Name => $"{last.Id} {EntryNames.Key(last.Name)}",
        EntrySort.Size => string.Create(CultureInfo.InvariantCulture, $"{last.Id} {last.SizeBytes}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{last.Id} {(query.View == EntryView.Trash ? last.DeletedAt!.Value : last.ModifiedAt).UtcTicks}"),
    };

    /// <summary>What others share with $1: ids are made in the order of time, so the newest entries come first.</summary>
    private static string SharedPage(EntryQuery query, bool isFirstPage, int count)
    {
        List<string> conditions = ["user_id = $1", .. Scope(query), .. Filters(query)];
        if (!isFirstPage)
            conditions.Add("entry_id < $4");
        return Statement(
            $"entries e JOIN shares ON entry_id = id WHERE {string.Join(" AND ", conditions)} ORDER BY entry_id DESC", "e.id DESC", RowCount(count), asksLive: true, isOthers: true);
    }

    private static int RowCount(int count) => RowCounts.First(rows => rows >= count);

    private static bool IsDescending(EntryQuery query) => query.IsDescending ?? SortOf(query) == EntrySort.Time;

    /// <summary>What comes after the last page.</summary>
    private static string After(EntryQuery query) => $"({Column(query)}, id) {(IsDescending(query) ? "<" : ">")} ($3, $4)";

    private static string Column(EntryQuery query) => SortOf(query) switch
    {
        EntrySort.Name => "name_key",
        EntrySort.Size => "size_bytes",
        _ => query.View == EntryView.Trash ? "deleted_at" : "modified_at",
    };

    private static IEnumerable<string> Scope(EntryQuery query)
    {
        yield return query.View == EntryView.Trash ? "deleted_at IS NOT NULL AND purging_at IS NULL" : "deleted_at IS NULL";
        if (query.View == EntryView.Recent)
            yield return "kind = 1";
        if (query.View == EntryView.Shortcuts)
            yield return "kind = 3";
        if (query.View == EntryView.Public)
            yield return "visibility = 2";
        if (IsFolder(query) && query.ParentId is null)
            yield return "parent_id IS NULL";
        if (query.Search is not null)
            yield return Matches(query);
    }

    /// <summary>
    /// What of a folder is left, between bounds of the index that has its order. By an equality the folder would be no part of the order, and the
    /// indexes of all that its owner has would have that order, too.
    /// </summary>
    private static IEnumerable<string> FolderPiece(EntryQuery query, bool isFirstPage)
    {
        var (onwards, backwards) = IsDescending(query) ? ("<", ">") : (">", "<");
        var isByName = SortOf(query) == EntrySort.Name;
        // The names that begin with a text are a piece of the order of names.
        var isPrefix = isByName && query is { Search: not null, Filter.IsPrefix: true };
        var (first, last) = IsDescending(query) ? ("$6", "$5") : ("$5", "$6");
        if (!isFirstPage)
            yield return isByName ? $"(parent_id, name_key) {onwards} ($2, $3)" : $"(parent_id, {Column(query)}, id) {onwards} ($2, $3, $4)";
        else
            yield return isPrefix ? $"(parent_id, name_key) {onwards}= ($2, {first})" : $"parent_id {onwards}= $2";
        yield return isPrefix ? $"(parent_id, name_key) {backwards}= ($2, {last})" : $"parent_id {backwards}= $2";
    }

    private static string Matches(EntryQuery query) => query.Filter is { IsPrefix: true } ? "name_key >= $5 AND name_key <= $6" : "name_key LIKE $5";

    private static IEnumerable<string> Filters(EntryQuery query)
    {
        if (query.Filter is not { } filter)
            yield break;
        if (filter.Kind is not null)
            yield return "kind = $7";
        if (filter.ContentType is not null)
            yield return "kind = 1 AND starts_with(lower(content_type), $8)";
        if (filter.SizeBytesMin is not null)
            yield return "kind = 1 AND size_bytes >= $9";
        if (filter.SizeBytesMax is not null)
            yield return "kind = 1 AND size_bytes <= $10";
        if (filter.ModifiedFrom is not null)
            yield return "modified_at >= $11";
        if (filter.ModifiedBefore is not null)
            yield return "modified_at < $12";
    }

    /// <summary>The page comes first, by an index; then its versions, and whether its folders are live, each looked at once.</summary>
    private static string Statement(string page, string order, int rowCount, bool asksLive, bool isOthers = false, string flags = "true") =>
        $"""
        WITH page AS MATERIALIZED (SELECT e.* FROM {page} LIMIT {rowCount}),
        folders AS MATERIALIZED (
            SELECT f.parent_id, entry_is_live(f.parent_id) AS is_live{(isOthers ? ", (SELECT a.role > 0 FROM entry_access(f.parent_id, $1) a) AS is_seen" : "")}
            FROM (SELECT DISTINCT parent_id FROM page WHERE {(asksLive ? "parent_id IS NOT NULL" : "false")}) f
        )
        SELECT {(isOthers ? ColumnsAsSeen : FileRow.Columns)}, {(asksLive ? "e.parent_id IS NULL OR coalesce(f.is_live, false)" : flags)} FROM page e
        LEFT JOIN folders f ON f.parent_id = e.parent_id
        LEFT JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version ORDER BY {order}
        """;

    private static string EscapeLike(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
}
