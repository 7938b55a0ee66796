using GrainVault.Data;
using GrainVault.Silo.Postgres;
using GrainVault.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans;
using Orleans.Hosting;

namespace GrainVault.Bench.Scale;

/// <summary>A silo on the database with very many entries, whose janitors do nothing by themselves.</summary>
internal sealed class ScaleSilo(IHost host) : IAsyncDisposable
{
    public IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Starts it.</summary>
    /// <param name="store">Its objects.</param>
    /// <param name="open">Makes the pool of connections to a schema.</param>
    public static async Task<ScaleSilo> StartAsync(IObjectStore store, Func<string, NpgsqlDataSource> open)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["GrainVault:Janitor:Period"] = "1.00:00:00" });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(store);
        builder.Services.AddKeyedSingleton(IdentityDatabase.Key, (_, _) => open(IdentityDatabase.Key));
        builder.Services.AddKeyedSingleton(CatalogueDatabase.Key, (_, _) => open(CatalogueDatabase.Key));
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(LoopbackPorts.FindFree(), LoopbackPorts.FindFree(), serviceId: "bench", clusterId: Guid.NewGuid().ToString("n"));
            silo.UseInMemoryReminderService();
        });
        builder.Services.AddGrainVaultGrains(builder.Configuration);
        var host = builder.Build();
        await host.StartAsync();
        return new ScaleSilo(host);
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }
}
