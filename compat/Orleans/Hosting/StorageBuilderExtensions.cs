using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;

namespace Orleans.Hosting;

/// <summary>Stores of grain states behind an ADO.NET provider.</summary>
public static class AdoNetGrainStorageSiloBuilderExtensions
{
    /// <summary>Adds a store.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The store's name.</param>
    /// <param name="configureOptions">Sets its options.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder AddAdoNetGrainStorage(this ISiloBuilder builder, string name, Action<AdoNetGrainStorageOptions> configureOptions) =>
        builder.AddAdoNetGrainStorage(name, options => options.Configure(configureOptions));

    /// <summary>Adds a store.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The store's name.</param>
    /// <param name="configureOptions">Sets its options.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder AddAdoNetGrainStorage(
        this ISiloBuilder builder, string name, Action<OptionsBuilder<AdoNetGrainStorageOptions>>? configureOptions = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        configureOptions?.Invoke(builder.Services.AddOptions<AdoNetGrainStorageOptions>(name));
        StorageServices.AddAdoNet(builder.Services, name);
        return builder;
    }
}

/// <summary>Stores of grain states in memory, which end with the silo.</summary>
public static class MemoryGrainStorageSiloBuilderExtensions
{
    /// <summary>Adds a store.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The store's name.</param>
    /// <param name="configureOptions">Sets its options.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder AddMemoryGrainStorage(
        this ISiloBuilder builder, string name, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        configureOptions?.Invoke(builder.Services.AddOptions<MemoryGrainStorageOptions>(name));
        StorageServices.AddMemory(builder.Services, name);
        return builder;
    }
}
