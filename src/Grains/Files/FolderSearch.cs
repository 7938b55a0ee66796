using GrainVault.Data;
using Npgsql;

namespace GrainVault.Files;

/// <summary>
/// Searches what stands in one folder, for everybody who may read it. It looks at nothing but that folder: through all entries of its owner even
/// the ends of pages would tell a reader of names that he may not see.
/// </summary>
internal sealed class FolderSearch(CatalogueDatabase database, ListCursors cursors)
{
    /// <summary>Statements of <see cref="EntryPageSql.FolderRowsWalked"/> rows each for one page. Beyond them the page stays short, and its cursor goes on.</summary>
    public const int RoundCountMax = 40;

    /// <summary>A page of what the folder has with the text in its name. Refusal: NotFound (folder).</summary>
    /// <param name="userId">Who searches.</param>
    /// <param name="query">Folder and text; checked.</param>
    /// <param name="scope">What the cursors are for.</param>
    /// <param name="position">Where the page before ended; null for the first.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    public async Task<EntryPageResult> ListAsync(string userId, EntryQuery query, string scope, string? position, CancellationToken cancellationToken)
    {
        var access = await database.ReadAsync(
            EntryAccess.Sql,
            parameters => parameters.Text(query.ParentId).Text(userId),
            reader => reader.RowAsync(EntryAccess.Read),
            cancellationToken);
        if (access is not { Role: >= EntryRole.Viewer, Kind: EntryKind.Folder, IsLive: true })
            return new EntryPageResult(Refusals.NotFound("folder"), [], null);

        var entries = new List<Entry>();
        // What is changed meanwhile may stand again where the walk comes to later.
        var found = new HashSet<string>(StringComparer.Ordinal);
        for (var round = 1; ; round++)
        {
            var rows = await WalkAsync(access.OwnerId, query, position, cancellationToken);
            foreach (var row in rows)
            {
                var isNew = row.IsFound && !found.Contains(row.Entry.Id);
                // One more than the page takes: something follows.
                if (isNew && entries.Count == query.Limit)
                    return new EntryPageResult(null, entries, await cursors.IssueAsync(scope, position!, cancellationToken));
                position = EntryPageSql.Position(query, row.Entry);
                if (isNew && found.Add(row.Entry.Id))
                    entries.Add(row.Entry);
            }

            if (rows is not [.., { IsLast: true }])
                return new EntryPageResult(null, entries, null);
            if (entries.Count == query.Limit || round == RoundCountMax)
                return new EntryPageResult(null, entries, await cursors.IssueAsync(scope, position!, cancellationToken));
        }
    }

    private Task<List<(Entry Entry, bool IsFound, bool IsLast)>> WalkAsync(
        string ownerId, EntryQuery query, string? position, CancellationToken cancellationToken)
    {
        var count = query.Limit + 1;
        return database.ReadOrderedAsync(
            EntryPageSql.FolderSearchPage(query, position is null, count),
            parameters => EntryPageSql.Bind(parameters, ownerId, query, position),
            reader => ReadAsync(reader, count, cancellationToken),
            cancellationToken);
    }

    private static async Task<List<(Entry Entry, bool IsFound, bool IsLast)>> ReadAsync(NpgsqlDataReader reader, int count, CancellationToken cancellationToken)
    {
        var rows = new List<(Entry, bool, bool)>();
        while (rows.Count < count && await reader.ReadAsync(cancellationToken))
            rows.Add((FileRow.ReadEntry(reader), reader.GetBoolean(FileRow.ColumnCount), reader.GetBoolean(FileRow.ColumnCount + 1)));
        return rows;
    }
}
