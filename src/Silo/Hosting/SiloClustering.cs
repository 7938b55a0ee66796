using System.Net;
using GrainVault.Cluster;
using GrainVault.Silo.Cluster;
using GrainVault.Silo.Options;
using GrainVault.Silo.Postgres;
using Orleans.Configuration;
using Orleans.Hosting;

namespace GrainVault.Silo.Hosting;

/// <summary>How a silo finds the others of its cluster, and who may talk to it.</summary>
internal static class SiloClustering
{
    /// <summary>A cluster of this silo alone.</summary>
    public static void UseClusterOfOne(this ISiloBuilder silo, GrainClusterOptions cluster) => silo.UseLocalhostClustering(
        PortOrFree(cluster.SiloPort),
        PortOrFree(cluster.GatewayPort),
        serviceId: cluster.ServiceId,
        clusterId: cluster.EffectiveClusterId());

    /// <summary>The cluster whose members stand in PostgreSQL.</summary>
    public static void UseSharedCluster(this ISiloBuilder silo, GrainClusterOptions cluster)
    {
        silo.Services.AddClusterGuard(cluster);
        silo.UseAdoNetClustering(options => options.Configure<PostgresConnections>((table, connections) =>
            (table.Invariant, table.ConnectionString) = (ClusterServices.NpgsqlInvariant, connections.ClusterDatabase())));
        silo.Services.AddSingleton<IOwnerWatch, OwnerWatch>();
        silo.UseEndpoints(cluster);
        if (!string.IsNullOrEmpty(cluster.SiloName))
            silo.Configure<SiloOptions>(options => options.SiloName = cluster.SiloName);
        silo.Services.AddOptions<SiloConnectionOptions>().Configure<ConnectionGuard>((options, guard) =>
        {
            options.ConfigureSiloInboundConnection(connection => connection.UseProofOf(PeerRole.Silo, guard));
            options.ConfigureSiloOutboundConnection(connection => connection.UseProofAs(PeerRole.Silo, guard));
            options.ConfigureGatewayInboundConnection(connection => connection.UseProofOf(PeerRole.Client, guard));
        });
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = cluster.ProbePeriod;
            options.NumMissedProbesLimit = cluster.MissedProbeCountMax;
            options.NumProbedSilos = cluster.ProbedSiloCount;
            options.NumVotesForDeathDeclaration = cluster.DeathVoteCount;
            options.DeathVoteExpirationTimeout = cluster.DeathVoteLifetime;
            options.TableRefreshTimeout = cluster.TableRefreshPeriod;
            options.IAmAliveTablePublishTimeout = cluster.SignOfLifePeriod;
            options.NumMissedTableIAmAliveLimit = cluster.MissedSignOfLifeCountMax;
            options.MaxJoinAttemptTime = cluster.JoinTimeout;
        });
    }

    private static void UseEndpoints(this ISiloBuilder silo, GrainClusterOptions cluster)
    {
        var siloPort = PortOr(cluster.SiloPort, EndpointOptions.DEFAULT_SILO_PORT);
        var gatewayPort = PortOr(cluster.GatewayPort, EndpointOptions.DEFAULT_GATEWAY_PORT);
        if (string.IsNullOrEmpty(cluster.AdvertisedIp))
            silo.ConfigureEndpoints(siloPort, gatewayPort, listenOnAnyHostAddress: cluster.ListenOnAnyAddress);
        else
            silo.ConfigureEndpoints(IPAddress.Parse(cluster.AdvertisedIp), siloPort, gatewayPort, cluster.ListenOnAnyAddress);
    }

    private static int PortOr(int port, int otherwise) => port != 0 ? port : otherwise;

    private static int PortOrFree(int port) => port != 0 ? port : LoopbackPorts.FindFree();
}
