using System.Diagnostics;
using GrainVault.Cluster.Tests.Load;
using GrainVault.Cluster.Tests.Network;
using GrainVault.TestKit.Cluster;
using Xunit.Abstractions;

namespace GrainVault.Cluster.Tests.Faults;

/// <summary>
/// Silos that can't hear each other, while all of them reach PostgreSQL, the store and the front ends. Each silo has a network
/// namespace of its own where the machine lets us make some (root on Linux). Elsewhere the nearest that any user can do to
/// processes: a silo that stutters, silent for longer than a probe waits and back again, which the others see as a connection
/// that now works and now doesn't.
/// </summary>
public sealed class PartitionTests(PartitionFixture fixture, ITestOutputHelper output) : IClassFixture<PartitionFixture>
{
    private static readonly TimeSpan ServiceInTheEnd = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StutterPause = TimeSpan.FromSeconds(2);

    private RunningCluster Cluster => fixture.Cluster;

    /// <summary>One silo alone on its side: the others must go on without it, and it must not go on without them.</summary>
    [Fact]
    public Task Silo_cut_from_all_others_harms_nothing() => RunAsync(network =>
    {
        network.Cut(1, 2);
        network.Cut(1, 3);
    });

    /// <summary>Two silos don't hear each other, and the third hears both.</summary>
    [Fact]
    public Task Two_silos_cut_from_each_other_harm_nothing() => RunAsync(network => network.Cut(2, 3));

    /// <summary>What one silo sends to another is lost, and what it hears from it is not.</summary>
    [Fact]
    public Task Connection_that_is_cut_in_one_direction_harms_nothing() => RunAsync(network => network.CutOneWay(3, 1));

    private Task RunAsync(Action<SiloNetwork> cut) => fixture.UnderLoadAsync(output, RetryRule.Patient, async () =>
    {
        await using var monitor = Cluster.Watch(Cluster.Processes.FrontEnds);
        await monitor.UntilServedAsync(Stopwatch.GetTimestamp(), ServiceInTheEnd);
        var begun = Stopwatch.GetTimestamp();
        if (fixture.Network is { } network)
        {
            output.WriteLine("in network namespaces");
            cut(network);
            await Task.Delay(FaultLength.Outage);
            network.Heal();
        }
        else
        {
            output.WriteLine($"no network namespaces here ({fixture.Refusal}): one silo stutters instead");
            await StutterAsync(Cluster.Processes.Silos[0], begun);
        }

        var healed = Stopwatch.GetTimestamp();
        var report = await monitor.UntilServedAsync(healed, ServiceInTheEnd);
        output.WriteLine($"healed: {report}; longest time without an answer {monitor.LongestOutage.TotalSeconds:f1} s");
        report.AssertWithin(ServiceInTheEnd);
        await Cluster.ReplaceDeadAsync(output);
    });

    private static async Task StutterAsync(VaultMember silo, long begun)
    {
        while (silo.IsRunning && Stopwatch.GetElapsedTime(begun) < FaultLength.Outage)
        {
            await silo.PauseAsync();
            await Task.Delay(StutterPause);
            await silo.ResumeAsync();
            await Task.Delay(StutterPause / 4);
        }
    }
}
