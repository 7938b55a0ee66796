namespace GrainVault.Cluster.Tests.Faults;

/// <summary>Classes that do their harm to the same cluster, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OneCluster : ICollectionFixture<ClusterFixture>
{
    public const string Name = "one cluster";
}
