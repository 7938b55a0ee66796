using GrainVault.Data;
using GrainVault.Ingest;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Options;

namespace GrainVault.Inbox;

/// <summary>An object of the inbox that is to be looked at.</summary>
/// <param name="Key">Its key.</param>
/// <param name="NoticeCount">Events so far: with more, there is something new to look at.</param>
/// <param name="AttemptCount">Attempts that came to nothing so far.</param>
/// <param name="Reason">Why it stayed at the last attempt; null when it did not.</param>
internal sealed record InboxRow(string Key, long NoticeCount, int AttemptCount, string? Reason);

/// <summary>The intent of a copy as the ledger took it.</summary>
/// <param name="Refusal">0 when the file is there already, null to go on.</param>
/// <param name="FileId">Id of the file that the object becomes; null when refused.</param>
internal sealed record AdoptionIntent(int? Refusal, string? FileId);

/// <summary>Objects that stay in the inbox for one reason.</summary>
internal sealed record InboxLevel(string Reason, long ObjectCount, long SizeBytes);

/// <summary>The ledger of the inbox. Time is that of PostgreSQL.</summary>
internal sealed class InboxRepository(
    CatalogueDatabase database, IObjectStore store, IOptions<InboxOptions> options, IOptions<JanitorOptions> janitor, IOptions<LimitsOptions> limits)
{
    private const int BackoffStepMax = 20;

    /// <summary>Takes note of objects for which an event came; they are due at once.</summary>
    public Task NoticeAsync(string[] keys, CancellationToken cancellationToken) =>
        database.ExecuteRepeatablyAsync(
            """
            INSERT INTO inbox_objects (key, shard) SELECT DISTINCT k, s FROM unnest($1, $2) AS n (k, s)
            ON CONFLICT (key) DO UPDATE SET notice_count = inbox_objects.notice_count + 1, next_attempt_at = now()
            """,
            parameters => parameters.Texts(keys).Integers(Array.ConvertAll(keys, IngestShards.Of)),
            cancellationToken);

    /// <summary>Takes note of objects that a listing showed; those that are known keep their turn.</summary>
    public Task NoticeListedAsync(string[] keys, CancellationToken cancellationToken) =>
        database.ExecuteRepeatablyAsync(
            """
            INSERT INTO inbox_objects (key, shard) SELECT DISTINCT k, s FROM unnest($1, $2) AS n (k, s)
            ON CONFLICT (key) DO UPDATE SET listed_at = now() WHERE inbox_objects.next_attempt_at IS NULL
            """,
            parameters => parameters.Texts(keys).Integers(Array.ConvertAll(keys, IngestShards.Of)),
            cancellationToken);

    /// <summary>Takes the right to list the inbox; returns when, or null when it is not due.</summary>
    public Task<DateTimeOffset?> BeginListingAsync(CancellationToken cancellationToken) =>
        database.QueryAsync(
            """
            INSERT INTO inbox_listing AS l (listed_at) VALUES (now())
            ON CONFLICT (singleton) DO UPDATE SET listed_at = now() WHERE l.listed_at <= now() - $1
            RETURNING listed_at
            """,
            parameters => parameters.Interval(options.Value.ListPeriod),
            async reader => await reader.ReadAsync(cancellationToken) ? reader.Time(0) : (DateTimeOffset?)null,
            cancellationToken);

    /// <summary>Forgets objects that only a listing can show, and this one did not.</summary>
    public Task EndListingAsync(DateTimeOffset begunAt, CancellationToken cancellationToken) =>
        database.ExecuteRepeatablyAsync(
            "DELETE FROM inbox_objects WHERE next_attempt_at IS NULL AND listed_at < $1", parameters => parameters.Time(begunAt), cancellationToken);

    /// <summary>Objects that are known.</summary>
    public Task<long> CountAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT count(*) FROM inbox_objects", _ => { }, async reader => await reader.ReadAsync(cancellationToken) ? reader.GetInt64(0) : 0, cancellationToken);

    /// <summary>What stays in the inbox, by reason.</summary>
    public Task<List<InboxLevel>> CountRefusedAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT reason, count(*), coalesce(sum(size_bytes), 0)::bigint FROM inbox_objects WHERE state = 'refused' GROUP BY reason",
            _ => { },
            reader => reader.RowsAsync(row => new InboxLevel(row.GetString(0), row.GetInt64(1), row.GetInt64(2))),
            cancellationToken);

    /// <summary>Objects that are due, longest first.</summary>
    public Task<List<InboxRow>> FindDueAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            """
            SELECT key, notice_count, attempt_count, reason FROM inbox_objects
            WHERE shard = $1 AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT $2
            """,
            parameters => parameters.Integer(shard).Integer(options.Value.BatchLength),
            reader => reader.RowsAsync(row => new InboxRow(row.GetString(0), row.GetInt64(1), row.GetInt32(2), row.TextOrNull(3))),
            cancellationToken);

    /// <summary>Writes down what is about to be copied and where to.</summary>
    /// <param name="key">Key of the source.</param>
    /// <param name="source">The source as it is.</param>
    /// <param name="owner">Whose file it becomes.</param>
    /// <param name="fileId">Id of the file, unless an earlier attempt at the same object has fixed another.</param>
    /// <param name="objectKey">Fresh key of the copy; null for an empty object, which needs none.</param>
    public Task<AdoptionIntent> IntendAsync(string key, StoredObject source, string owner, string fileId, string? objectKey) =>
        database.QueryAsync(
            "SELECT refusal, file FROM intend_adoption($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            parameters => parameters.Text(key).Text(source.ETag).Long(source.SizeBytes).Text(owner).Long(limits.Value.QuotaBytes).Text(fileId)
                .Text(objectKey).Text(store.Profile.Name)
                // Past this size a store copies in pieces, and a copy that is cut short leaves a multipart upload.
                .Boolean(source.SizeBytes > store.Profile.PutSizeBytesMax)
                .Interval(store.Profile.CopyTimeout + janitor.Value.IntentSlack).Interval(options.Value.RetryDelay),
            async reader => new AdoptionIntent(await reader.CodeAsync(), reader.TextOrNull(1)));

    /// <summary>Notes that the file is there, and gives up the copy where another attempt was faster.</summary>
    public Task RecordCommitAsync(string key, StoredObject source, string? objectKey) =>
        database.ExecuteAsync(
            """
            WITH noted AS (UPDATE inbox_objects SET state = 'committed' WHERE key = $1 AND etag = $2 AND state = 'copying')
            UPDATE objects SET state = 'garbage', garbage_at = now(), intent_deadline = NULL WHERE key = $3 AND coalesce(state, '') = 'intended'
            """,
            parameters => parameters.Text(key).Text(source.ETag).Text(objectKey));

    /// <summary>Forgets an object that is not in the inbox any more, unless an event came meanwhile; what was intended for it is garbage.</summary>
    public Task ForgetAsync(InboxRow item) =>
        database.ExecuteAsync(
            """
            WITH gone AS (DELETE FROM inbox_objects WHERE key = $1 AND notice_count = $2 RETURNING object_key)
            UPDATE objects SET state = 'garbage', garbage_at = now(), intent_deadline = NULL
            WHERE key IN (SELECT object_key FROM gone) AND coalesce(state, '') = 'intended'
            """,
            parameters => parameters.Text(item.Key).Long(item.NoticeCount));

    /// <summary>The object in the inbox is another one by now: it is looked at as if it had just come.</summary>
    public Task LookAgainAsync(string key) =>
        database.ExecuteAsync(
            "UPDATE inbox_objects SET state = 'noticed', reason = NULL, attempt_count = 0, next_attempt_at = now() WHERE key = $1",
            parameters => parameters.Text(key));

    /// <summary>Notes why an object stays, and when it is tried again.</summary>
    /// <param name="item">The object.</param>
    /// <param name="source">Its size and ETag; null when it can't be asked for, and then only a listing is of help.</param>
    /// <param name="reason">One of <see cref="InboxReasons"/>.</param>
    public Task RefuseAsync(InboxRow item, StoredObject? source, string reason) =>
        database.ExecuteAsync(
            """
            WITH refused AS (
                UPDATE inbox_objects SET state = 'refused', reason = $2, etag = $3, size_bytes = $4,
                    file_id = CASE WHEN etag = $3 THEN file_id END, attempt_count = attempt_count + 1,
                    next_attempt_at = CASE WHEN $3 IS NULL THEN NULL WHEN notice_count = $6 THEN now() + $5 ELSE now() END
                WHERE key = $1 RETURNING object_key
            )
            UPDATE objects SET state = 'garbage', garbage_at = now(), intent_deadline = NULL
            WHERE key IN (SELECT object_key FROM refused) AND coalesce(state, '') = 'intended'
            """,
            parameters => parameters.Text(item.Key).Text(reason).Text(source?.ETag).Long(source?.SizeBytes).Interval(DelayAfter(item.AttemptCount))
                .Long(item.NoticeCount));

    /// <summary>Puts an object off whose attempt came to nothing.</summary>
    public Task PutOffAsync(InboxRow item) =>
        database.ExecuteAsync(
            "UPDATE inbox_objects SET attempt_count = attempt_count + 1, next_attempt_at = now() + $2 WHERE key = $1 AND notice_count = $3",
            parameters => parameters.Text(item.Key).Interval(DelayAfter(item.AttemptCount)).Long(item.NoticeCount));

    private TimeSpan DelayAfter(int attemptCount)
    {
        var delay = options.Value.RetryDelay * Math.Pow(2, Math.Min(attemptCount, BackoffStepMax));
        return delay < options.Value.RetryDelayMax ? delay : options.Value.RetryDelayMax;
    }
}
