using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Ingest;

/// <summary>
/// One of 16 shards that take what the store says about objects that arrived without us. Keys <c>i-0</c> to <c>i-15</c>; an
/// object's shard is <see cref="IngestShards.Of"/> its key.
/// </summary>
[Alias("gv.IIngestGrain")]
public interface IIngestGrain : IGrainWithStringKey
{
    /// <summary>Takes keys of objects for which an event came. Durable on return; what follows from them happens afterwards.</summary>
    /// <param name="keys">Up to 3,000 keys of this shard.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False when too many wait already; then nothing was taken, and the store may send it again later.</returns>
    [AlwaysInterleave, Alias("Receive")]
    Task<bool> ReceiveAsync(string[] keys, CancellationToken cancellationToken = default);

    /// <summary>Called by the janitor: works on what is due, as after a crash or a store that was away. Returns how many.</summary>
    [AlwaysInterleave, ResponseTimeout("00:10:00"), Alias("Run")]
    Task<int> RunAsync(CancellationToken cancellationToken = default);
}

/// <summary>Spreads objects over shards.</summary>
public static class IngestShards
{
    /// <summary>Number of shards.</summary>
    public const int Count = 16;

    private const uint FnvBasis = 2_166_136_261;
    private const uint FnvPrime = 16_777_619;

    /// <summary>The shard of a key, 0 to 15; the same in every process and release (FNV-1a over its UTF-16 code units).</summary>
    public static int Of(string key)
    {
        var hash = FnvBasis;
        foreach (var unit in key)
            hash = unchecked((hash ^ unit) * FnvPrime);
        return (int)(hash % Count);
    }
}
