using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace GrainVault.Runtime.Tests.Support;

/// <summary>A host with a silo of its own cluster.</summary>
public class TestSilo : IAsyncDisposable, IAsyncLifetime
{
    private Action<ISiloBuilder>? _configure;
    private bool _addsStores = true;
    private IHost? _host;

    public IServiceProvider Services => _host!.Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public Phases Phases { get; } = new();

    public IHost Host => _host!;

    public static async Task<TestSilo> StartAsync(Action<ISiloBuilder>? configure = null, bool addStores = true)
    {
        var silo = new TestSilo { _configure = configure, _addsStores = addStores };
        await silo.InitializeAsync();
        return silo;
    }

    public virtual async Task InitializeAsync()
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(Phases);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort(), FreePort(), null, "runtime-tests", $"test-{Guid.NewGuid():N}");
            if (_addsStores)
                AddStores(silo);
            silo.Configure<ReminderOptions>(options => options.MinimumReminderPeriod = TimeSpan.FromMilliseconds(100));
            silo.Configure<SiloMessagingOptions>(options => options.CancelRequestOnTimeout = true);
            _configure?.Invoke(silo);
        });
        _host = builder.Build();
        await _host.StartAsync();
    }

    /// <summary>Where states and reminders are kept.</summary>
    protected virtual void AddStores(ISiloBuilder silo)
    {
        silo.AddMemoryGrainStorage("store");
        silo.UseInMemoryReminderService();
    }

    public T Grain<T>(string? key = null)
        where T : IGrainWithStringKey => Grains.GetGrain<T>(key ?? $"g-{Guid.NewGuid():N}");

    public Task StopAsync() => _host!.StopAsync();

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public virtual async Task DisposeAsync()
    {
        await _host!.StopAsync();
        _host.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
