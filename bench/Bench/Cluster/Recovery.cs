using System.Globalization;
using GrainVault.TestKit.Cluster;

namespace GrainVault.Bench.Cluster;

/// <summary>How long grains are away when a silo dies or leaves, as clients of a front end see it.</summary>
internal static class Recovery
{
    /// <summary>Time for the others to make room for a silo that has come back, before the next one goes.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    public static async Task<IEnumerable<string>> RunAsync(VaultCluster cluster, BenchOptions options)
    {
        using var session = await VaultSession.SignUpAsync(cluster.FrontEnds[1].Address);
        await using var probes = await ProbeFiles.StartAsync(session, options.ProbeCount);
        // All silos in turn; the last one is inside a front end.
        VaultMember[] silos = [.. cluster.Silos, cluster.FrontEnds[0]];
        List<double> idle = [], killed = [], stopped = [];
        for (var run = 0; run < options.Runs; run++)
        {
            var silo = silos[run % silos.Length];
            idle.Add(await MeasureAsync(probes, "nothing", () => Task.Delay(Rest)));
            killed.Add(await MeasureAsync(probes, $"kill -9 of {silo.Name}", silo.KillAsync));
            await BringBackAsync(silo);
            stopped.Add(await MeasureAsync(probes, $"orderly stop of {silo.Name}", silo.StopOrderlyAsync));
            await BringBackAsync(silo);
        }

        return
        [
            Row("longest wait for one of the grains while nothing happens", idle),
            Row("longest wait for one of the grains after kill -9 of one of 3 silos", killed),
            Row("longest wait for one of the grains during and after an orderly stop of one of 3 silos", stopped),
        ];

        string Row(string name, List<double> seconds) => string.Create(
            CultureInfo.InvariantCulture,
            $"| {name}, {options.ProbeCount} grains | {seconds.Order().ElementAt(seconds.Count / 2):F2} s (median), {seconds.Max():F2} s (longest) | - | - | - | {seconds.Count} |");
    }

    private static async Task<double> MeasureAsync(ProbeFiles probes, string what, Func<Task> happening)
    {
        var (wait, failureCount) = await probes.DuringAsync(happening);
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"  {what}: longest wait {wait.TotalSeconds:F2} s, {failureCount} requests failed"));
        return wait.TotalSeconds;
    }

    private static async Task BringBackAsync(VaultMember silo)
    {
        await silo.StartAsync();
        await Task.Delay(Rest);
    }
}
