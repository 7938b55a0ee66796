using System.Globalization;
using GrainVault.Silo.Postgres;
using GrainVault.TestKit;
using GrainVault.TestKit.Cluster;
using GrainVault.TestKit.Otlp;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainVault.Api.Tests.Running.Cluster;

/// <summary>
/// Two silos and two front ends that are clients of them, with identity, catalogue and cluster tables on a PostgreSQL server
/// each, small budgets, and a collector that all four send their spans to.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    /// <summary>Requests of a user per second, over both front ends.</summary>
    public const int PerSecond = 40;

    private readonly TestFolder _folder = new();
    private readonly Dictionary<string, EmbeddedPostgres> _servers = [];

    internal VaultCluster Cluster { get; private set; } = null!;

    internal OtlpReceiver Collector { get; private set; } = null!;

    /// <summary>The servers by the schema that they are for.</summary>
    internal IReadOnlyDictionary<string, EmbeddedPostgres> Servers => _servers;

    public async Task InitializeAsync()
    {
        Collector = await OtlpReceiver.StartAsync();
        var servers = await Task.WhenAll(PostgresConnections.Schemas.Select(async schema => (schema, await EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresSettings { DataDirectory = _folder[schema], Durable = false }, NullLogger.Instance, TimeProvider.System))));
        foreach (var (schema, server) in servers)
            _servers[schema] = server;
        Cluster = await VaultCluster.StartAsync(new VaultClusterSettings
        {
            SiloCount = 2,
            Environment = new Dictionary<string, string>
            {
                ["GrainVault__Postgres__ConnectionString"] = "",
                ["GrainVault__Postgres__Identity"] = _servers[PostgresConnections.IdentitySchema].ConnectionString,
                ["GrainVault__Postgres__Catalogue"] = _servers[PostgresConnections.CatalogueSchema].ConnectionString,
                ["GrainVault__Postgres__Cluster"] = _servers[PostgresConnections.ClusterSchema].ConnectionString,
                ["GrainVault__Limits__RequestsPerSecondPerUser"] = PerSecond.ToString(CultureInfo.InvariantCulture),
                // A front end that gets no answer grants a share by itself; that a machine is slow is no reason here.
                ["GrainVault__Limits__RateLimitLeaseWait"] = "00:00:05",
                ["GrainVault__Telemetry__OtlpEndpoint"] = Collector.Address,
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            },
        });
    }

    public async Task DisposeAsync()
    {
        if (Cluster is not null)
            await Cluster.DisposeAsync();
        foreach (var server in _servers.Values)
            await server.DisposeAsync();
        if (Collector is not null)
            await Collector.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>A client of a front end, by its number from 1.</summary>
    internal HttpClient CreateClient(int frontEnd) => new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Cluster.FrontEndAddresses[frontEnd - 1] };

    internal Task<Account> SignUpAsync(int frontEnd) => Account.SignUpAsync(CreateClient(frontEnd));
}

[CollectionDefinition(Name)]
public sealed class RunningCluster : ICollectionFixture<ClusterFixture>
{
    public const string Name = "running cluster";
}
