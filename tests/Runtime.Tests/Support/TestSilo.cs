using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace GrainVault.Runtime.Tests.Support;

/// <summary>A host with a silo of its own cluster.</summary>
public class TestSilo : IAsyncDisposable, IAsyncLifetime
{
    private readonly Action<ISiloBuilder>? _configure;
    private IHost? _host;

    public TestSilo()
        : this(null)
    {
    }

    protected TestSilo(Action<ISiloBuilder>? configure) => _configure = configure;

    public IServiceProvider Services => _host!.Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public Phases Phases { get; } = new();

    public IHost Host => _host!;

    public static async Task<TestSilo> StartAsync(Action<ISiloBuilder>? configure = null)
    {
        var silo = new TestSilo(configure);
        await silo.InitializeAsync();
        return silo;
    }

    public async Task InitializeAsync()
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(Phases);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort(), FreePort(), null, "runtime-tests", $"test-{Guid.NewGuid():N}");
            silo.AddMemoryGrainStorage("store");
            silo.UseInMemoryReminderService();
            silo.Configure<ReminderOptions>(options => options.MinimumReminderPeriod = TimeSpan.FromMilliseconds(100));
            silo.Configure<SiloMessagingOptions>(options => options.CancelRequestOnTimeout = true);
            _configure?.Invoke(silo);
        });
        _host = builder.Build();
        await _host.StartAsync();
    }

    public T Grain<T>(string? key = null)
        where T : IGrainWithStringKey => Grains.GetGrain<T>(key ?? $"g-{Guid.NewGuid():N}");

    public Task StopAsync() => _host!.StopAsync();

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public async Task DisposeAsync()
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
