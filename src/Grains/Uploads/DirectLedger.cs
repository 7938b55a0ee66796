using GrainVault.Data;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Options;

namespace GrainVault.Uploads;

/// <summary>Ledger of what clients send straight to the store; each command is one statement that is conditional on the session's epoch.</summary>
internal sealed class DirectLedger(CatalogueDatabase database, IOptions<DirectOptions> direct, IOptions<JanitorOptions> janitor)
{
    /// <summary>Notes, before it happens, that URLs are handed out.</summary>
    /// <returns>The session's staging key, empty in a multipart upload; null when the session is no longer ours or open.</returns>
    /// <param name="id">Session.</param>
    /// <param name="epoch">Epoch of the owner.</param>
    /// <param name="stagingKey">Key for a file of one part, taken where the session has none yet; null in a multipart upload.</param>
    /// <param name="lifetime">Life of the URLs.</param>
    public Task<string?> HandOutAsync(string id, long epoch, string? stagingKey, TimeSpan lifetime) =>
        database.QueryAsync(
            "SELECT hand_out_urls($1, $2, $3, $4, $5, $6)",
            parameters => parameters.Text(id).Long(epoch).Text(stagingKey).Interval(lifetime).Interval(janitor.Value.IntentSlack)
                .Interval(direct.Value.StagedLookDelay),
            async reader => await reader.ReadAsync() ? reader.TextOrNull(0) : null);

    /// <summary>
    /// Takes over parts that the store has. What a front end acknowledged stays as it is: it was hashed, and the completion finds
    /// out when somebody has replaced it since.
    /// </summary>
    /// <returns>False when none was taken over: the session is no longer ours or open.</returns>
    public async Task<bool> AdoptAsync(string id, long epoch, IReadOnlyCollection<StoredPart> parts) =>
        await database.ExecuteAsync(
            """
            WITH session AS (SELECT 1 FROM uploads WHERE id = $1 AND epoch = $2 AND coalesce(state, 0) = 1 FOR SHARE)
            INSERT INTO upload_parts (upload_id, number, size_bytes, etag)
            SELECT $1, p.number, p.size, p.etag FROM session, unnest($3, $4, $5) AS p (number, size, etag)
            ON CONFLICT (upload_id, number) DO UPDATE SET size_bytes = excluded.size_bytes, etag = excluded.etag
            WHERE upload_parts.sha256 IS NULL
            """,
            parameters => parameters.Text(id).Long(epoch).Integers([.. parts.Select(part => part.Number)])
                .Longs([.. parts.Select(part => part.SizeBytes)]).Texts([.. parts.Select(part => part.ETag)])) > 0;

    /// <summary>Puts the janitor's next look for the staged object off by as long as the session is old.</summary>
    public Task LookLaterAsync(string id) =>
        database.ExecuteAsync(
            "UPDATE uploads SET staged_look_at = now() + greatest($2, now() - created_at) WHERE id = $1 AND staging_key IS NOT NULL AND coalesce(state, 0) = 1",
            parameters => parameters.Text(id).Interval(direct.Value.StagedLookDelay));

    /// <summary>The session to which an object was sent; null when the key is no staging key of ours.</summary>
    public Task<string?> FindSessionAsync(string stagingKey, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT u.id FROM objects o JOIN uploads u ON u.id = o.upload_id WHERE o.key = $1 AND u.staging_key = o.key",
            parameters => parameters.Text(stagingKey),
            reader => reader.RowAsync(row => row.GetString(0)),
            cancellationToken);
}
