using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Cluster;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>Registers what a silo consists of.</summary>
internal static class SiloServices
{
    internal static void Add(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(SiloRuntime)))
            return;
        services.AddOptions();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SiloRuntime>();
        services.AddSingleton<IClusterClient>(static provider => provider.GetRequiredService<SiloRuntime>().GrainFactory);
        services.AddSingleton<IGrainFactory>(static provider => provider.GetRequiredService<SiloRuntime>().GrainFactory);
        services.AddScoped<ActivationHolder>();
        services.AddScoped<IGrainContext>(static provider => provider.GetRequiredService<ActivationHolder>().Activation);
        services.AddSingleton<IValidateOptions<GrainCollectionOptions>, GrainCollectionOptionsValidator>();
        services.AddSingleton<IValidateOptions<ClusterOptions>, ClusterOptionsValidator>();
        services.AddSingleton<LocalSiloDetails>();
        services.AddSingleton<ILocalSiloDetails>(static provider => provider.GetRequiredService<LocalSiloDetails>());
        services.AddSingleton<ISiloStatusOracle, SiloStatusOracle>();
        // A cluster of one, unless the silo's builder replaces it by one with a table.
        services.AddSingleton<LoneSilo>();
        services.AddSingleton<IClusterView>(static provider => provider.GetRequiredService<LoneSilo>());
        services.AddSingleton<ISiloMembership>(static provider => provider.GetRequiredService<LoneSilo>());
        services.AddSingleton<ISiloExit, SiloExit>();
        services.AddSingleton<HandOver>();
        services.AddHostedService<SiloHost>();
    }
}
