using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Cluster;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>Membership in a table behind an ADO.NET provider.</summary>
public static class AdoNetHostingExtensions
{
    /// <summary>Makes the silo a member of the cluster that the table describes.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configureOptions">Sets how to reach the table.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder UseAdoNetClustering(this ISiloBuilder builder, Action<AdoNetClusteringSiloOptions> configureOptions) =>
        builder.UseAdoNetClustering((OptionsBuilder<AdoNetClusteringSiloOptions> options) => options.Configure(configureOptions));

    /// <summary>Makes the silo a member of the cluster that the table describes.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configureOptions">Sets how to reach the table.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder UseAdoNetClustering(this ISiloBuilder builder, Action<OptionsBuilder<AdoNetClusteringSiloOptions>> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        configureOptions(builder.Services.AddOptions<AdoNetClusteringSiloOptions>());
        ClusterServices.AddSilo(builder.Services);
        return builder;
    }

    /// <summary>Finds the cluster's gateways in the table.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="configureOptions">Sets how to reach the table.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder UseAdoNetClustering(this IClientBuilder builder, Action<AdoNetClusteringClientOptions> configureOptions) =>
        builder.UseAdoNetClustering((OptionsBuilder<AdoNetClusteringClientOptions> options) => options.Configure(configureOptions));

    /// <summary>Finds the cluster's gateways in the table.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="configureOptions">Sets how to reach the table.</param>
    /// <returns>The client.</returns>
    public static IClientBuilder UseAdoNetClustering(
        this IClientBuilder builder, Action<OptionsBuilder<AdoNetClusteringClientOptions>> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        configureOptions(builder.Services.AddOptions<AdoNetClusteringClientOptions>());
        ClusterServices.AddClient(builder.Services);
        return builder;
    }
}
