using GrainVault.Silo.Options;
using GrainVault.Silo.Startup;

namespace GrainVault.Silo.Hosting;

/// <summary>What a front end has of the system besides its endpoints.</summary>
public static class GrainVaultExtensions
{
    /// <summary>Adds what <see cref="GrainClusterOptions.Mode"/> says: a silo of its own, a silo that joins a cluster, or a client of one.</summary>
    /// <exception cref="StartRefusedException">A configuration value is wrong.</exception>
    public static IHostApplicationBuilder AddGrainVault(this IHostApplicationBuilder builder)
    {
        var cluster = builder.AddGrainVaultOptions<GrainClusterOptions>(GrainClusterOptions.Section);
        return cluster.Mode == ClusterMode.Client
            ? throw new StartRefusedException("GrainVault:Cluster:Mode is 'client'; allowed: embedded, cohost.")
            : builder.AddGrainVaultSilo();
    }
}
