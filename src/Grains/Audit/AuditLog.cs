using GrainVault.Data;

namespace GrainVault.Audit;

/// <summary>Writes to the audit what changes nothing in the catalogue, such as sign-ins. Done when it is durable.</summary>
internal sealed class AuditLog(CatalogueDatabase database)
{
    /// <summary>Appends one row to a chain.</summary>
    /// <param name="ownerId">Whose chain.</param>
    /// <param name="note">What happened.</param>
    /// <param name="actorId">The user who did it, where the call does not carry one yet; null for the caller.</param>
    /// <param name="entryId">What it happened to; null for nothing.</param>
    public Task AppendAsync(string ownerId, AuditNote note, string? actorId = null, string? entryId = null)
    {
        var context = AuditContext.Now(actorId: actorId);
        return database.QueryAsync(
            "SELECT audit_note_later($1, $2, $3, $4, $5)",
            parameters => parameters.Text(context).Text(ownerId).Text(note.Action).Text(entryId).Text(note.Detail),
            reader => reader.ReadAsync());
    }
}
