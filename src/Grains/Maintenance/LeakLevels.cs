using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GrainVault.Diagnostics;

namespace GrainVault.Maintenance;

/// <summary>
/// Bytes that were leaked when the shards of this process last compared store and ledger, as the metric
/// <c>grainvault.store.leaked</c>. Leaked is what lies in the store, as an object or in an unfinished multipart upload, without a row in
/// the ledger, as garbage whose time has passed, or under an intent that nobody needs any more. Not leaked is what is live, what is
/// being written, and garbage that waits for its deletion. The goal is 0 after two sweeps.
/// </summary>
internal sealed class LeakLevels
{
    private readonly ConcurrentDictionary<int, long> _leakedBytes = new();

    public LeakLevels(IMeterFactory? meters = null) =>
        meters?.Create(GrainsMeter.Name).CreateObservableGauge("grainvault.store.leaked", () => LeakedBytes, "By", "Bytes in the store that nobody needs and that nothing waits for");

    /// <summary>Bytes of all shards of this process.</summary>
    public long LeakedBytes => _leakedBytes.Values.Sum();

    /// <summary>Replaces what a shard has found.</summary>
    public void Publish(int shard, long leakedBytes) => _leakedBytes[shard] = leakedBytes;

    /// <summary>Another process publishes for the shard from now on.</summary>
    public void Clear(int shard) => _leakedBytes.TryRemove(shard, out _);
}
