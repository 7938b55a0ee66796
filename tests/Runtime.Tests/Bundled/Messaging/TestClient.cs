using System.Collections.Concurrent;
using GrainVault.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Cluster;
using Orleans.Configuration;
using Orleans.Messaging;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>A client with real connections and a list of gateways that the test sets.</summary>
internal sealed class TestClient : IGatewayTable, IAsyncDisposable
{
    private volatile SiloAddress[] _gateways;

    private TestClient(SiloAddress[] gateways, MessageLimits? limits, Action<IClientBuilder>? configure)
    {
        _gateways = gateways;
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddProvider(Log);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (TestCluster.ClusterId, "runtime-tests"));
            client.Configure<ConnectionOptions>(options => options.ConnectionRetryDelay = TimeSpan.FromMilliseconds(100));
            client.Services.AddSingleton(limits ?? new MessageLimits());
            client.Services.AddSingleton<IGatewayTable>(this);
            client.AddActivityPropagation();
            client.AddGatewayCountChangedHandler((_, change) => Counts.Enqueue(change.NumberOfConnectedGateways));
            configure?.Invoke(client);
        });
        Host = builder.Build();
    }

    public IHost Host { get; }

    public LogLines Log { get; } = new();

    public ConcurrentQueue<int> Counts { get; } = new();

    public int ReadCount { get; private set; }

    public IGrainFactory Grains => Host.Services.GetRequiredService<IClusterClient>();

    public ClientConnections Connections => Host.Services.GetRequiredService<ClientConnections>();

    public static TestClient Create(TestMember[] gateways, MessageLimits? limits = null, Action<IClientBuilder>? configure = null) =>
        new(AddressesOf(gateways), limits, configure);

    public static async Task<TestClient> StartAsync(TestMember[] gateways, MessageLimits? limits = null)
    {
        var client = Create(gateways, limits);
        await client.Host.StartAsync();
        await Phases.Until(() => client.Connections.Live.Count == gateways.Length, "all gateways are connected");
        return client;
    }

    public void List(params TestMember[] gateways) => _gateways = AddressesOf(gateways);

    public void List(params SiloAddress[] gateways) => _gateways = gateways;

    public Task<IReadOnlyList<SiloAddress>> ReadAsync(CancellationToken cancellationToken)
    {
        ReadCount++;
        return Task.FromResult<IReadOnlyList<SiloAddress>>(_gateways);
    }

    /// <summary>A grain of one silo whose calls go by a certain gateway.</summary>
    public T Grain<T>(TestMember gateway, TestMember? owner = null)
        where T : IGrainWithStringKey
    {
        while (true)
        {
            var grain = Grains.GetGrain<T>($"g-{Guid.NewGuid():N}");
            var id = ((GrainReference)(object)grain).GrainId;
            if (gateway.Gateway.Equals(new HashRing([.. Connections.Live]).OwnerOf(id)!.Endpoint)
                && (owner is null || owner.Address.Equals(owner.View.Current.Ring.OwnerOf(id))))
            {
                return grain;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync();
        Host.Dispose();
    }

    private static SiloAddress[] AddressesOf(TestMember[] gateways) =>
        [.. gateways.Select(gateway => SiloAddress.New(gateway.Gateway, gateway.Address.Generation))];
}
