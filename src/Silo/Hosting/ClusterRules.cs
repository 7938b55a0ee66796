using GrainVault.Silo.Options;
using GrainVault.Silo.Startup;
using GrainVault.Storage;

namespace GrainVault.Silo.Hosting;

/// <summary>What settings of different sections demand of each other when there is more than one process.</summary>
internal static class ClusterRules
{
    /// <summary>Refuses what would make every process a system of its own without a word.</summary>
    /// <exception cref="StartRefusedException">Names the key, and what it must be.</exception>
    public static void Check(GrainClusterOptions cluster, PostgresOptions postgres, IConfiguration configuration)
    {
        if (cluster.Mode == ClusterMode.Embedded)
            return;
        var mode = cluster.Mode.ToString().ToLowerInvariant();
        var isReachable = cluster.Mode == ClusterMode.Client
            ? !string.IsNullOrWhiteSpace(postgres.Cluster) || !string.IsNullOrWhiteSpace(postgres.ConnectionString)
            : !postgres.UsesEmbeddedServer;
        if (!isReachable)
            throw new StartRefusedException($"GrainVault:Postgres:ConnectionString is ''; allowed: with GrainVault:Cluster:Mode '{mode}', the connection string of the PostgreSQL that all processes share.");
        var provider = configuration[$"{ObjectsOptions.Section}:Provider"] ?? ObjectsOptions.DiskProvider;
        if (!string.Equals(provider, ObjectsOptions.S3Provider, StringComparison.Ordinal))
            throw new StartRefusedException($"GrainVault:Objects:Provider is '{provider}'; allowed: with GrainVault:Cluster:Mode '{mode}', {ObjectsOptions.S3Provider}, since a disk belongs to one process.");
    }
}
