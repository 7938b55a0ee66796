using GrainVault.Cluster;
using Orleans;

namespace GrainVault.Silo.Status;

/// <summary>Tells the cluster how this process does, every <see cref="ReportTimes.Period"/> and once at its end.</summary>
internal sealed partial class ClusterReporter(ClusterReports reports, IGrainFactory grains, TimeProvider time, ILogger<ClusterReporter> logger) : BackgroundService
{
    /// <summary>Longest wait for one report: the next one says the same and more.</summary>
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait for the last report: a stop is not held up by it.</summary>
    private static readonly TimeSpan LastReportTimeout = TimeSpan.FromMilliseconds(500);

    private bool _isFailing;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await ReportAsync(isStopping: true, LastReportTimeout, cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(ReportTimes.Period, time);
        try
        {
            do
            {
                await ReportAsync(isStopping: false, ReportTimeout, stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    private async Task ReportAsync(bool isStopping, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            var report = reports.Make(isStopping);
            await grains.GetGrain<IClusterStatusGrain>(IClusterStatusGrain.Key)
                .ReportAsync(report, CancellationToken.None)
                .WaitAsync(timeout, time, cancellationToken);
            if (_isFailing)
                LogRecovered(logger);
            _isFailing = false;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The page misses this process for a while; nothing else does.
            if (!_isFailing && !isStopping)
                LogFailed(logger, exception);
            _isFailing = true;
        }
    }

    [LoggerMessage(1068, LogLevel.Warning, "This process can't report to the cluster's page; it goes on trying")]
    private static partial void LogFailed(ILogger logger, Exception exception);

    [LoggerMessage(1069, LogLevel.Information, "This process reports to the cluster's page again")]
    private static partial void LogRecovered(ILogger logger);
}
