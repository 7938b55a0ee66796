using System.Diagnostics;
using System.Text.Json;
using Orleans;

namespace GrainVault.Bench.GrainCalls;

/// <summary>
/// The same calls within a process, from silo to silo, and from a client by a gateway, in turns: calls a second and how long one
/// takes, and how fast content of a part's size travels.
/// </summary>
public sealed class BetweenProcessesBenchmark(TimeSpan runTime, int runCount)
{
    private const int CallersMany = 64;
    private const int ContentCallersMany = 4;
    private const int ContentBytes = 8 << 20;

    /// <summary>Writes one JSON line per way and number of callers, of medians of runs.</summary>
    public async Task RunAsync(TextWriter output)
    {
        await using var cluster = await EchoCluster.StartAsync();
        var here = await cluster.KeysInAsync(Environment.ProcessId, CallersMany);
        var gateway = await cluster.KeysInAsync(cluster.GatewayProcessId, CallersMany);
        var far = await cluster.KeysInAsync(cluster.FarProcessId, CallersMany);
        Way[] ways =
        [
            new("within a process", Grains(cluster.Silo, here)),
            new("silo to silo", Grains(cluster.Silo, gateway)),
            new("client to gateway", Grains(cluster.Client, gateway)),
            new("client by gateway to silo", Grains(cluster.Client, far)),
        ];
        foreach (var callerCount in (int[])[1, CallersMany])
            await CompareAsync(output, "calls", ways, callerCount, 1, static grain => grain.Echo(1));
        var bytes = new byte[ContentBytes];
        new Random(1).NextBytes(bytes);
        var content = new Content(bytes);
        foreach (var callerCount in (int[])[1, ContentCallersMany])
            await CompareAsync(output, "MiB", ways, callerCount, ContentBytes >> 20, grain => grain.Take(content));
    }

    private async Task CompareAsync(
        TextWriter output, string unit, Way[] ways, int callerCount, int unitsPerCall, Func<IEchoGrain, Task> call)
    {
        foreach (var way in ways)
            await MeasureAsync(way.Grains[..callerCount], call);
        var runs = ways.ToDictionary(way => way, _ => new List<Outcome>());
        for (var run = 0; run < runCount; run++)
        {
            foreach (var way in ways)
                runs[way].Add(await MeasureAsync(way.Grains[..callerCount], call));
        }

        var within = Median(runs[ways[0]], outcome => outcome.CallsPerSecond);
        foreach (var way in ways)
        {
            var rate = Median(runs[way], outcome => outcome.CallsPerSecond);
            await output.WriteLineAsync(JsonSerializer.Serialize(new
            {
                way = way.Name,
                callers = callerCount,
                unit,
                perSecond = Math.Round(rate * unitsPerCall, 1),
                ofWithin = Math.Round(rate / within, 4),
                p50Microseconds = Math.Round(Median(runs[way], outcome => outcome.MedianMicroseconds), 1),
                p99Microseconds = Math.Round(Median(runs[way], outcome => outcome.P99Microseconds), 1),
                runs = runs[way].Select(outcome => Math.Round(outcome.CallsPerSecond * unitsPerCall, 1)),
                runtime = typeof(IGrain).Assembly.GetName().Name,
                processors = Environment.ProcessorCount,
            }));
        }
    }

    private async Task<Outcome> MeasureAsync(IEchoGrain[] targets, Func<IEchoGrain, Task> call)
    {
        var clock = Stopwatch.StartNew();
        var tookTicks = await Task.WhenAll(targets.Select(target => Task.Run(async () =>
        {
            var took = new List<long>();
            do
            {
                var start = Stopwatch.GetTimestamp();
                await call(target);
                took.Add(Stopwatch.GetTimestamp() - start);
            }
            while (clock.Elapsed < runTime);
            return took;
        })));
        var elapsed = clock.Elapsed;
        var all = tookTicks.SelectMany(took => took).ToArray();
        Array.Sort(all);
        return new Outcome(all.Length / elapsed.TotalSeconds, Microseconds(all[all.Length / 2]), Microseconds(all[all.Length * 99 / 100]));
    }

    private static IEchoGrain[] Grains(IGrainFactory factory, string[] keys) => [.. keys.Select(key => factory.GetGrain<IEchoGrain>(key))];

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;

    private static double Median(List<Outcome> outcomes, Func<Outcome, double> value) => outcomes.Select(value).Order().ElementAt(outcomes.Count / 2);

    private sealed record Way(string Name, IEchoGrain[] Grains);

    private readonly record struct Outcome(double CallsPerSecond, double MedianMicroseconds, double P99Microseconds);
}
