using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Cluster;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>Registers what a client consists of: the runtime of a silo that never has activations, and connections to gateways.</summary>
internal static class ClientServices
{
    internal static void Add(IServiceCollection services)
    {
        if (services.Any(service => service.ServiceType == typeof(ClientConnections)))
            return;
        if (services.Any(service => service.ServiceType == typeof(SiloRuntime)))
            throw new OrleansConfigurationException("This host has a silo, whose own client reaches the whole cluster: it takes no other one.");
        services.AddOptions();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new MessageLimits());
        services.AddSingleton<IValidateOptions<ClusterOptions>, ClusterOptionsValidator>();
        services.AddOptions<SiloMessagingOptions>().Configure<IOptions<ClientMessagingOptions>>(static (runtime, client) =>
        {
            runtime.ResponseTimeout = client.Value.ResponseTimeout;
            runtime.CancelRequestOnTimeout = client.Value.CancelRequestOnTimeout;
            runtime.DropExpiredMessages = client.Value.DropExpiredMessages;
        });
        services.AddSingleton<ClientConnections>();
        services.AddSingleton<IMessageCenterFactory>(static provider => provider.GetRequiredService<ClientConnections>());
        services.AddSingleton<SiloRuntime>();
        services.AddSingleton<IClusterClient>(static provider => provider.GetRequiredService<SiloRuntime>().GrainFactory);
        services.AddSingleton<IGrainFactory>(static provider => provider.GetRequiredService<SiloRuntime>().GrainFactory);
        services.AddHostedService<ClientHost>();
    }
}
