using GrainVault.Silo.Cluster;
using GrainVault.Silo.Health;
using GrainVault.Silo.Options;
using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace GrainVault.Silo.Hosting;

/// <summary>A front end in any mode, and one without a silo in particular.</summary>
public static class GrainVaultClientExtensions
{
    /// <summary>Adds what <see cref="GrainClusterOptions.Mode"/> says: a silo of its own, a silo that joins a cluster, or a client of one.</summary>
    /// <exception cref="StartRefusedException">A configuration value is wrong.</exception>
    public static IHostApplicationBuilder AddGrainVault(this IHostApplicationBuilder builder)
    {
        var cluster = builder.AddGrainVaultOptions<GrainClusterOptions>(GrainClusterOptions.Section);
        return cluster.Mode == ClusterMode.Client ? builder.AddGrainVaultClient() : builder.AddGrainVaultSilo();
    }

    /// <summary>
    /// Adds a client of a cluster: it finds gateways in the member table, reads objects, and neither migrates nor tidies. The
    /// host starts at once and is ready as soon as a gateway answers, however long that takes.
    /// </summary>
    /// <exception cref="StartRefusedException">A configuration value is wrong.</exception>
    public static IHostApplicationBuilder AddGrainVaultClient(this IHostApplicationBuilder builder)
    {
        builder.AddGrainVaultDefaults();
        var cluster = builder.AddGrainVaultOptions<GrainClusterOptions>(GrainClusterOptions.Section);
        if (cluster.Mode != ClusterMode.Client)
            throw new StartRefusedException($"GrainVault:Cluster:Mode is '{cluster.Mode.ToString().ToLowerInvariant()}'; allowed: client (this process has no silo).");
        builder.AddPostgresConnections([PostgresConnections.ClusterSchema]);
        ClusterRules.Check(cluster, builder.AddGrainVaultOptions<PostgresOptions>(PostgresOptions.Section), builder.Configuration);
        builder.AddStore();
        builder.Services.AddClusterGuard(cluster);
        builder.Services.AddHostedService<ClusterEntry>();
        // The client's start waits for a gateway; the HTTP server, which would start after it, must not.
        builder.Services.Configure<HostOptions>(options => options.ServicesStartConcurrently = true);
        builder.Services.AddSingleton<IHealthProbe, ClusterProbe>();
        builder.UseOrleansClient(client =>
        {
            client.UseAdoNetClustering(options => options.Configure<PostgresConnections>((table, connections) =>
                (table.Invariant, table.ConnectionString) = (ClusterServices.NpgsqlInvariant, connections.ClusterDatabase())));
            client.UseConnectionRetryFilter<GatewayRetry>();
            client.AddActivityPropagation();
            client.AddDashboard();
            client.Services.AddOptions<ClientConnectionOptions>().Configure<ConnectionGuard>((options, guard) =>
                options.ConfigureConnection(connection => connection.UseProofAs(PeerRole.Client, guard)));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = cluster.GatewayRefreshPeriod);
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = cluster.ResponseTimeout);
        });
        return builder;
    }
}
