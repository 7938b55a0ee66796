using GrainVault.Cluster.Tests.Load;
using GrainVault.TestKit.Cluster;
using Xunit.Abstractions;

namespace GrainVault.Cluster.Tests.Faults;

/// <summary>One cluster for a class of faults that leave it whole; a new one after a fault that did not.</summary>
public class ClusterFixture : IAsyncLifetime
{
    private RunningCluster? _cluster;

    internal RunningCluster Cluster => _cluster ?? throw new InvalidOperationException("no fault is under way");

    private protected virtual VaultClusterSettings Settings => new() { Environment = RunningCluster.Settings };

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    /// <inheritdoc cref="RunningCluster.UnderLoadAsync"/>
    internal async Task UnderLoadAsync(ITestOutputHelper output, RetryRule rule, Func<Task> fault)
    {
        if (_cluster is { IsBroken: true })
        {
            await _cluster.DisposeAsync();
            _cluster = null;
        }

        _cluster ??= await RunningCluster.StartAsync(Settings);
        await _cluster.UnderLoadAsync(output, rule, fault);
    }
}
