using GrainVault.Data;

namespace GrainVault.Files;

/// <summary>
/// What a reader may do with entries of others in a list: asked with every page and kept nowhere, since shares come and go without the
/// entry. A list of the reader's own entries asks for nothing.
/// </summary>
internal sealed class EntryRoles(CatalogueDatabase database)
{
    /// <summary>
    /// Parameters: entries, the folder of each, user. The share of the entry itself is the nearest; otherwise its role is that of its folder,
    /// which <c>entry_access</c> decides once for each folder.
    /// </summary>
    private const string Sql =
        """
        WITH asked AS MATERIALIZED (
            SELECT t.id, t.parent_id, (SELECT s.role FROM shares s WHERE s.entry_id = t.id AND s.user_id = $3) AS role
            FROM unnest($1, $2) AS t (id, parent_id)
        ),
        folders AS MATERIALIZED (
            SELECT f.parent_id, (SELECT a.role FROM entry_access(f.parent_id, $3) a) AS role
            FROM (SELECT DISTINCT parent_id FROM asked WHERE role IS NULL AND parent_id IS NOT NULL) f
        )
        SELECT a.id, coalesce(a.role, f.role) FROM asked a LEFT JOIN folders f ON f.parent_id = a.parent_id
        WHERE coalesce(a.role, f.role) IS NOT NULL
        """;

    /// <summary>The entries, those of others with the role that the reader has: at most one statement.</summary>
    /// <param name="entries">Entries that the reader may read, in the folders in which he sees them.</param>
    /// <param name="userId">The reader.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async ValueTask<List<Entry>> ShowAsync(List<Entry> entries, string userId, CancellationToken cancellationToken)
    {
        var others = entries.FindAll(entry => entry.OwnerId != userId);
        if (others.Count == 0)
            return entries;
        others = others.DistinctBy(entry => entry.Id).ToList();
        var roles = (await database.ReadAsync(
            Sql,
            parameters => parameters.Texts([.. others.Select(entry => entry.Id)]).Texts([.. others.Select(entry => entry.ParentId!)]).Text(userId),
            reader => reader.RowsAsync(row => (Id: row.GetString(0), Role: (EntryRole)row.GetInt32(1))),
            cancellationToken)).ToDictionary(row => row.Id, row => row.Role, StringComparer.Ordinal);
        return entries.ConvertAll(entry => roles.TryGetValue(entry.Id, out var role) ? entry with { Role = role.AsShare() } : entry);
    }
}
