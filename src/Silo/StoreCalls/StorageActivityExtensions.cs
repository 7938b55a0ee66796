using System.Globalization;
using GrainVault.Options;
using GrainVault.Silo.Options;
using GrainVault.Storage.Instrumentation;
using Orleans;

namespace GrainVault.Silo.StoreCalls;

/// <summary>Registration of the log of the object store's calls.</summary>
public static class StorageActivityExtensions
{
    /// <summary>Lets this process write down its calls. Call it after what adds the silo or the client.</summary>
    public static IHostApplicationBuilder AddStorageActivity(this IHostApplicationBuilder builder)
    {
        var options = builder.AddGrainVaultOptions<StorageActivityOptions>(StorageActivityOptions.Section);
        var cluster = builder.AddGrainVaultOptions<GrainClusterOptions>(GrainClusterOptions.Section);
        var process = string.IsNullOrEmpty(cluster.SiloName)
            ? string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}")
            : cluster.SiloName;
        builder.Services.AddHostedService(services => new StorageActivityWriter(
            services.GetRequiredService<StoreCallLog>(),
            services.GetRequiredService<IGrainFactory>(),
            options,
            process,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<StorageActivityWriter>>()));
        return builder;
    }
}
