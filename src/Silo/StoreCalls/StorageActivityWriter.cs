using GrainVault.Administration;
using GrainVault.Options;
using GrainVault.Storage.Instrumentation;
using Orleans;

namespace GrainVault.Silo.StoreCalls;

/// <summary>
/// Brings the calls of the object store that this process makes to where administrators see them, about every second. It holds up
/// nobody: what can't be written is dropped and counted.
/// </summary>
internal sealed partial class StorageActivityWriter(
    StoreCallLog calls, IGrainFactory grains, StorageActivityOptions options, string process, TimeProvider time, ILogger<StorageActivityWriter> logger) : BackgroundService
{
    private static readonly TimeSpan BatchTime = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait for one batch to be written.</summary>
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(10);

    private bool _isFailing;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.IsEnabled)
            return;
        var reader = calls.Open(options.QueueCountMax, options.SampleShare);
        try
        {
            while (await reader.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(BatchTime, time, stoppingToken);
                var batch = new List<StoreCallRecord>();
                while (reader.TryRead(out var call))
                {
                    batch.Add(new StoreCallRecord(call.At, call.Store, call.Operation, call.Key, call.Outcome, call.Elapsed, call.SizeBytes));
                    if (batch.Count == IStorageActivityGrain.CallCountMax)
                        batch = await WriteAsync(batch, stoppingToken);
                }

                await WriteAsync(batch, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
        finally
        {
            calls.Close();
        }
    }

    /// <summary>Writes a batch, or drops it, and gives the next.</summary>
    private async Task<List<StoreCallRecord>> WriteAsync(List<StoreCallRecord> batch, CancellationToken stoppingToken)
    {
        try
        {
            if (batch.Count > 0)
                await grains.GetGrain<IStorageActivityGrain>(IStorageActivityGrain.Key).AppendAsync(process, batch, CancellationToken.None).WaitAsync(WriteTimeout, time, stoppingToken);
            _isFailing = false;
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            calls.Dropped(batch.Count);
            if (!_isFailing)
                LogFailed(logger, exception);
            _isFailing = true;
        }

        return [];
    }

    [LoggerMessage(1080, LogLevel.Warning, "Calls of the object store could not be written down; they are dropped until that works again")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
