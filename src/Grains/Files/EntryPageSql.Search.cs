namespace GrainVault.Files;

/// <summary>
/// Statements that look for a text anywhere in names. Two ways make every search quick: where many names have the text, the page is full
/// after a short walk along its order; where few have it, the index of characters finds them all, and they are sorted.
/// </summary>
internal static partial class EntryPageSql
{
    /// <summary>
    /// Rows that are walked for each row of a page. When that does not fill the page, fewer than one name in so many has the text, at least
    /// there, and all of them are worth being sorted.
    /// </summary>
    private const int WalkedRowsPerRow = 50;

    /// <summary>Rows of a folder that one statement of a search in it walks.</summary>
    public const int FolderRowsWalked = 500;

    /// <summary>
    /// The statement of a search in one folder, with the parameters of <see cref="Page"/>: it walks so many rows along the folder's order, and gives
    /// those that have the text and the last one, if it came so far. Behind the entry: whether it has the text, and whether more may follow it.
    /// </summary>
    public static string FolderSearchPage(EntryQuery query, bool isFirstPage, int count)
    {
        var isByName = SortOf(query) == EntrySort.Name;
        // Names are unique in a folder, and its index ends with them.
        string[] keys = isByName ? ["parent_id", "name_key"] : ["parent_id", Column(query), "id"];
        string Order(string table) => string.Join(", ", keys.Select(key => $"{table}{key} {(IsDescending(query) ? "DESC" : "ASC")}"));
        return Statement(
            $"""
            (SELECT w.*, {string.Join(" AND ", [Matches(query), .. Filters(query)])} AS is_found, row_number() OVER () = {FolderRowsWalked} AS is_last
            FROM (SELECT * FROM entries WHERE owner_id = $1 AND deleted_at IS NULL AND {string.Join(" AND ", FolderPiece(query, isFirstPage))} ORDER BY {Order("")} LIMIT {FolderRowsWalked}) w) e
            WHERE e.is_found OR e.is_last ORDER BY {Order("")}
            """,
            Order("e."),
            RowCount(count),
            asksLive: false,
            flags: "e.is_found, e.is_last");
    }

    /// <summary>True for a search that both ways are for: others have few rows, or an index of their own.</summary>
    public static bool IsSubstring(EntryQuery query) =>
        query is { Search: not null, View: EntryView.Owned or EntryView.Recent or EntryView.Public } and not { Filter.IsPrefix: true };

    /// <summary>
    /// The statement of a page, with the parameters of <see cref="Page"/>, of which only the first rows in its order are looked at: fewer rows
    /// than a page's say nothing about what follows.
    /// </summary>
    public static string WalkedPage(EntryQuery query, bool isFirstPage, int count)
    {
        List<string> walked = ["owner_id = $1", .. Index(query)];
        if (!isFirstPage)
            walked.Add(After(query));
        var rowCount = RowCount(count);
        return SearchStatement(
            query,
            $"(SELECT * FROM entries WHERE {string.Join(" AND ", walked)} {Order(query, "")} LIMIT {rowCount * WalkedRowsPerRow}) e WHERE {string.Join(" AND ", Scope(query).Concat(Filters(query)))}",
            rowCount);
    }

    /// <summary>The statement of the same page by the index of characters.</summary>
    public static string FoundPage(EntryQuery query, bool isFirstPage, int count)
    {
        List<string> conditions = ["owner_id = $1", .. Scope(query), .. Filters(query)];
        if (!isFirstPage)
            conditions.Add(After(query));
        // By itself, so that the planner has no other index to choose: how many names have a text it can only guess.
        return SearchStatement(
            query,
            $"(SELECT * FROM entries WHERE deleted_at IS NULL AND name_grams(owner_id, name_key) @> name_grams($1, $6) OFFSET 0) e WHERE {string.Join(" AND ", conditions)}",
            RowCount(count));
    }

    private static IEnumerable<string> Index(EntryQuery query)
    {
        yield return "deleted_at IS NULL";
        if (query.View == EntryView.Public)
            yield return "visibility = 2";
    }

    private static string SearchStatement(EntryQuery query, string from, int rowCount) =>
        Statement($"{from} {Order(query, "e.")}", Order(query, "e.")["ORDER BY ".Length..], rowCount, asksLive: true);

    private static string Order(EntryQuery query, string table)
    {
        var direction = IsDescending(query) ? "DESC" : "ASC";
        return $"ORDER BY {table}{Column(query)} {direction}, {table}id {direction}";
    }
}
