using GrainVault.Cluster;
using GrainVault.Silo.Options;
using GrainVault.Silo.Telemetry.Metrics;

namespace GrainVault.Silo.Status;

/// <summary>Registration of the reports to the cluster's page.</summary>
public static class StatusExtensions
{
    /// <summary>
    /// Lets this process report to the cluster's page. Call it after what adds the silo or the client, so that reports begin after
    /// it and end before it.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="isFrontEnd">Whether it serves clients.</param>
    public static IHostApplicationBuilder AddClusterReports(this IHostApplicationBuilder builder, bool isFrontEnd)
    {
        var cluster = builder.AddGrainVaultOptions<GrainClusterOptions>(GrainClusterOptions.Section);
        var role = !isFrontEnd ? ProcessRole.Silo : cluster.Mode == ClusterMode.Client ? ProcessRole.FrontEnd : ProcessRole.FrontEndWithSilo;
        // A cluster of one has no members' table.
        if (cluster.Mode == ClusterMode.Cohost)
            builder.Services.AddSingleton<IMemberList, MemberTable>();
        builder.Services.AddSingleton(services => new ClusterReports(
            services.GetRequiredService<MetricsCollector>(), role, cluster.SiloName, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService<ClusterReporter>();
        return builder;
    }
}
