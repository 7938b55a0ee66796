using GrainVault.Storage.Disk;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace GrainVault.Storage;

/// <summary>Registration of the object store.</summary>
public static class StorageExtensions
{
    /// <summary>
    /// Registers <see cref="IObjectStore"/> for the configured provider, and each capability interface that it has:
    /// <see cref="IMultipartStore"/>, <see cref="IRangedReadStore"/> and <see cref="IListingStore"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The root configuration; the section is <see cref="ObjectsOptions.Section"/>.</param>
    public static IServiceCollection AddObjectStore(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IValidateOptions<ObjectsOptions>, ObjectsOptionsValidator>();
        services.AddOptions<ObjectsOptions>()
            .Bind(configuration.GetSection(ObjectsOptions.Section))
            .PostConfigure(options => options.Disk.Directory ??=
                Path.Combine(configuration["GrainVault:Data:Directory"] ?? ".data", "objects"))
            .ValidateOnStart();
        services.AddSingleton<IObjectStore>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<ObjectsOptions>>().Value;
            return ActivatorUtilities.CreateInstance<DiskObjectStore>(provider, options.Disk);
        });
        AddCapability<IMultipartStore>(services);
        AddCapability<IRangedReadStore>(services);
        AddCapability<IListingStore>(services);
        return services;
    }

    private static void AddCapability<T>(IServiceCollection services)
        where T : class =>
        services.AddSingleton(provider => provider.GetRequiredService<IObjectStore>() as T
            ?? throw new InvalidOperationException($"The configured object store has no {typeof(T).Name}."));
}
