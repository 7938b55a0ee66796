using System.Diagnostics.Metrics;
using GrainVault.Api.Diagnostics;
using GrainVault.Api.Http;

namespace GrainVault.Api.Shedding;

/// <summary>
/// Watches how long work waits for a thread and how much memory is in use. It has a thread of its own: when all others are
/// taken, a timer of the pool would notice nothing.
/// </summary>
internal sealed class ProcessPressure(FrontEndLimits limits, TimeProvider time, IMeterFactory meters, ILogger<ProcessPressure> logger) : IHostedService, IDisposable
{
    /// <summary>Measurements in a row below a level before it is left: one second.</summary>
    private const int CalmCountMin = 4;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly ManualResetEventSlim _stopping = new();
    private readonly ThreadDelayProbe _probe = new(time, item => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false));
    private volatile PressureLevel _level;
    private int _calmCount;

    /// <summary>The level now.</summary>
    public PressureLevel Level => _level;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        meters.Create(ApiInstruments.Name).CreateObservableGauge(
            "grainvault.pressure.level", () => (int)_level, "{level}", "What is sent away: 0 nothing, 1 uploads, 2 changes and downloads too, 3 reads too");
        new Thread(Watch) { IsBackground = true, Name = "process-pressure", Priority = ThreadPriority.AboveNormal }.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping.Set();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Set();

    /// <summary>Takes a measurement into account.</summary>
    internal void Note(TimeSpan threadDelay, double memoryShare)
    {
        var (now, before) = (PressureLevels.Of(threadDelay, memoryShare, limits), _level);
        if (now >= before)
            _calmCount = 0;
        else if (++_calmCount < CalmCountMin)
            return;
        if (now == before)
            return;
        _calmCount = 0;
        _level = now;
        if (now > before)
            logger.Rose(now, (long)threadDelay.TotalMilliseconds, memoryShare);
        else
            logger.Fell(now);
    }

    private void Watch()
    {
        var measuredAt = time.GetTimestamp();
        while (!_stopping.Wait(Period))
        {
            var now = time.GetTimestamp();
            // A process that stood still as a whole (SIGSTOP, a machine that slept) has learned nothing about its threads.
            if (time.GetElapsedTime(measuredAt, now) > 4 * Period)
                _probe.Restart();
            measuredAt = now;
            Note(_probe.Measure(), MemoryShare());
        }
    }

    private static double MemoryShare()
    {
        var available = GC.GetGCMemoryInfo(GCKind.Any).TotalAvailableMemoryBytes;
        return available <= 0 ? 0 : (double)GC.GetTotalMemory(forceFullCollection: false) / available;
    }
}

internal static partial class ProcessPressureLog
{
    [LoggerMessage(1401, LogLevel.Warning, "Pressure is {Level}: work waits {DelayMs} ms for a thread, and {MemoryShare:P0} of the memory is in use.")]
    public static partial void Rose(this ILogger<ProcessPressure> logger, PressureLevel level, long delayMs, double memoryShare);

    [LoggerMessage(1402, LogLevel.Information, "Pressure fell to {Level}.")]
    public static partial void Fell(this ILogger<ProcessPressure> logger, PressureLevel level);
}
