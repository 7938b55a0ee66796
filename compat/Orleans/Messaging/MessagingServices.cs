using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Cluster;

namespace Orleans.Messaging;

/// <summary>Registers what carries calls between processes.</summary>
internal static class MessagingServices
{
    internal static void AddSilo(IServiceCollection services)
    {
        services.TryAddSingleton(new MessageLimits());
        services.TryAddSingleton<SiloConnections>();
        services.TryAddSingleton<ISiloConnections>(static provider => provider.GetRequiredService<SiloConnections>());
        services.TryAddSingleton<IMessageCenterFactory>(static provider => provider.GetRequiredService<SiloConnections>());
        services.TryAddSingleton<ISiloControl, SiloControl>();
    }
}
