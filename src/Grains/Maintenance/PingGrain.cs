using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Maintenance;

/// <inheritdoc/>
[GrainType("p"), StatelessWorker(1)]
internal sealed class PingGrain : Grain, IPingGrain
{
    /// <inheritdoc/>
    public Task PingAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
}
