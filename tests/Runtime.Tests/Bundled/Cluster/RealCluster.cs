using System.Net;
using GrainVault.Runtime.Tests.Support;
using GrainVault.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Cluster;
using Orleans.Configuration;
using Orleans.Reminders;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

/// <summary>Silos in one process with real ports and a real table. Nothing of what they do is played.</summary>
internal sealed class RealCluster : IAsyncDisposable
{
    private readonly PostgresDatabase _database;
    private readonly List<RealSilo> _silos = [];

    private RealCluster(PostgresDatabase database) => _database = database;

    public string Id { get; } = $"cluster-{Guid.NewGuid():N}";

    public string ConnectionString => _database.ForSchema("orleans");

    public Phases Phases { get; } = new();

    public static async Task<RealCluster> StartAsync(int count)
    {
        var cluster = new RealCluster(await PostgresSilo.CreateDatabaseAsync());
        var silos = Enumerable.Range(1, count).Select(index => cluster.Build($"silo-{index}")).ToArray();
        await Task.WhenAll(silos.Select(silo => silo.Host.StartAsync()));
        await cluster.AllSeeAsync(count);
        return cluster;
    }

    public RealSilo this[int index] => _silos[index];

    public IReadOnlyList<RealSilo> Silos => _silos;

    public async Task<RealSilo> AddAsync(string name, int? port = null)
    {
        var silo = Build(name, port);
        await silo.Host.StartAsync();
        return silo;
    }

    /// <summary>The table as an operator sees it.</summary>
    public AdoNetMembershipTable OpenTable() => new(
        Microsoft.Extensions.Options.Options.Create(new AdoNetClusteringSiloOptions { Invariant = "Npgsql", ConnectionString = ConnectionString }),
        Microsoft.Extensions.Options.Options.Create(new ClusterOptions { ClusterId = Id, ServiceId = "runtime-tests" }));

    /// <summary>Waits until all that run see this many on the ring.</summary>
    public Task AllSeeAsync(int count) => Phases.Until(
        () => _silos.Where(silo => silo.IsUp).All(silo => silo.View.Current.Ring.Silos.Length == count), $"{count} silos on the ring everywhere");

    public async ValueTask DisposeAsync()
    {
        Phases.ReachAll();
        await Task.WhenAll(_silos.Select(silo => silo.DisposeAsync().AsTask()));
        await _database.DisposeAsync();
    }

    private RealSilo Build(string name, int? port = null)
    {
        var exit = new RecordedExit();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(Phases);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (Id, "runtime-tests"));
            silo.Configure<SiloOptions>(options => options.SiloName = name);
            silo.ConfigureEndpoints(IPAddress.Loopback, port ?? Messaging.TestCluster.FreePort(), Messaging.TestCluster.FreePort());
            silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = ("Npgsql", ConnectionString));
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = TimeSpan.FromSeconds(1);
                options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
                options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);
            });
            PostgresSilo.AddStores(silo, ConnectionString);
            silo.Configure<ReminderOptions>(options => options.MinimumReminderPeriod = TimeSpan.FromMilliseconds(100));
            silo.Services.Replace(ServiceDescriptor.Singleton<ISiloExit>(exit));
        });
        var built = new RealSilo(name, builder.Build(), exit);
        _silos.Add(built);
        return built;
    }
}

/// <summary>Takes note instead of ending the process of all tests.</summary>
internal sealed class RecordedExit : ISiloExit
{
    public int Count { get; private set; }

    public void Exit() => Count++;
}

/// <summary>One silo of a real cluster.</summary>
internal sealed class RealSilo(string name, IHost host, RecordedExit exit) : IAsyncDisposable
{
    public string Name => name;

    public IHost Host => host;

    public RecordedExit Exit => exit;

    public bool IsUp { get; private set; } = true;

    public SiloAddress Address => Get<ILocalSiloDetails>().SiloAddress;

    public MembershipView View => Get<MembershipView>();

    public IGrainFactory Grains => Get<IGrainFactory>();

    public SiloRuntime Runtime => Get<SiloRuntime>();

    public int ReminderCount => Get<ReminderService>().Count;

    public T Get<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    public IPlacedGrain Grain(string key) => Grains.GetGrain<IPlacedGrain>(key);

    /// <summary>A key that belongs to this silo on the ring that it sees.</summary>
    public string OwnKey()
    {
        while (true)
        {
            var key = $"g-{Guid.NewGuid():N}";
            if (Address.Equals(View.Current.Ring.OwnerOf(Grain(key).GetGrainId())))
                return key;
        }
    }

    public Task StopAsync()
    {
        IsUp = false;
        return host.StopAsync();
    }

    /// <summary>As kill -9, as far as others can tell: connections break, nothing is written, nobody is told.</summary>
    public void Kill()
    {
        IsUp = false;
        Get<SiloMonitor>().Stop();
        Get<MembershipAgent>().Dispose();
        Get<ISiloConnections>().Abort();
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }
}
