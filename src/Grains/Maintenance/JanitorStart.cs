using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;

namespace GrainVault.Maintenance;

/// <summary>
/// Gives the store its marker and registers the reminders of all shards, at every start: the reminder table may be lost.
/// Runs beside everything else; a database or store that is down delays it and nothing but it.
/// </summary>
internal sealed class JanitorStart(
    SweepGuard marker, IGrainFactory grains, TimeProvider time, ILogger<JanitorStart> logger) : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await marker.EnsureAsync(stoppingToken);
                for (var shard = 0; shard < IJanitorGrain.ShardCount; shard++)
                    await grains.GetGrain<IJanitorGrain>(string.Create(CultureInfo.InvariantCulture, $"j-{shard}")).EnsureAsync(stoppingToken);
                return;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                JanitorLog.StartFailed(logger, exception);
            }

            // Ends with the host: a cancelled background service is not a failure.
            await Task.Delay(RetryInterval, time, stoppingToken);
        }
    }
}
