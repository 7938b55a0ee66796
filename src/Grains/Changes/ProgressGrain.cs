using GrainVault.Data;
using GrainVault.Uploads;
using Orleans;

namespace GrainVault.Changes;

/// <summary>Who watches a user's uploads, and what has come further since they asked last.</summary>
[GrainType("pr")]
internal sealed class ProgressGrain(CatalogueDatabase database, TimeProvider time) : Grain, IProgressGrain
{
    /// <summary>Watchers of one user; more are told nothing.</summary>
    private const int WatcherCountMax = 32;

    /// <summary>Sessions that are told of at once; of more, the rest with the next answer.</summary>
    private const int SessionCountMax = 100;

    /// <summary>Sessions that a watcher may be behind with; what else comes further is told when it comes further again.</summary>
    private const int BehindCountMax = 1_000;

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(20);

    /// <summary>Steps that come within this time are told as one.</summary>
    private static readonly TimeSpan CoalescingTime = TimeSpan.FromMilliseconds(500);

    /// <summary>Silence after which a watcher has gone.</summary>
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, Watcher> _watchers = new(StringComparer.Ordinal);

    private string UserId => this.GetPrimaryKeyString()["pr-".Length..];

    /// <inheritdoc/>
    public Task<bool> NoteAsync(string uploadId, CancellationToken cancellationToken = default)
    {
        foreach (var watcher in _watchers.Values)
        {
            if (watcher.Behind.Count < BehindCountMax)
                watcher.Behind.Add(uploadId);
            watcher.Signal.TrySetResult();
        }

        return Task.FromResult(_watchers.Count > 0);
    }

    /// <inheritdoc/>
    public async Task<List<UploadProgress>> ReadAsync(string watcherId, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        if (Caller.UserId != UserId || Enter(watcherId) is not { } watcher)
            return [];
        watcher.SeenAt = null;
        try
        {
            if (watcher.Behind.Count == 0)
            {
                await watcher.Signal.Task.WaitAsync(wait < WaitMax ? wait : WaitMax, time, cancellationToken);
                await Task.Delay(CoalescingTime, time, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return [];
        }
        finally
        {
            watcher.SeenAt = time.GetTimestamp();
        }

        var ids = watcher.Behind.Take(SessionCountMax).ToArray();
        watcher.Behind.ExceptWith(ids);
        watcher.Signal = NewSignal();
        return await FindAsync(ids, cancellationToken);
    }

    private Watcher? Enter(string watcherId)
    {
        foreach (var (id, watcher) in _watchers)
        {
            if (id != watcherId && watcher.SeenAt is { } seenAt && time.GetElapsedTime(seenAt) > SilenceMax)
                _watchers.Remove(id);
        }

        if (_watchers.TryGetValue(watcherId, out var known))
            return known;
        if (_watchers.Count >= WatcherCountMax)
            return null;
        return _watchers[watcherId] = new Watcher();
    }

    private Task<List<UploadProgress>> FindAsync(string[] ids, CancellationToken cancellationToken) =>
        database.ReadAsync(
            """
            SELECT u.id, u.state, u.file_id, u.size_bytes, u.part_count, p.count, p.bytes FROM uploads u CROSS JOIN LATERAL (
                SELECT count(*)::integer AS count, coalesce(sum(size_bytes), 0)::bigint AS bytes FROM upload_parts WHERE upload_id = u.id) p
            WHERE u.id = ANY ($1) AND coalesce(u.uploader_id, u.owner_id) = $2 ORDER BY u.id
            """,
            parameters => parameters.Texts(ids).Text(UserId),
            reader => reader.RowsAsync(row => new UploadProgress(
                row.GetString(0), (UploadState)row.GetInt16(1), row.GetString(2), row.LongOrNull(3), row.IntegerOrNull(4), row.GetInt32(5), row.GetInt64(6))),
            cancellationToken);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Watcher
    {
        public HashSet<string> Behind { get; } = new(StringComparer.Ordinal);

        public TaskCompletionSource Signal { get; set; } = NewSignal();

        /// <summary>When it asked last; null while it waits.</summary>
        public long? SeenAt { get; set; }
    }
}
