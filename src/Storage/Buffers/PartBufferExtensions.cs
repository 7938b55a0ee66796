using System.Diagnostics.Metrics;
using GrainVault.Storage.Instrumentation;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace GrainVault.Storage.Buffers;

/// <summary>Registration of the part buffers.</summary>
public static class PartBufferExtensions
{
    /// <summary>Registers the process's one <see cref="PartBufferPool"/> with its limits and gauges.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The root configuration; the section is <see cref="PartBufferOptions.Section"/>.</param>
    public static IServiceCollection AddPartBuffers(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<IValidateOptions<PartBufferOptions>, PartBufferOptionsValidator>();
        services.AddOptions<PartBufferOptions>().Bind(configuration.GetSection(PartBufferOptions.Section)).ValidateOnStart();
        services.AddSingleton(provider =>
        {
            var pool = new PartBufferPool(
                provider.GetRequiredService<IOptions<PartBufferOptions>>().Value, provider.GetRequiredService<TimeProvider>());
            var meter = provider.GetRequiredService<IMeterFactory>().Create(StorageInstruments.Name);
            meter.CreateObservableUpDownCounter("grainvault.part_buffers.rented", () => pool.RentedSizeBytes, "By", "Bytes of part buffers in use.");
            meter.CreateObservableUpDownCounter("grainvault.part_buffers.idle", () => pool.IdleSizeBytes, "By", "Bytes of part buffers kept for reuse.");
            return pool;
        });
        return services;
    }
}
