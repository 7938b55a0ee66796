using GrainVault.Resilience;
using GrainVault.Silo.Health;
using GrainVault.Silo.Options;
using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using GrainVault.Silo.Store;
using GrainVault.Silo.Telemetry;
using GrainVault.Storage;
using GrainVault.Storage.Buffers;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GrainVault.Silo.Hosting;

/// <summary>What every process of GrainVault has, whether there is a silo in it or not.</summary>
internal static class GrainVaultDefaultsExtensions
{
    /// <summary>
    /// What is left for front end and silo to stop; with the embedded server's own limits it stays below the 30 s that
    /// <c>./eng/up</c> promises.
    /// </summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(12);

    /// <summary>Adds clock, health, telemetry, limits of the stop, and levels of the log.</summary>
    public static void AddGrainVaultDefaults(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<HealthService>();
        builder.Services.TryAddSingleton<HostFault>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.AddGrainVaultOptions<DataOptions>(DataOptions.Section);
        builder.AddGrainVaultOptions<ResilienceOptions>(ResilienceOptions.Section);
        builder.AddGrainVaultTelemetry();
        // The host logs a failed start with its stack trace; GrainVaultHost says it in one line instead. A background
        // service that fails while running is logged as critical and still shows.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // Several lines for each request are for those who ask for them.
        if (builder.Configuration["Logging:LogLevel:Microsoft.AspNetCore"] is null)
            builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
    }

    /// <summary>Adds where the databases are, and a probe of those with the given schemas.</summary>
    public static void AddPostgresConnections(this IHostApplicationBuilder builder, IReadOnlyList<string> probedSchemas)
    {
        builder.AddGrainVaultOptions<PostgresOptions>(PostgresOptions.Section);
        builder.Services.AddSingleton<PostgresConnections>();
        builder.Services.AddSingleton<IHealthProbe>(services => new PostgresProbe(services.GetRequiredService<PostgresConnections>(), probedSchemas));
    }

    /// <summary>Adds the object store and its probe.</summary>
    public static void AddStore(this IHostApplicationBuilder builder)
    {
        builder.Services.AddObjectStore(builder.Configuration);
        builder.KnownKeys().Add("Objects", typeof(ObjectsOptions));
        builder.KnownKeys().Add("Limits:PartBuffers", typeof(PartBufferOptions), isWholeSection: false);
        builder.AddStoreEventKeys();
        builder.Services.AddSingleton<IHealthProbe, ObjectStoreProbe>();
    }
}
