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
[Collection(OneCluster.Name)]
public sealed class PartitionTests(ClusterFixture fixture, ITestOutputHelper output)
{
    private static readonly TimeSpan ServiceInTheEnd = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan StutterPause = TimeSpan.FromSeconds(2);

    private RunningCluster Cluster => fixture.Cluster;

    [Fact]
    public Task Silos_that_do_not_hear_each_other_for_a_while_harm_nothing() => fixture.UnderLoadApartAsync(output, RetryRule.Patient, async () =>
    {
        await PartAsync("two silos don't hear each other, and the third hears both", 2, network => network.Cut(2, 3));
        await PartAsync("what one silo sends to another is lost, and what it hears from it is not", 3, network => network.CutOneWay(3, 1));
        await PartAsync("one silo is alone on its side: the others go on without it, and it must not go on without them", 1, network =>
        {
            network.Cut(1, 2);
            network.Cut(1, 3);
        });
    });

    /// <param name="what">For the output.</param>
    /// <param name="number">The silo that stutters where nothing can be cut, by its place from 1.</param>
    /// <param name="cut">Parts the network.</param>
    private async Task PartAsync(string what, int number, Action<SiloNetwork> cut)
    {
        await using var monitor = Cluster.Watch(Cluster.Processes.FrontEnds);
        await monitor.UntilServedAsync(Stopwatch.GetTimestamp(), ServiceInTheEnd);
        var begun = Stopwatch.GetTimestamp();
        if (fixture.Network is { } network)
        {
            output.WriteLine($"in network namespaces: {what}");
            cut(network);
            await Task.Delay(FaultLength.Outage);
            network.Heal();
        }
        else
        {
            output.WriteLine($"no network namespaces here ({fixture.Refusal}): one silo stutters instead");
            await StutterAsync(Cluster.Processes.Silos[number - 1], begun);
        }

        var healed = Stopwatch.GetTimestamp();
        var report = await monitor.UntilServedAsync(healed, ServiceInTheEnd);
        output.WriteLine($"healed: {report}; longest time without an answer {monitor.LongestOutage.TotalSeconds:f1} s");
        report.AssertWithin(ServiceInTheEnd);
        await Cluster.ReplaceDeadAsync(output);
    }

    private static async Task StutterAsync(VaultMember silo, long begun)
    {
        try
        {
            while (silo.IsRunning && Stopwatch.GetElapsedTime(begun) < FaultLength.Outage)
            {
                await silo.PauseAsync();
                await Task.Delay(StutterPause);
                await silo.ResumeAsync();
                await Task.Delay(StutterPause / 4);
            }
        }
        catch (InvalidOperationException) when (!silo.IsRunning)
        {
            // It was declared dead, and ended between a look and a signal.
        }
    }
}
