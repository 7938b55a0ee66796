using System.Diagnostics.Metrics;
using GrainVault.Silo.Hosting;

namespace GrainVault.Silo.Telemetry;

/// <summary>States what runs: a gauge that is always 1, whose labels are the version and the actor runtime.</summary>
internal sealed class BuildMetric(IMeterFactory meters) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var version = typeof(BuildMetric).Assembly.GetName().Version!.ToString(3);
        meters.Create("GrainVault.Process").CreateObservableGauge(
            "grainvault.build.info",
            () => new Measurement<int>(
                1,
                new KeyValuePair<string, object?>("version", version),
                new KeyValuePair<string, object?>("runtime", RuntimeInfo.Current.Name)),
            description: "What runs here");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
