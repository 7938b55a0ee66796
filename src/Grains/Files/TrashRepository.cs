using GrainVault.Audit;
using GrainVault.Data;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Files;

/// <summary>Something in the trash that is to be removed for good.</summary>
internal sealed record EmptiedEntry(string Id, bool IsFolder, DateTimeOffset TrashedAt);

/// <summary>Commands that empty the trash of an owner, a bounded number of entries at a time.</summary>
internal sealed class TrashRepository(CatalogueDatabase database, IOptions<JanitorOptions> options)
{
    /// <summary>Writes down that what is in the trash now is to be removed for good.</summary>
    public Task BeginAsync(string owner) =>
        database.ExecuteRepeatablyAsync("UPDATE users SET trash_emptied_at = now() WHERE id = $1", parameters => parameters.Text(owner));

    /// <summary>What is to be removed next; from here on nobody sees the files among it. Nothing: the trash has been emptied.</summary>
    public Task<List<EmptiedEntry>> ListAsync(string owner) =>
        database.ReadAsync(
            "SELECT id, is_folder, trashed_at FROM list_emptying($1, $2)",
            parameters => parameters.Text(owner).Integer(options.Value.RowCountMax),
            reader => reader.RowsAsync(row => new EmptiedEntry(row.GetString(0), row.GetBoolean(1), row.Time(2))));

    /// <summary>Removes files that were listed.</summary>
    public Task PurgeAsync(string owner, string[] ids) =>
        database.ExecuteRepeatablyAsync(
            "SELECT purge_emptied($1, $2)",
            parameters => parameters.Text(owner).Texts(ids),
            note: AuditNote.Of(AuditActions.Purge, ("reason", "trash emptied")));
}
