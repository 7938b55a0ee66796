using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;

namespace Orleans.Cluster;

/// <summary>Registers what makes a silo one of several, and what lets a client find them.</summary>
internal static class ClusterServices
{
    internal static void AddSilo(IServiceCollection services)
    {
        services.TryAddSingleton<IMembershipTable, AdoNetMembershipTable>();
        AddMembership(services);
    }

    /// <summary>Membership in whatever table is registered.</summary>
    internal static void AddMembership(IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ClusterMembershipOptions>, ClusterMembershipOptionsValidator>());
        services.TryAddSingleton<MembershipView>();
        services.TryAddSingleton<MembershipWriter>();
        services.TryAddSingleton<SignsOfLife>();
        services.TryAddSingleton<DeathVotes>();
        services.TryAddSingleton<SiloMonitor>();
        services.TryAddSingleton<JoinCheck>();
        services.TryAddSingleton<PauseGuard>();
        services.TryAddSingleton<MembershipAgent>();
        // In the place of the cluster of one.
        services.Replace(ServiceDescriptor.Singleton<IClusterView>(static provider => provider.GetRequiredService<MembershipView>()));
        services.Replace(ServiceDescriptor.Singleton<ISiloMembership>(static provider => provider.GetRequiredService<MembershipAgent>()));
        MessagingServices.AddSilo(services);
        services.TryAddSingleton<ISiloControlTarget>(static provider => provider.GetRequiredService<MembershipAgent>());
    }

    internal static void AddClient(IServiceCollection services) => services.TryAddSingleton<IGatewayTable, AdoNetGatewayTable>();
}
