using GrainVault.Silo.Options;
using GrainVault.Silo.Telemetry.Metrics;
using GrainVault.Silo.Telemetry.Tracing;
using Orleans;

namespace GrainVault.Silo.Telemetry;

/// <summary>Registration of metrics and traces, the same in every process.</summary>
public static class TelemetryExtensions
{
    /// <summary>
    /// Begins to collect metrics, and exports traces where there is a collector. Call it before anything that records, and before the silo, so that calls are measured with all
    /// that other filters add to them.
    /// </summary>
    /// <exception cref="Startup.StartRefusedException">A configuration value is wrong.</exception>
    public static IHostApplicationBuilder AddGrainVaultTelemetry(this IHostApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(MetricsCollector)))
            return builder;
        var metrics = builder.AddGrainVaultOptions<MetricsOptions>(MetricsOptions.Section);
        var collector = new MetricsCollector(metrics.SeriesCountMax);
        // By a factory, so that the container disposes it.
        builder.Services.AddSingleton(_ => collector);
        builder.Services.AddSingleton<IIncomingGrainCallFilter, GrainCallMeter>();
        builder.Services.AddHostedService<BuildMetric>();
        builder.AddTracing();
        return builder;
    }

    /// <summary>Maps <c>GET /metrics</c>, for administrators and scrapers; see <see cref="MetricsOptions"/>.</summary>
    /// <param name="endpoints">The endpoints of the process.</param>
    /// <param name="answersThisMachine">
    /// Where no network is configured, whether connections from this machine need no token: right for a port that no proxy
    /// forwards clients to.
    /// </param>
    public static IEndpointConventionBuilder MapGrainVaultMetrics(this IEndpointRouteBuilder endpoints, bool answersThisMachine = false)
    {
        var services = endpoints.ServiceProvider;
        var endpoint = new MetricsEndpoint(
            services.GetRequiredService<MetricsCollector>(), services.GetRequiredService<MetricsOptions>(), answersThisMachine);
        return endpoints.MapGet("/metrics", endpoint.Get).AllowAnonymous().ExcludeFromDescription();
    }

    // Without a collector nobody listens to spans, so none are made.
    private static void AddTracing(this IHostApplicationBuilder builder)
    {
        if (!TracingService.IsWanted(builder.AddGrainVaultOptions<TelemetryOptions>(TelemetryOptions.Section)))
            return;
        builder.Services.AddHostedService<TracingService>();
        builder.Services.AddSingleton<IStartupFilter, RequestSpans>();
    }
}
