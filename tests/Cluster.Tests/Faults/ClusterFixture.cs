using GrainVault.Cluster.Tests.Load;
using GrainVault.Cluster.Tests.Network;
using GrainVault.TestKit.Cluster;
using Xunit.Abstractions;

namespace GrainVault.Cluster.Tests.Faults;

/// <summary>
/// One cluster for all faults that leave it whole; a new one after a fault that did not. Its silos have a network namespace
/// each while faults of the network are made, where this machine allows that.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private const int SiloCount = 3;

    private static readonly VaultClusterSettings Settings = new() { SiloCount = SiloCount, Environment = RunningCluster.Settings };

    private RunningCluster? _cluster;
    private SiloNetwork? _network;
    private string? _refusal;
    private bool _isParted;

    internal RunningCluster Cluster => _cluster ?? throw new InvalidOperationException("no fault is under way");

    /// <summary>Null where this machine allows none.</summary>
    internal SiloNetwork? Network => _network;

    /// <summary>Why there are no namespaces.</summary>
    internal string? Refusal => _refusal;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await EndClusterAsync();
        if (_network is not null)
            await _network.DisposeAsync();
    }

    /// <inheritdoc cref="RunningCluster.UnderLoadAsync"/>
    internal Task UnderLoadAsync(ITestOutputHelper output, RetryRule rule, Func<Task> fault) => UnderLoadAsync(output, rule, fault, isParted: false);

    /// <summary>As <see cref="UnderLoadAsync(ITestOutputHelper, RetryRule, Func{Task})"/>, with each silo in a namespace of its own if there can be any.</summary>
    internal Task UnderLoadApartAsync(ITestOutputHelper output, RetryRule rule, Func<Task> fault)
    {
        if (_refusal is null)
            _network = SiloNetwork.TryCreate(SiloCount, out _refusal);
        return UnderLoadAsync(output, rule, fault, isParted: _network is not null);
    }

    /// <summary>The cluster with all of its processes running and nobody who asks for anything.</summary>
    internal async Task<RunningCluster> CalmAsync()
    {
        if (_cluster is { IsBroken: true })
            await EndClusterAsync();
        await PlaceAsync(_isParted);
        await _cluster!.StartAllAsync();
        return _cluster;
    }

    private async Task UnderLoadAsync(ITestOutputHelper output, RetryRule rule, Func<Task> fault, bool isParted)
    {
        if (_cluster is { IsBroken: true })
            await EndClusterAsync();
        await PlaceAsync(isParted);
        await _cluster!.UnderLoadAsync(output, rule, fault);
    }

    private async Task PlaceAsync(bool isParted)
    {
        var settings = isParted ? InNamespacesOf(_network!) : Settings;
        try
        {
            if (_cluster is null)
                _cluster = await RunningCluster.StartAsync(settings);
            else if (_isParted != isParted)
                await _cluster.Processes.ReplaceSilosAsync(settings);
            _isParted = isParted;
        }
        catch
        {
            await EndClusterAsync();
            throw;
        }
    }

    private async Task EndClusterAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        _cluster = null;
        _isParted = false;
    }

    /// <summary>Whatever numbers the silos have by now, three in a row are in three namespaces.</summary>
    private static VaultClusterSettings InNamespacesOf(SiloNetwork network) => Settings with
    {
        SiloAddress = number => network.AddressOf(1 + (number % SiloCount)),
        SiloLauncher = number => network.LauncherOf(1 + (number % SiloCount)),
        Expose = network.Expose,
    };
}
