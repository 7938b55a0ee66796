using System.Net;
using System.Net.Sockets;
using GrainVault.Runtime.Tests.Support;
using GrainVault.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace GrainVault.Runtime.Tests.Cluster;

/// <summary>What a cluster does whichever runtime it is.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private readonly string _clusterId = $"cluster-{Guid.NewGuid():N}";
    private readonly List<IHost> _hosts = [];
    private PostgresDatabase? _database;

    public async Task InitializeAsync() => _database = await PostgresSilo.CreateDatabaseAsync();

    public async Task DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }
        await _database!.DisposeAsync();
    }

    [Fact]
    public async Task Grains_are_activated_once_whoever_calls_them()
    {
        var first = await StartAsync("one");
        var second = await StartAsync("two");
        await AllSeeAsync(2, first, second);
        var keys = NewKeys();
        var fromFirst = await VisitAsync(first, keys);
        var fromSecond = await VisitAsync(second, keys);
        Assert.All(keys, key => Assert.Equal((fromFirst[key].Silo, 1, 2), (fromSecond[key].Silo, fromFirst[key].Count, fromSecond[key].Count)));
    }

    [Fact]
    public async Task Silo_that_stops_in_order_fails_no_later_call()
    {
        var first = await StartAsync("one");
        var second = await StartAsync("two");
        await AllSeeAsync(2, first, second);
        var keys = NewKeys();
        await VisitAsync(second, keys);
        await second.StopAsync();
        Assert.All((await VisitAsync(first, keys)).Values, visit => Assert.Equal("one", visit.Silo));
        await AllSeeAsync(1, first);
    }

    [Fact]
    public async Task Silo_knows_who_it_is()
    {
        var host = await StartAsync("one");
        var details = host.Services.GetRequiredService<ILocalSiloDetails>();
        var oracle = host.Services.GetRequiredService<ISiloStatusOracle>();
        Assert.Equal(("one", _clusterId), (details.Name, details.ClusterId));
        Assert.Equal(details.SiloAddress, oracle.SiloAddress);
        Assert.Equal(SiloStatus.Active, oracle.CurrentStatus);
        Assert.Equal(IPAddress.Loopback, details.SiloAddress.Endpoint.Address);
        Assert.NotEqual(details.SiloAddress.Endpoint.Port, details.GatewayAddress!.Endpoint.Port);
    }

    private static string[] NewKeys() => [.. Enumerable.Range(0, 40).Select(_ => $"g-{Guid.NewGuid():N}")];

    private static Task AllSeeAsync(int count, params IHost[] hosts) => Phases.Until(
        () => hosts.All(host => host.Services.GetRequiredService<ISiloStatusOracle>().GetApproximateSiloStatuses(onlyActive: true).Count == count),
        $"{count} active silos everywhere");

    private static async Task<Dictionary<string, (string Silo, int Count)>> VisitAsync(IHost from, string[] keys)
    {
        var grains = from.Services.GetRequiredService<IGrainFactory>();
        var visits = await Task.WhenAll(keys.Select(key => grains.GetGrain<ISpreadGrain>(key).Visit()));
        return keys.Zip(visits.Select(visit => visit.Split(':'))).ToDictionary(
            pair => pair.First, pair => (pair.Second[0], int.Parse(pair.Second[1], System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<IHost> StartAsync(string name)
    {
        var connectionString = _database!.ForSchema("orleans");
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new Phases());
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (_clusterId, "runtime-tests"));
            silo.Configure<SiloOptions>(options => options.SiloName = name);
            silo.ConfigureEndpoints(IPAddress.Loopback, FreePort(), FreePort());
            silo.UseAdoNetClustering((AdoNetClusteringSiloOptions options) =>
                (options.Invariant, options.ConnectionString) = ("Npgsql", connectionString));
            PostgresSilo.AddStores(silo, connectionString);
        });
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync();
        return host;
    }
}
