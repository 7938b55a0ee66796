using System.Diagnostics;
using System.Globalization;
using GrainVault.Cluster.Tests.Checks;
using GrainVault.Cluster.Tests.Load;
using GrainVault.TestKit.Cluster;
using Xunit.Abstractions;

namespace GrainVault.Cluster.Tests.Faults;

/// <summary>
/// Three silos and two front ends under 32 clients, through everything that can happen to a part of them. No acknowledged part
/// or file is ever lost, and clients that retry see no error but 503 and broken connections.
/// </summary>
[Collection(OneCluster.Name)]
public sealed class FaultTests(ClusterFixture fixture, ITestOutputHelper output)
{
    /// <summary>Acknowledgements of all together that a process which has just started gets time for, to take its share of the work.</summary>
    private const int WorkAfterStart = 100;

    private static readonly TimeSpan ServiceAfterKill = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ServiceAfterStop = TimeSpan.FromSeconds(2);

    /// <summary>What is no promise of the product, only a sign that something hangs.</summary>
    private static readonly TimeSpan ServiceInTheEnd = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan WorkLimit = TimeSpan.FromMinutes(3);

    private RunningCluster Cluster => fixture.Cluster;

    private VaultCluster Processes => fixture.Cluster.Processes;

    [Fact]
    public Task Each_killed_silo_loses_nothing_and_its_grains_serve_again_within_15_s() => fixture.UnderLoadAsync(output, RetryRule.Patient, async () =>
    {
        foreach (var silo in Processes.Silos.ToList())
        {
            await using var monitor = Cluster.Watch(Processes.FrontEnds);
            await monitor.UntilServedAsync(Stopwatch.GetTimestamp(), ServiceInTheEnd);
            var before = await Cluster.Verdict.Activations.EpochsAsync();

            var killed = await silo.KillAsync();
            var report = await monitor.UntilServedAsync(killed, ServiceAfterKill);
            Say($"{silo.Name} killed: {report}");
            report.AssertWithin(ServiceAfterKill);

            // Only a new activation raises the epoch: so many of the probes lived on this silo, and only those moved.
            var after = await Cluster.Verdict.Activations.EpochsAsync();
            var moved = Sessions.CountMoved(before, after);
            Say($"{moved} of {before.Count} sessions lived there");
            Assert.InRange(moved, 1, before.Count - 1);
            await Cluster.Load.EasedAsync(silo.StartAsync);
            await Processes.WaitUntilActiveAsync();
        }
    });

    [Fact]
    public Task Each_front_end_that_is_killed_or_paused_loses_nothing_and_the_other_one_goes_on() => fixture.UnderLoadAsync(output, RetryRule.Patient, async () =>
    {
        foreach (var frontEnd in Processes.FrontEnds)
        {
            await using var monitor = Cluster.Watch(Processes.FrontEnds.Where(other => other != frontEnd));
            await monitor.UntilServedAsync(Stopwatch.GetTimestamp(), ServiceInTheEnd);

            var report = await monitor.UntilServedAsync(await frontEnd.KillAsync(), ServiceAfterKill);
            Say($"{frontEnd.Name} killed: {report}");
            report.AssertWithin(ServiceAfterKill);
            await Cluster.Load.EasedAsync(frontEnd.StartAsync);
        }

        await AssertGoesOnWithoutAsync(Processes.FrontEnds[0]);
    });

    [Fact]
    public Task Rolling_restart_hands_grains_over_within_2_s_and_fails_no_request_of_clients_that_retry_once() => fixture.UnderLoadAsync(output, RetryRule.Once, async () =>
    {
        foreach (var member in Processes.Members.ToList())
        {
            await using var monitor = Cluster.Watch(Processes.FrontEnds.Where(frontEnd => frontEnd != member));
            await monitor.UntilServedAsync(Stopwatch.GetTimestamp(), ServiceInTheEnd);
            // Whoever was started last may have been slow with its first answers: that is no matter of who is stopped now.
            monitor.ForgetOutages();

            var clock = Stopwatch.StartNew();
            var stopped = await member.StopOrderlyAsync();
            var took = clock.Elapsed;
            var report = await monitor.UntilServedAsync(stopped, ServiceAfterStop);
            var outage = monitor.LongestOutage;
            Say(string.Create(CultureInfo.InvariantCulture, $"{member.Name} stopped within {took.TotalSeconds:f1} s: {report}; longest time without an answer {outage.TotalSeconds:f1} s"));
            report.AssertWithin(ServiceAfterStop);
            Assert.True(outage <= ServiceAfterStop + report.LatenessMax, $"a grain did not answer for {outage.TotalSeconds:f2} s");
            // One joins beside the whole load; with the others it would only take longer. Each has time to take work before the next is stopped.
            await (member == Processes.Silos[0] ? member.StartAsync() : Cluster.Load.EasedAsync(member.StartAsync));
            await Cluster.Load.ReachAsync(WorkAfterStart, WorkLimit);
            Say(string.Create(CultureInfo.InvariantCulture, $"back after {clock.Elapsed.TotalSeconds:f1} s; longest time without an answer until then {monitor.LongestOutage.TotalSeconds:f1} s"));
        }
    });

    [Fact]
    public Task Silo_that_is_paused_comes_back_with_a_stale_view_and_harms_nothing() => fixture.UnderLoadAsync(output, RetryRule.Patient, async () =>
    {
        var silo = Processes.Silos[1];
        await using var monitor = Cluster.Watch(Processes.FrontEnds);
        await monitor.UntilServedAsync(Stopwatch.GetTimestamp(), ServiceInTheEnd);

        var paused = Stopwatch.GetTimestamp();
        await silo.PauseAsync();
        await WhileAwayAsync(paused);
        await silo.ResumeAsync();
        var resumed = Stopwatch.GetTimestamp();
        var report = await monitor.UntilServedAsync(resumed, ServiceInTheEnd);
        Say($"{silo.Name} resumed: {report}; longest time without an answer {monitor.LongestOutage.TotalSeconds:f1} s");
        report.AssertWithin(ServiceInTheEnd);
        await Cluster.ReplaceDeadAsync(output);
    });

    [Fact]
    public Task Restart_of_PostgreSQL_loses_nothing() => fixture.UnderLoadAsync(output, RetryRule.Patient, async () =>
    {
        await using var monitor = Cluster.Watch(Processes.FrontEnds);
        await Processes.StopPostgresAsync();
        await AssertServedSinceAsync(monitor, await Processes.StartPostgresAsync());
    });

    [Fact]
    public Task PostgreSQL_away_loses_nothing_and_ends_no_process() => fixture.UnderLoadAsync(output, RetryRule.Patient, async () =>
    {
        await using var monitor = Cluster.Watch(Processes.FrontEnds);
        await WhileAwayAsync(await Processes.StopPostgresAsync());
        await AssertServedSinceAsync(monitor, await Processes.StartPostgresAsync());
    });

    [Fact]
    public Task S3_server_away_loses_nothing_and_ends_no_process() => fixture.UnderLoadAsync(output, RetryRule.Patient, async () =>
    {
        await using var monitor = Cluster.Watch(Processes.FrontEnds);
        await Processes.Store.StopAsync();
        await WhileAwayAsync(Stopwatch.GetTimestamp());
        await Processes.Store.StartAgainAsync();
        await AssertServedSinceAsync(monitor, Stopwatch.GetTimestamp());
    });

    /// <summary>A front end that stands still for a while, and goes on with what it was at; its clients wait for it.</summary>
    private async Task AssertGoesOnWithoutAsync(VaultMember frontEnd)
    {
        await using var monitor = Cluster.Watch(Processes.FrontEnds.Where(other => other != frontEnd));
        var paused = Stopwatch.GetTimestamp();
        await frontEnd.PauseAsync();
        var report = await monitor.UntilServedAsync(paused, ServiceAfterKill);
        Say($"{frontEnd.Name} paused: {report}");
        report.AssertWithin(ServiceAfterKill);
        await WhileAwayAsync(paused);
        await frontEnd.ResumeAsync();
        await frontEnd.WaitUntilReadyAsync();
    }

    /// <summary>Work that goes on meanwhile is what the fault is about, so the test looks at nothing but the clock.</summary>
    private static Task WhileAwayAsync(long since)
    {
        var left = FaultLength.Outage - Stopwatch.GetElapsedTime(since);
        return left > TimeSpan.Zero ? Task.Delay(left) : Task.CompletedTask;
    }

    private async Task AssertServedSinceAsync(ServiceMonitor monitor, long back)
    {
        var report = await monitor.UntilServedAsync(back, ServiceInTheEnd);
        Say($"back: {report}");
        report.AssertWithin(ServiceInTheEnd);
        Assert.All(Processes.Members, member => Assert.True(member.IsRunning, $"{member.Name} ended with {member.ExitCode}"));
    }

    private void Say(string line) => output.WriteLine(line);
}
