using Orleans;

namespace GrainVault.Administration;

/// <summary>One writer for all processes, so that the log stays within its bounds; it keeps nothing.</summary>
[GrainType("sa")]
internal sealed class StorageActivityGrain(StoreCallRepository repository) : Grain, IStorageActivityGrain
{
    /// <inheritdoc/>
    public Task AppendAsync(string process, List<StoreCallRecord> calls, CancellationToken cancellationToken = default)
    {
        Invariant.That(calls.Count <= IStorageActivityGrain.CallCountMax, "calls come in batches of a bounded size");
        return calls.Count == 0 ? Task.CompletedTask : repository.AppendAsync(process, calls);
    }
}
