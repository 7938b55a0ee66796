using GrainVault.Bench.GrainCalls;
using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Bench;

/// <summary>Runs alone: it counts what the whole process allocates.</summary>
[CollectionDefinition(nameof(GrainCallCostTests), DisableParallelization = true)]
[Collection(nameof(GrainCallCostTests))]
public sealed class GrainCallCostTests
{
    private const int CallCount = 20_000;
    private const int BytesPerCallMax = 640;

    [Fact]
    public async Task Call_stays_within_its_allocation_budget()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grain<IEchoGrain>();
        await CallAsync(grain);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await CallAsync(grain);
        var bytesPerCall = (GC.GetTotalAllocatedBytes(precise: true) - before) / CallCount;
        Assert.True(bytesPerCall <= BytesPerCallMax, $"A call allocates {bytesPerCall} bytes; at most {BytesPerCallMax} are allowed.");
    }

    [Fact]
    public async Task Benchmark_runs()
    {
        using var output = new StringWriter();
        await new GrainCallBenchmark(TimeSpan.FromMilliseconds(20), runCount: 1).RunAsync(output);
        Assert.Equal(3, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Benchmark_between_processes_runs()
    {
        using var output = new StringWriter();
        await new BetweenProcessesBenchmark(TimeSpan.FromMilliseconds(20), runCount: 1).RunAsync(output);
        Assert.Equal(16, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static async Task CallAsync(IEchoGrain grain)
    {
        for (var call = 0; call < CallCount; call++)
            await grain.Echo(call);
    }
}
