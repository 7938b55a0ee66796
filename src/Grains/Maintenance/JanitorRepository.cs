using GrainVault.Data;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Options;

namespace GrainVault.Maintenance;

/// <summary>Garbage that is due to be deleted.</summary>
/// <param name="Key">Key of the object.</param>
/// <param name="IsMultipart">It may have multipart uploads that nobody knows.</param>
/// <param name="DeletedCount">How often it was deleted already: 0 or 1.</param>
internal sealed record GarbageRow(string Key, bool IsMultipart, int DeletedCount);

/// <summary>An object in the store that should not be there.</summary>
/// <param name="Key">Its key.</param>
/// <param name="IsUnknown">The ledger does not know it; else its time there has passed.</param>
internal sealed record LeakedRow(string Key, bool IsUnknown);

/// <summary>A version whose SHA-256 is not known.</summary>
internal sealed record UnhashedRow(string FileId, int Number, string ObjectKey, long SizeBytes);

/// <summary>What is due in one shard, and the statements that say it is done. Time is that of PostgreSQL.</summary>
internal sealed class JanitorRepository(CatalogueDatabase database, IObjectStore store, IOptions<JanitorOptions> options)
{
    /// <summary>Ended sessions that a run removes; each may have 10,000 parts.</summary>
    private const int EndedUploadCountMax = 50;

    /// <summary>What tickets outlive their time: longer than clocks differ.</summary>
    private static readonly TimeSpan TicketSlack = TimeSpan.FromHours(1);

    private int RowCountMax => options.Value.RowCountMax;

    /// <summary>Sessions whose completion nobody finishes, and those whose time is over.</summary>
    public Task<List<string>> FindDueUploadsAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            """
            (SELECT id FROM uploads WHERE state = 2 AND touched_at <= now() - $3 AND (hashtext(id) & 15) = $1 ORDER BY touched_at LIMIT $2)
            UNION ALL
            (SELECT id FROM uploads WHERE state IN (1, 3) AND expires_at <= now() AND (hashtext(id) & 15) = $1 ORDER BY expires_at LIMIT $2)
            UNION
            (SELECT id FROM uploads WHERE state = 1 AND staging_key IS NOT NULL AND staged_look_at <= now() AND (hashtext(id) & 15) = $1
            ORDER BY staged_look_at LIMIT $2)
            """,
            parameters => parameters.Integer(shard).Integer(RowCountMax).Interval(options.Value.CompletionAge),
            reader => reader.RowsAsync(row => row.GetString(0)),
            cancellationToken);

    /// <summary>Ends the time of visitors' sessions whose link has expired or is gone; returns of how many.</summary>
    public Task<int> ExpireVisitsAsync(int shard, CancellationToken cancellationToken) =>
        database.QueryAsync(
            "SELECT expire_visits($1, $2)",
            parameters => parameters.Integer(shard).Integer(RowCountMax),
            async reader => await reader.ReadAsync(cancellationToken) ? reader.GetInt32(0) : 0,
            cancellationToken);

    /// <summary>Folders whose removal for good has begun and not ended.</summary>
    public Task<List<string>> FindPurgesAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT id FROM entries WHERE purging_at IS NOT NULL AND (hashtext(id) & 15) = $1 ORDER BY purging_at LIMIT $2",
            parameters => parameters.Integer(shard).Integer(RowCountMax),
            reader => reader.RowsAsync(row => row.GetString(0)),
            cancellationToken);

    /// <summary>Entries that have another owner, of which not all grains are known to have been told.</summary>
    public Task<List<string>> FindTransfersAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT entry_id FROM transfers WHERE accepted_at IS NOT NULL AND (hashtext(entry_id) & 15) = $1 ORDER BY accepted_at LIMIT $2",
            parameters => parameters.Integer(shard).Integer(RowCountMax),
            reader => reader.RowsAsync(row => row.GetString(0)),
            cancellationToken);

    /// <summary>Users whose trash is being emptied.</summary>
    public Task<List<string>> FindEmptyingAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT id FROM users WHERE trash_emptied_at IS NOT NULL AND (hashtext(id) & 15) = $1 ORDER BY trash_emptied_at LIMIT $2",
            parameters => parameters.Integer(shard).Integer(RowCountMax),
            reader => reader.RowsAsync(row => row.GetString(0)),
            cancellationToken);

    /// <summary>Entries that have been in the trash for too long, with the time at which they came there.</summary>
    public async Task<List<(string Id, DateTimeOffset TrashedAt)>> FindOldTrashAsync(int shard, CancellationToken cancellationToken) =>
        options.Value.TrashAge == TimeSpan.Zero ? [] : await database.ReadAsync(
            """
            SELECT id, deleted_at FROM entries
            WHERE deleted_at < now() - $3 AND purging_at IS NULL AND (hashtext(id) & 15) = $1 ORDER BY deleted_at LIMIT $2
            """,
            parameters => parameters.Integer(shard).Integer(RowCountMax).Interval(options.Value.TrashAge),
            reader => reader.RowsAsync(row => (row.GetString(0), row.Time(1))),
            cancellationToken);

    /// <summary>Versions that were replaced too long ago.</summary>
    public async Task<List<(string FileId, int Number)>> FindOldVersionsAsync(int shard, CancellationToken cancellationToken) =>
        options.Value.VersionAge == TimeSpan.Zero ? [] : await database.ReadAsync(
            "SELECT file_id, number FROM file_versions WHERE replaced_at < now() - $3 AND (hashtext(file_id) & 15) = $1 ORDER BY replaced_at LIMIT $2",
            parameters => parameters.Integer(shard).Integer(RowCountMax).Interval(options.Value.VersionAge),
            reader => reader.RowsAsync(row => (row.GetString(0), row.GetInt32(1))),
            cancellationToken);

    /// <summary>Turns intents whose deadline has passed into garbage; returns how many.</summary>
    public Task<int> ExpireIntentsAsync(int shard, CancellationToken cancellationToken) =>
        database.QueryAsync(
            "SELECT expire_intents($1, $2)",
            parameters => parameters.Integer(shard).Integer(RowCountMax),
            async reader => await reader.ReadAsync(cancellationToken) ? reader.GetInt32(0) : 0,
            cancellationToken);

    /// <summary>Multipart uploads of garbage that the store may still hold; what lies in another store waits until that is configured again.</summary>
    public Task<List<(string Key, string StoreUploadId)>> FindAbortsAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            """
            SELECT key, store_upload_id FROM objects
            WHERE state = 'garbage' AND store_upload_id IS NOT NULL AND store = $3 AND (hashtext(key) & 15) = $1
            ORDER BY garbage_at LIMIT $2
            """,
            parameters => parameters.Integer(shard).Integer(RowCountMax).Text(store.Profile.Name),
            reader => reader.RowsAsync(row => (row.GetString(0), row.GetString(1))),
            cancellationToken);

    /// <summary>Notes that the store holds nothing of a multipart upload any more.</summary>
    public Task RecordAbortAsync(string key, string storeUploadId) =>
        database.ExecuteAsync(
            "UPDATE objects SET store_upload_id = NULL WHERE key = $1 AND store_upload_id = $2 AND coalesce(state, '') = 'garbage'",
            parameters => parameters.Text(key).Text(storeUploadId));

    /// <summary>Garbage that has waited long enough for its first or its second deletion.</summary>
    public Task<List<GarbageRow>> FindGarbageAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            """
            SELECT key, multipart, deleted_count FROM objects
            WHERE state = 'garbage' AND store_upload_id IS NULL AND coalesce(deleted_at, garbage_at) <= now() - $3
                AND (deleted_count = 0 OR coalesce(urls_until, '-infinity') <= now() - $3)
                AND store = $4 AND (hashtext(key) & 15) = $1
            ORDER BY garbage_at LIMIT $2
            """,
            parameters => parameters.Integer(shard).Integer(RowCountMax).Interval(options.Value.GarbageDelay).Text(store.Profile.Name),
            reader => reader.RowsAsync(row => new GarbageRow(row.GetString(0), row.GetBoolean(1), row.GetInt16(2))),
            cancellationToken);

    /// <summary>Notes a deletion: the first is counted, with the second the row goes.</summary>
    public Task RecordDeletionAsync(GarbageRow garbage) =>
        database.ExecuteAsync(
            garbage.DeletedCount == 0
                ? "UPDATE objects SET deleted_count = 1, deleted_at = now() WHERE key = $1 AND coalesce(state, '') = 'garbage' AND deleted_count = 0"
                : "DELETE FROM objects WHERE key = $1 AND coalesce(state, '') = 'garbage' AND deleted_count = 1",
            parameters => parameters.Text(garbage.Key));

    /// <summary>
    /// Removes rows that have had their time: idempotency keys, ids of removed entries, offers that nobody took, and ended sessions with their parts.
    /// Which ones is found first, by itself, so that each goes by its key, however many the planner expects.
    /// </summary>
    public async Task<int> RemoveOldAsync(CancellationToken cancellationToken) =>
        await database.ExecuteAsync(
            "DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(SELECT ctid FROM idempotency_keys WHERE created_at < now() - $1 ORDER BY created_at LIMIT $2))",
            parameters => parameters.Interval(options.Value.IdempotencyKeyAge).Integer(RowCountMax),
            cancellationToken)
        + await database.ExecuteAsync(
            "DELETE FROM removed_entries WHERE id = ANY (ARRAY(SELECT id FROM removed_entries WHERE removed_at < now() - $1 ORDER BY removed_at LIMIT $2))",
            parameters => parameters.Interval(options.Value.EndedUploadAge).Integer(RowCountMax),
            cancellationToken)
        + await database.ExecuteAsync(
            "DELETE FROM link_tickets WHERE ticket_hash = ANY (ARRAY(SELECT ticket_hash FROM link_tickets WHERE expires_at < now() - $1 ORDER BY expires_at LIMIT $2))",
            parameters => parameters.Interval(TicketSlack).Integer(RowCountMax),
            cancellationToken)
        + await database.QueryAsync(
            "SELECT expire_transfers($1)",
            parameters => parameters.Integer(RowCountMax),
            async reader => await reader.CodeAsync() ?? 0,
            cancellationToken)
        + await database.ExecuteAsync(
            "DELETE FROM uploads WHERE id = ANY (ARRAY(SELECT id FROM uploads WHERE state >= 4 AND ended_at < now() - $1 ORDER BY ended_at LIMIT $2))",
            parameters => parameters.Interval(options.Value.EndedUploadAge).Integer(EndedUploadCountMax),
            cancellationToken);

    public Task<List<UnhashedRow>> FindUnhashedAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            """
            SELECT file_id, number, object_key, size_bytes FROM file_versions
            WHERE sha256 IS NULL AND object_key IS NOT NULL AND (hashtext(file_id) & 15) = $1 ORDER BY created_at, file_id LIMIT $2
            """,
            parameters => parameters.Integer(shard).Integer(RowCountMax),
            reader => reader.RowsAsync(row => new UnhashedRow(row.GetString(0), row.GetInt32(1), row.GetString(2), row.GetInt64(3))),
            cancellationToken);

    /// <summary>True when the shard's part of the store is to be compared with the ledger.</summary>
    public Task<bool> IsSweepDueAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT NOT EXISTS (SELECT 1 FROM janitor_shards WHERE shard = $1 AND swept_at > now() - $2)",
            parameters => parameters.Integer(shard).Interval(options.Value.SweepPeriod),
            async reader => await reader.ReadAsync(cancellationToken) && reader.GetBoolean(0),
            cancellationToken);

    public Task RecordSweepAsync(int shard) =>
        database.ExecuteAsync(
            "INSERT INTO janitor_shards (shard, swept_at) VALUES ($1, now()) ON CONFLICT (shard) DO UPDATE SET swept_at = excluded.swept_at",
            parameters => parameters.Integer(shard));

    /// <summary>Of these keys in the store, those whose object should not be there, or not any more.</summary>
    public Task<List<LeakedRow>> FindLeakedAsync(string[] keys, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT k, o.key IS NULL FROM unnest($1) k LEFT JOIN objects o ON o.key = k WHERE o.key IS NULL OR object_is_overdue(o, $2)",
            parameters => parameters.Texts(keys).Interval(options.Value.GarbageDelay),
            reader => reader.RowsAsync(row => new LeakedRow(row.GetString(0), row.GetBoolean(1))),
            cancellationToken);

    /// <summary>State of the row that has this multipart upload; null when the ledger does not know it.</summary>
    public Task<string?> FindUploadStateAsync(ListedUpload upload, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT state FROM objects WHERE key = $1 AND store_upload_id = $2",
            parameters => parameters.Text(upload.Key).Text(upload.StoreUploadId),
            reader => reader.RowAsync(row => row.GetString(0)),
            cancellationToken);

    /// <summary>Takes unknown keys into the ledger as garbage, so that they are deleted by the one way in which anything is.</summary>
    public Task<int> AdoptAsync(string[] keys) =>
        database.ExecuteAsync(
            """
            INSERT INTO objects (key, store, state, garbage_at) SELECT k, $2, 'garbage', now() FROM unnest($1) k ON CONFLICT DO NOTHING
            """,
            parameters => parameters.Texts(keys).Text(store.Profile.Name));
}
