using GrainVault.Silo.Cluster;
using GrainVault.Silo.Options;
using GrainVault.Silo.Postgres;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;

namespace GrainVault.Silo.Hosting;

/// <summary>What silos and clients of a cluster have in common.</summary>
internal static class ClusterServices
{
    /// <summary>ADO.NET's name of the driver.</summary>
    public const string NpgsqlInvariant = "Npgsql";

    /// <summary>The bundled runtime never shares a membership with official silos.</summary>
    public static string EffectiveClusterId(this GrainClusterOptions cluster) =>
        RuntimeInfo.Current.IsBundled ? $"{cluster.ClusterId}-{RuntimeInfo.Bundled}" : cluster.ClusterId;

    /// <summary>Adds the proof of the cluster secret, and the comparison with the database.</summary>
    public static void AddClusterGuard(this IServiceCollection services, GrainClusterOptions cluster)
    {
        var identity = new ClusterIdentity(cluster.EffectiveClusterId(), cluster.ServiceId, new ClusterSecrets(cluster.Secret!, cluster.PreviousSecrets));
        services.AddSingleton(identity);
        services.AddSingleton(provider => new ConnectionGuard(
            new ClusterHandshake(identity.Secrets, identity.ClusterId, cluster.ClockSkewMax, provider.GetRequiredService<TimeProvider>()),
            cluster.HandshakeTimeout,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ConnectionGuard>>()));
        services.AddSingleton(provider => new ClusterRecord(
            identity,
            cluster.SignOfLifeAgeMax,
            cluster.ClockSkewMax,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ClusterRecord>>()));
        services.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (identity.ClusterId, identity.ServiceId));
        services.Configure<ConnectionOptions>(options => options.OpenConnectionTimeout = cluster.ConnectTimeout);
    }

    /// <summary>Where the member table is; the address is known only when the databases are up.</summary>
    public static string ClusterDatabase(this PostgresConnections connections) => connections.For(PostgresConnections.ClusterSchema);

    /// <summary>Puts the listener's side of the proof before everything else.</summary>
    public static void UseProofOf(this IConnectionBuilder connection, PeerRole port, ConnectionGuard guard) =>
        connection.Use(next => context => guard.AcceptAsync(context, port, next));

    /// <summary>Puts the side that connects before everything else.</summary>
    public static void UseProofAs(this IConnectionBuilder connection, PeerRole role, ConnectionGuard guard) =>
        connection.Use(next => context => guard.ConnectAsync(context, role, next));
}
