using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Inbox;

/// <summary>
/// One of 16 shards that adopt objects of the inbox as files. Keys <c>in-0</c> to <c>in-15</c>; an object's shard is
/// <see cref="Ingest.IngestShards.Of"/> its key.
/// </summary>
[Alias("gv.IInboxGrain")]
public interface IInboxGrain : IGrainWithStringKey
{
    /// <summary>Begins with what is due, and returns at once.</summary>
    [AlwaysInterleave, Alias("Look")]
    Task LookAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Called by the janitor: works on what is due, as after a crash or a store that was away, and returns how many objects it has begun
    /// with. It waits for them for a bounded time: a large copy goes on without being waited for.
    /// </summary>
    [AlwaysInterleave, ResponseTimeout("00:02:00"), Alias("Run")]
    Task<int> RunAsync(CancellationToken cancellationToken = default);
}
