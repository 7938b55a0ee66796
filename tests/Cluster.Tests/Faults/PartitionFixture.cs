using GrainVault.Cluster.Tests.Network;
using GrainVault.TestKit.Cluster;

namespace GrainVault.Cluster.Tests.Faults;

/// <summary>A cluster whose silos have a network namespace each, where this machine allows that.</summary>
public sealed class PartitionFixture : ClusterFixture
{
    private const int SiloCount = 3;

    private string _refusal = "";

    internal SiloNetwork? Network { get; private set; }

    /// <summary>Why there are no namespaces.</summary>
    public string Refusal => _refusal;

    public override Task InitializeAsync()
    {
        Network = SiloNetwork.TryCreate(SiloCount, out _refusal);
        return base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (Network is not null)
            await Network.DisposeAsync();
    }

    private protected override VaultClusterSettings Settings => Network is not { } network
        ? base.Settings
        : base.Settings with
        {
            SiloCount = SiloCount,
            SiloAddress = network.AddressOf,
            SiloLauncher = network.LauncherOf,
            Expose = network.Expose,
        };
}
