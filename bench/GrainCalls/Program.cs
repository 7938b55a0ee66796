using System.Diagnostics;
using System.Text.Json;
using GrainVault.Bench.GrainCalls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Hosting;

// Grain calls a second in one process: `dotnet run -c Release --project bench/GrainCalls [-- --seconds 2 --runs 5]`.
// One JSON line per shape: the median of the runs, the runs, and the allocated bytes per call.
var seconds = Option("--seconds", 2.0);
var runs = (int)Option("--runs", 5);

var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.UseOrleans(silo => silo.UseLocalhostClustering());
using var host = builder.Build();
await host.StartAsync();
var grains = host.Services.GetRequiredService<IGrainFactory>();

await MeasureAsync("one caller, one call after another", callers: 1, (grain, value) => grain.Echo(value));
await MeasureAsync("64 callers over 64 grains", callers: 64, (grain, value) => grain.Echo(value));
var descriptor = new Descriptor("part", 8 << 20);
await MeasureAsync("64 callers over 64 grains, a record and a token each way", callers: 64, (grain, _) => grain.Read(descriptor));
await host.StopAsync();

async Task MeasureAsync(string shape, int callers, Func<IEchoGrain, int, Task> call)
{
    var targets = Enumerable.Range(0, callers).Select(index => grains.GetGrain<IEchoGrain>($"e-{index}")).ToArray();
    await RunAsync(targets, call, TimeSpan.FromSeconds(Math.Min(1, seconds)));
    var rates = new List<double>();
    var bytes = new List<double>();
    for (var run = 0; run < runs; run++)
    {
        var allocatedBefore = GC.GetTotalAllocatedBytes();
        var (count, elapsed) = await RunAsync(targets, call, TimeSpan.FromSeconds(seconds));
        rates.Add(count / elapsed.TotalSeconds);
        bytes.Add((GC.GetTotalAllocatedBytes() - allocatedBefore) / (double)count);
    }
    Console.WriteLine(JsonSerializer.Serialize(new
    {
        shape,
        runtime = typeof(IGrain).Assembly.GetName().Name,
        callsPerSecondMedian = Math.Round(Median(rates)),
        callsPerSecond = rates.Select(rate => Math.Round(rate)),
        allocatedBytesPerCallMedian = Math.Round(Median(bytes)),
        processors = Environment.ProcessorCount,
    }));
}

static async Task<(long Count, TimeSpan Elapsed)> RunAsync(IEchoGrain[] targets, Func<IEchoGrain, int, Task> call, TimeSpan duration)
{
    var clock = Stopwatch.StartNew();
    var counts = await Task.WhenAll(targets.Select(target => Task.Run(async () =>
    {
        var count = 0;
        while (clock.Elapsed < duration)
        {
            for (var burst = 0; burst < 64; burst++)
                await call(target, count++);
        }
        return (long)count;
    })));
    return (counts.Sum(), clock.Elapsed);
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

double Option(string name, double fallback)
{
    var index = Array.IndexOf(args, name);
    return index < 0 ? fallback : double.Parse(args[index + 1], System.Globalization.CultureInfo.InvariantCulture);
}
