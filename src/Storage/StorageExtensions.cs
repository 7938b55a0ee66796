using GrainVault.Resilience;
using GrainVault.Storage.Disk;
using GrainVault.Storage.Instrumentation;
using GrainVault.Storage.S3;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace GrainVault.Storage;

/// <summary>Registration of the object store.</summary>
public static class StorageExtensions
{
    /// <summary>
    /// Registers <see cref="IObjectStore"/> for the configured provider, with instruments, and each capability
    /// interface: <see cref="IMultipartStore"/>, <see cref="IRangedReadStore"/>, <see cref="IListingStore"/>,
    /// <see cref="ICopyingStore"/> and <see cref="IPresigningStore"/> always, <see cref="ISignedUrlStore"/> as null
    /// (<c>GetService</c>) where the store has a server of its own.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The root configuration; the section is <see cref="ObjectsOptions.Section"/>.</param>
    public static IServiceCollection AddObjectStore(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddOptions<ResilienceOptions>().Bind(configuration.GetSection($"GrainVault:{ResilienceOptions.Section}")).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<Breakers>();
        services.AddSingleton<IValidateOptions<ObjectsOptions>, ObjectsOptionsValidator>();
        services.AddOptions<ObjectsOptions>()
            .Bind(configuration.GetSection(ObjectsOptions.Section))
            .PostConfigure(options =>
            {
                var data = configuration["GrainVault:Data:Directory"] ?? ".data";
                options.Disk.Directory ??= Path.Combine(data, "objects");
                options.Disk.UrlKeyFile ??= Path.Combine(data, UrlSecretFile.FileName);
            })
            .ValidateOnStart();
        services.AddSingleton(CreateProvider);
        services.AddSingleton<StoreCallLog>();
        services.AddSingleton<StorageInstruments>();
        services.AddSingleton<IObjectStore>(provider => InstrumentedObjectStore.Wrap(
            provider.GetRequiredService<ObjectStoreProvider>().Store, provider.GetRequiredService<StorageInstruments>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => (IMultipartStore)provider.GetRequiredService<IObjectStore>());
        services.AddSingleton(provider => (IRangedReadStore)provider.GetRequiredService<IObjectStore>());
        services.AddSingleton(provider => (IListingStore)provider.GetRequiredService<IObjectStore>());
        services.AddSingleton(provider => (ICopyingStore)provider.GetRequiredService<IObjectStore>());
        services.AddSingleton(provider => (IPresigningStore)provider.GetRequiredService<IObjectStore>());
        services.AddSingleton(provider => (provider.GetRequiredService<IObjectStore>() as ISignedUrlStore)!);
        services.AddHostedService<ObjectStoreStarter>();
        return services;
    }

    private static ObjectStoreProvider CreateProvider(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<ObjectsOptions>>().Value;
        return new ObjectStoreProvider(options.Provider == ObjectsOptions.S3Provider
            ? ActivatorUtilities.CreateInstance<S3ObjectStore>(services, options.S3)
            : ActivatorUtilities.CreateInstance<DiskObjectStore>(services, options.Disk));
    }
}
