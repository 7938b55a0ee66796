using System.Collections.Immutable;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>One silo as the membership table has it. Clients connect to its gateway port; 0 means nowhere.</summary>
internal sealed record ClusterSilo(SiloAddress Address, string Name, string HostName, SiloStatus Status, int GatewayPort, DateTime StartTime)
{
    /// <summary>Whether it is dead because it said so itself, and nobody voted it dead.</summary>
    internal bool LeftInOrder { get; init; }
}

/// <summary>The silos at one version of the membership table. Never changed in place.</summary>
internal sealed class ClusterSnapshot(long version, ImmutableArray<ClusterSilo> silos)
{
    internal static ClusterSnapshot Empty { get; } = new(-1, []);

    /// <summary>The table's version. It goes down only where the table's database was restored.</summary>
    internal long Version { get; } = version;

    internal ImmutableArray<ClusterSilo> Silos { get; } = silos;

    /// <summary>Who owns which grain: the active silos only.</summary>
    internal HashRing Ring { get; } = new([.. silos.Where(silo => silo.Status == SiloStatus.Active).Select(silo => silo.Address)]);

    internal ClusterSilo? Find(SiloAddress address) => Silos.FirstOrDefault(silo => silo.Address.Equals(address));

    internal SiloStatus StatusOf(SiloAddress address) => Find(address)?.Status ?? SiloStatus.None;
}
