using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using GrainVault.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Cluster;
using Orleans.Configuration;
using Orleans.Messaging;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>One silo with real ports and a view that the test sets.</summary>
internal sealed class TestMember(IHost host, TestView view, LogLines log) : ISiloControlTarget
{
    public IHost Host => host;

    public TestView View => view;

    public LogLines Log => log;

    public SiloAddress Address => host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;

    public IPEndPoint Gateway => host.Services.GetRequiredService<ILocalSiloDetails>().GatewayAddress!.Endpoint;

    public IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

    public SiloConnections Connections => host.Services.GetRequiredService<SiloConnections>();

    public ISiloControl Control => host.Services.GetRequiredService<ISiloControl>();

    public ConcurrentQueue<long> ToldVersions { get; } = new();

    /// <summary>What a probe for somebody else waits for.</summary>
    public Func<Task> BeforeProbe { get; set; } = () => Task.CompletedTask;

    public async Task<bool> ProbeForAsync(SiloAddress target, CancellationToken cancellationToken)
    {
        await BeforeProbe();
        await Control.ProbeAsync(target, cancellationToken);
        return true;
    }

    public void OnChangeTold(long version) => ToldVersions.Enqueue(version);
}

/// <summary>Several silos in one process that reach one another over sockets.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private static int _lastPort = Random.Shared.Next(20_000);

    private readonly List<TestMember> _members = [];

    public const string ClusterId = "messaging-tests";

    public Phases Phases { get; } = new();

    public IReadOnlyList<TestMember> Members => _members;

    public TestMember this[int index] => _members[index];

    public static async Task<TestCluster> StartAsync(int count, MessageLimits? limits = null, Action<ISiloBuilder>? configure = null)
    {
        var cluster = new TestCluster();
        for (var index = 0; index < count; index++)
            cluster._members.Add(cluster.Build(limits ?? new MessageLimits(), configure));
        cluster.SetAll(cluster.SnapshotOfAll(1));
        foreach (var member in cluster._members)
            await member.Host.StartAsync();
        return cluster;
    }

    public ClusterSnapshot SnapshotOfAll(long version) => SnapshotOf(version, SiloStatus.Dead, [.. _members]);

    public ClusterSnapshot SnapshotOf(long version, SiloStatus others, params TestMember[] active) => TestView.Snapshot(
        version,
        [.. _members.Select(member => (member.Address, active.Contains(member) ? SiloStatus.Active : others))]);

    public void SetAll(ClusterSnapshot snapshot)
    {
        foreach (var member in _members)
            member.View.Set(snapshot);
    }

    /// <summary>A reference in one silo to a grain that belongs to another.</summary>
    public IRemoteGrain Grain(TestMember from, TestMember owner)
    {
        while (true)
        {
            var grain = from.Grains.GetGrain<IRemoteGrain>($"g-{Guid.NewGuid():N}");
            if (owner.Address.Equals(owner.View.Current.Ring.OwnerOf(grain.GetGrainId())))
                return grain;
        }
    }

    /// <summary>The connection of a lane from one silo to another.</summary>
    public static OutgoingConnection Connection(TestMember from, TestMember to, Lane lane) => from.Connections.Peers.Get(to.Address).Get(lane)!;

    public async ValueTask DisposeAsync()
    {
        Phases.ReachAll();
        await Task.WhenAll(_members.Select(async member =>
        {
            await member.Host.StopAsync();
            member.Host.Dispose();
        }));
    }

    /// <summary>A free port, not twice the same, that the system does not give to connections, as it might between the choice and its use.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = 10_000 + (Interlocked.Increment(ref _lastPort) % 20_000);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }
    }

    private TestMember Build(MessageLimits limits, Action<ISiloBuilder>? configure)
    {
        var view = new TestView();
        var log = new LogLines();
        TestMember? member = null;
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Information);
        builder.Services.AddSingleton(Phases);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (ClusterId, "runtime-tests"));
            silo.ConfigureEndpoints(IPAddress.Loopback, FreePort(), FreePort());
            silo.AddMemoryGrainStorage("store");
            silo.UseInMemoryReminderService();
            silo.AddActivityPropagation();
            silo.Services.AddSingleton(limits);
            silo.Services.Replace(ServiceDescriptor.Singleton<IClusterView>(view));
            silo.Services.AddSingleton<ISiloControlTarget>(_ => member!);
            configure?.Invoke(silo);
            MessagingServices.AddSilo(silo.Services);
        });
        return member = new TestMember(builder.Build(), view, log);
    }
}
