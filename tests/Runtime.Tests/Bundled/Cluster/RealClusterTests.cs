using System.Collections.Concurrent;
using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

/// <summary>What a caller sees while silos come and go.</summary>
public sealed class RealClusterTests
{
    private static readonly TimeSpan TakeoverMax = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Each_grain_has_one_place_whoever_calls_it()
    {
        await using var cluster = await RealCluster.StartAsync(3);
        var keys = NewKeys(90);
        var places = await WhereAsync(cluster[0], keys);
        Assert.Equal(3, places.Values.Distinct().Count());
        Assert.Equal(places, await WhereAsync(cluster[1], keys));
        Assert.Equal(places, await WhereAsync(cluster[2], keys));
    }

    [Fact]
    public async Task Orderly_stop_fails_no_call()
    {
        await using var cluster = await RealCluster.StartAsync(3);
        var keys = NewKeys(60);
        using var stopping = new CancellationTokenSource();
        var calls = new ConcurrentBag<string>();
        var callers = Task.WhenAll(cluster.Silos.Take(2).Select(silo => Task.Run(async () =>
        {
            while (!stopping.IsCancellationRequested)
            {
                foreach (var key in keys)
                    calls.Add(await silo.Grain(key).Where());
            }
        })));
        await Phases.Until(() => calls.Contains("silo-3"), "calls reach the silo that will stop");
        await cluster[2].StopAsync();
        await cluster.AllSeeAsync(2);
        await stopping.CancelAsync();
        await callers;
        Assert.DoesNotContain("silo-3", (await WhereAsync(cluster[0], keys)).Values);
    }

    [Fact]
    public async Task Calls_that_wait_in_a_silo_that_stops_are_answered_by_the_next_owner()
    {
        await using var cluster = await RealCluster.StartAsync(2);
        var key = cluster[1].OwnKey();
        var held = cluster[0].Grain(key).Hold("h");
        await cluster.Phases.WaitFor("entered h");
        var waiting = Enumerable.Range(0, 20).Select(_ => cluster[0].Grain(key).Where()).ToArray();
        await Phases.Until(() => Load(cluster[1], key) == 21, "all calls wait");
        var stop = cluster[1].StopAsync();
        await cluster.AllSeeAsync(1);
        cluster.Phases.Reach("go h");
        await stop;
        Assert.Equal("silo-2", await held);
        Assert.All(await Task.WhenAll(waiting), place => Assert.Equal("silo-1", place));
        Assert.Equal(1, cluster.Phases.CountOf($"{key} ended on silo-2"));
    }

    [Fact]
    public async Task Activations_and_their_waiting_calls_move_to_a_silo_that_joins()
    {
        await using var cluster = await RealCluster.StartAsync(1);
        var keys = NewKeys(200);
        await WhereAsync(cluster[0], keys);
        var second = await cluster.AddAsync("silo-2");
        await cluster.AllSeeAsync(2);
        var moved = keys.Where(key => second.Address.Equals(second.View.Current.Ring.OwnerOf(second.Grain(key).GetGrainId()))).ToArray();
        Assert.InRange(moved.Length, 60, 140);
        foreach (var key in moved)
            await cluster.Phases.WaitFor($"{key} ended on silo-1");
        var places = await WhereAsync(cluster[0], keys);
        Assert.All(keys, key => Assert.Equal(moved.Contains(key) ? "silo-2" : "silo-1", places[key]));
        Assert.All(keys.Except(moved), key => Assert.Equal(0, cluster.Phases.CountOf($"{key} ended on silo-1")));
    }

    [Fact]
    public async Task Calls_that_wait_for_an_activation_follow_it_to_a_silo_that_joins()
    {
        await using var cluster = await RealCluster.StartAsync(1);
        var keys = NewKeys(24);
        var held = keys.ToDictionary(key => key, key => cluster[0].Grain(key).Hold(key));
        foreach (var key in keys)
            await cluster.Phases.WaitFor($"entered {key}");
        var waiting = keys.ToDictionary(key => key, key => Enumerable.Range(0, 5).Select(_ => cluster[0].Grain(key).Where()).ToArray());
        var second = await cluster.AddAsync("silo-2");
        await cluster.AllSeeAsync(2);
        foreach (var key in keys)
            cluster.Phases.Reach($"go {key}");
        foreach (var key in keys)
        {
            Assert.Equal("silo-1", await held[key]);
            var moves = second.Address.Equals(second.View.Current.Ring.OwnerOf(second.Grain(key).GetGrainId()));
            // Of the calls to a grain that stays, all are answered where it is; of one that moves, all somewhere.
            Assert.All(await Task.WhenAll(waiting[key]), place => Assert.Contains(place, moves ? ["silo-1", "silo-2"] : new[] { "silo-1" }));
        }
        foreach (var (key, place) in await WhereAsync(cluster[0], keys))
            await Phases.Until(() => Load(cluster[0], key) >= 0 == (place == "silo-1"), $"{key} is in {place} only");
    }

    [Fact]
    public async Task Killed_silo_is_out_of_the_ring_and_its_grains_answer_elsewhere()
    {
        await using var cluster = await RealCluster.StartAsync(3);
        var keys = NewKeys(60);
        var before = await WhereAsync(cluster[0], keys);
        Assert.Contains("silo-3", before.Values);
        var killedAt = Environment.TickCount64;
        cluster[2].Kill();
        foreach (var key in keys)
            Assert.NotEqual("silo-3", await RetryAsync(() => cluster[0].Grain(key).Where(), killedAt));
        Assert.InRange(Environment.TickCount64 - killedAt, 0, TakeoverMax.TotalMilliseconds);
        await cluster.AllSeeAsync(2);
        var table = cluster.OpenTable();
        await table.InitializeAsync(CancellationToken.None);
        var row = (await table.ReadAllAsync(CancellationToken.None)).Find(cluster[2].Address)!;
        Assert.Equal((SiloStatus.Dead, 2), (row.Status, row.Votes.Length));
        var after = await WhereAsync(cluster[1], keys);
        Assert.All(keys.Where(key => before[key] != "silo-3"), key => Assert.Equal(before[key], after[key]));
    }

    [Fact]
    public async Task Silo_that_is_declared_dead_refuses_all_calls_and_ends_its_process()
    {
        await using var cluster = await RealCluster.StartAsync(2);
        var key = cluster[1].OwnKey();
        Assert.Equal("silo-2", await cluster[0].Grain(key).Where());
        var held = cluster[1].Grain(key).Hold("h");
        await cluster.Phases.WaitFor("entered h");
        var waiting = cluster[1].Grain(key).Where();
        await DeclareDeadAsync(cluster, cluster[1].Address);
        await Phases.Until(() => cluster[1].Exit.Count == 1, "its host stops");
        await Assert.ThrowsAnyAsync<OrleansMessageRejectionException>(() => held);
        await Assert.ThrowsAnyAsync<OrleansMessageRejectionException>(() => waiting);
        await Assert.ThrowsAnyAsync<OrleansMessageRejectionException>(() => cluster[1].Grain(key).Where());
        await Phases.Until(() => cluster[0].View.Current.Ring.Silos.Length == 1, "the other one knows");
        Assert.Equal("silo-1", await cluster[0].Grain(key).Where());
        cluster.Phases.Reach("go h");
        await cluster[1].StopAsync();
    }

    [Fact]
    public async Task Successor_at_the_same_endpoint_takes_over_at_once()
    {
        await using var cluster = await RealCluster.StartAsync(2);
        var port = cluster[1].Address.Endpoint.Port;
        cluster[1].Kill();
        var successor = await cluster.AddAsync("silo-2b", port);
        await Phases.Until(
            () => cluster[0].View.Current.StatusOf(cluster[1].Address) == SiloStatus.Dead
                && cluster[0].View.Current.StatusOf(successor.Address) == SiloStatus.Active,
            "the predecessor is dead");
        Assert.Equal("silo-2b", await cluster[0].Grain(successor.OwnKey()).Where());
    }

    [Fact]
    public async Task Reminders_tick_on_one_silo_each_and_move_with_their_grains()
    {
        await using var cluster = await RealCluster.StartAsync(3);
        var keys = NewKeys(30);
        foreach (var key in keys)
            await cluster[0].Grain(key).Remind(TimeSpan.FromMilliseconds(200));
        await Phases.Until(() => cluster.Silos.Sum(silo => silo.ReminderCount) == keys.Length, "each reminder is on one silo");
        Assert.All(cluster.Silos, silo => Assert.InRange(silo.ReminderCount, 1, keys.Length - 2));
        var own = (await WhereAsync(cluster[0], keys)).Where(place => place.Value == "silo-3").Select(place => place.Key).ToArray();
        foreach (var key in own)
            await cluster.Phases.WaitFor($"{key} ticked on silo-3");
        await cluster[2].StopAsync();
        foreach (var key in own)
            await Phases.Until(() => TickCount(cluster, key, "silo-1") + TickCount(cluster, key, "silo-2") > 0, $"{key} ticks elsewhere");
        Assert.Equal(keys.Length, cluster[0].ReminderCount + cluster[1].ReminderCount);
        cluster[1].Kill();
        foreach (var key in keys)
            await cluster.Phases.WaitFor($"{key} ticked on silo-1");
        Assert.Equal(keys.Length, cluster[0].ReminderCount);
    }

    private static int TickCount(RealCluster cluster, string key, string silo) => cluster.Phases.CountOf($"{key} ticked on {silo}");

    private static string[] NewKeys(int count) => [.. Enumerable.Range(0, count).Select(_ => $"g-{Guid.NewGuid():N}")];

    private static async Task<Dictionary<string, string>> WhereAsync(RealSilo from, string[] keys)
    {
        var places = await Task.WhenAll(keys.Select(key => from.Grain(key).Where()));
        return keys.Zip(places).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    /// <summary>Calls that run or wait in the silo's activation of a grain; -1 where it has none.</summary>
    private static int Load(RealSilo silo, string key) =>
        silo.Runtime.Catalog.OwnedActivations().FirstOrDefault(activation => activation.GrainId == silo.Grain(key).GetGrainId())?.Load ?? -1;

    private static async Task DeclareDeadAsync(RealCluster cluster, SiloAddress address)
    {
        var table = cluster.OpenTable();
        await table.InitializeAsync(CancellationToken.None);
        while (true)
        {
            var data = await table.ReadAllAsync(CancellationToken.None);
            if (await table.UpdateAsync(data.Find(address)! with { Status = SiloStatus.Dead }, data.Version, CancellationToken.None))
                return;
        }
    }

    /// <summary>As callers do: what is rejected is tried again.</summary>
    private static async Task<string> RetryAsync(Func<Task<string>> call, long begunAt)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (OrleansMessageRejectionException) when (Environment.TickCount64 - begunAt < TakeoverMax.TotalMilliseconds)
            {
                await Task.Delay(50);
            }
        }
    }
}
