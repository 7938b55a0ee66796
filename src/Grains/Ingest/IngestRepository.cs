using GrainVault.Data;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Ingest;

/// <summary>An object of which an event came.</summary>
/// <param name="Key">Its key.</param>
/// <param name="EventCount">Events so far: with more, there is something new to look at.</param>
/// <param name="AttemptCount">Looks that failed so far.</param>
internal sealed record DueObject(string Key, long EventCount, int AttemptCount);

/// <summary>Statements on objects of which events came.</summary>
internal sealed class IngestRepository(CatalogueDatabase database, IOptions<IngestOptions> options)
{
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromHours(1);

    /// <summary>Writes keys down; a key that waits already is due at once. In order, so that two notifications of the same keys wait and don't lock each other out.</summary>
    public Task AddAsync(int shard, string[] keys, CancellationToken cancellationToken) =>
        database.ExecuteRepeatablyAsync(
            """
            INSERT INTO store_events (key, shard) SELECT DISTINCT k, $1 FROM unnest($2) k ORDER BY k
            ON CONFLICT (key) DO UPDATE SET event_count = store_events.event_count + 1, attempt_count = 0, due_at = now()
            """,
            parameters => parameters.Integer(shard).Texts(keys),
            cancellationToken);

    /// <summary>True when as many keys wait as may.</summary>
    public Task<bool> IsFullAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT count(*) >= $2 FROM (SELECT 1 FROM store_events WHERE shard = $1 ORDER BY due_at LIMIT $2) waiting",
            parameters => parameters.Integer(shard).Integer(options.Value.WaitingMax),
            async reader => await reader.ReadAsync(cancellationToken) && reader.GetBoolean(0),
            cancellationToken);

    /// <summary>Objects that are due, longest first.</summary>
    public Task<List<DueObject>> FindDueAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT key, event_count, attempt_count FROM store_events WHERE shard = $1 AND due_at <= now() ORDER BY due_at LIMIT $2",
            parameters => parameters.Integer(shard).Integer(options.Value.BatchLength),
            reader => reader.RowsAsync(row => new DueObject(row.GetString(0), row.GetInt64(1), row.GetInt32(2))),
            cancellationToken);

    /// <summary>Removes an object that was looked at, unless another event came meanwhile.</summary>
    public Task RemoveAsync(DueObject item) =>
        database.ExecuteAsync(
            "DELETE FROM store_events WHERE key = $1 AND event_count = $2", parameters => parameters.Text(item.Key).Long(item.EventCount));

    /// <summary>Puts an object off that could not be looked at.</summary>
    public Task PutOffAsync(DueObject item)
    {
        var delay = options.Value.RetryDelay * Math.Pow(2, Math.Min(item.AttemptCount, 20));
        return database.ExecuteAsync(
            "UPDATE store_events SET attempt_count = attempt_count + 1, due_at = now() + $2 WHERE key = $1",
            parameters => parameters.Text(item.Key).Interval(delay < RetryDelayMax ? delay : RetryDelayMax));
    }
}
