using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;

namespace GrainVault.Bench.GrainCalls;

/// <summary>
/// Grain calls a second in one process, in the two shapes of the bar: 140,000 from one caller and 190,000 from 64 callers
/// over 64 grains, on two cores.
/// </summary>
public sealed class GrainCallBenchmark(TimeSpan runTime, int runCount)
{
    private const int CallersMany = 64;
    private const int BurstCallCount = 64;

    /// <summary>Writes one JSON line per shape: the median of the runs, the runs, and the allocated bytes per call.</summary>
    public async Task RunAsync(TextWriter output)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseOrleans(silo => silo.UseLocalhostClustering());
        using var host = builder.Build();
        await host.StartAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var descriptor = new Descriptor("part", 8 << 20);
        await MeasureAsync(output, grains, "one caller, one call after another", 1, static (grain, value) => grain.Echo(value));
        await MeasureAsync(output, grains, "64 callers over 64 grains", CallersMany, static (grain, value) => grain.Echo(value));
        await MeasureAsync(output, grains, "64 callers over 64 grains, a record and a token", CallersMany, (grain, _) => grain.Read(descriptor));
        await host.StopAsync();
    }

    private async Task MeasureAsync(TextWriter output, IGrainFactory grains, string shape, int callerCount, Func<IEchoGrain, int, Task> call)
    {
        var targets = Enumerable.Range(0, callerCount).Select(index => grains.GetGrain<IEchoGrain>($"e-{index}")).ToArray();
        await CallAsync(targets, call, runTime);
        var rates = new List<double>();
        var bytes = new List<double>();
        for (var run = 0; run < runCount; run++)
        {
            var allocatedBefore = GC.GetTotalAllocatedBytes();
            var (count, elapsed) = await CallAsync(targets, call, runTime);
            rates.Add(count / elapsed.TotalSeconds);
            bytes.Add((GC.GetTotalAllocatedBytes() - allocatedBefore) / (double)count);
        }
        await output.WriteLineAsync(JsonSerializer.Serialize(new
        {
            shape,
            runtime = typeof(IGrain).Assembly.GetName().Name,
            callsPerSecondMedian = Math.Round(Median(rates)),
            callsPerSecond = rates.Select(rate => Math.Round(rate)),
            allocatedBytesPerCallMedian = Math.Round(Median(bytes)),
            processors = Environment.ProcessorCount,
        }));
    }

    private static async Task<(long Count, TimeSpan Elapsed)> CallAsync(IEchoGrain[] targets, Func<IEchoGrain, int, Task> call, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(targets.Select(target => Task.Run(async () =>
        {
            var count = 0;
            do
            {
                for (var burst = 0; burst < BurstCallCount; burst++)
                    await call(target, count++);
            }
            while (clock.Elapsed < duration);
            return (long)count;
        })));
        return (counts.Sum(), clock.Elapsed);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
