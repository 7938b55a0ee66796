using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>Finds and registers stores by name.</summary>
internal static class StorageServices
{
    internal const string DefaultName = "Default";

    internal static IGrainStorage? Find(IServiceProvider services, string? name) => string.IsNullOrEmpty(name)
        ? services.GetKeyedService<IGrainStorage>(DefaultName) ?? services.GetService<IGrainStorage>()
        : services.GetKeyedService<IGrainStorage>(name);

    internal static void AddMemory(IServiceCollection services, string name) =>
        services.AddKeyedSingleton<IGrainStorage>(name, static (_, _) => new MemoryGrainStorage());

    internal static void AddAdoNet(IServiceCollection services, string name)
    {
        services.AddKeyedSingleton<IGrainStorage>(name, static (provider, key) => new AdoNetGrainStorage(
            (string)key!,
            provider.GetRequiredService<IOptionsMonitor<AdoNetGrainStorageOptions>>().Get((string)key!),
            provider.GetRequiredService<IOptions<ClusterOptions>>().Value));
        services.AddSingleton<IStartsWithSilo>(provider => (IStartsWithSilo)provider.GetRequiredKeyedService<IGrainStorage>(name));
    }
}
