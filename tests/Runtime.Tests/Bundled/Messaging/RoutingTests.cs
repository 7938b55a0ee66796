using GrainVault.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster;
using Orleans.Messaging;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>Views that differ, silos that leave and silos that die.</summary>
public sealed class RoutingTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;
    private TestMember _first = null!;
    private TestMember _second = null!;
    private TestMember _third = null!;

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync(3);
        (_first, _second, _third) = (_cluster[0], _cluster[1], _cluster[2]);
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Stale_view_of_the_caller_costs_a_detour()
    {
        var grain = _cluster.Grain(_first, _third);
        _first.View.Set(_cluster.SnapshotOf(0, SiloStatus.Joining, _second));
        Assert.Equal(_third.Address.ToParsableString(), await grain.Where());
        Assert.Equal(0, _second.View.RefreshCount);
    }

    [Fact]
    public async Task Stale_view_of_the_receiver_is_refreshed_before_it_passes_a_call_on()
    {
        var grain = _cluster.Grain(_first, _third);
        _third.View.Set(_cluster.SnapshotOf(0, SiloStatus.Joining, _second));
        _third.View.Next = _cluster.SnapshotOfAll(1);
        Assert.Equal(_third.Address.ToParsableString(), await grain.Where());
        Assert.Equal(1, _third.View.RefreshCount);
    }

    [Fact]
    public async Task Owner_needs_no_newer_view_to_take_a_call()
    {
        var grain = _cluster.Grain(_first, _third);
        _first.View.Set(_cluster.SnapshotOfAll(9));
        Assert.Equal(_third.Address.ToParsableString(), await grain.Where());
        Assert.Equal(0, _third.View.RefreshCount);
    }

    [Fact]
    public async Task Call_that_goes_round_in_circles_is_rejected()
    {
        _first.View.Set(_cluster.SnapshotOf(2, SiloStatus.Joining, _second));
        _second.View.Set(_cluster.SnapshotOf(2, SiloStatus.Joining, _first));
        var failure = await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => _first.Grains.GetGrain<IRemoteGrain>("g-1").Where());
        Assert.Contains("passed on", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lost_silo_fails_its_calls_at_once_and_is_suspected()
    {
        var running = _cluster.Grain(_first, _second).Wait("lost: reached", "lost: go");
        await _cluster.Phases.WaitFor("lost: reached");
        _second.Connections.Abort();
        var failure = await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => running);
        Assert.Contains(_second.Address.ToString(), failure.Message, StringComparison.Ordinal);
        Assert.Contains(_second.Address, _first.View.Suspected);
        await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => _cluster.Grain(_first, _second).Where());
    }

    [Fact]
    public async Task Silo_that_is_declared_dead_fails_its_calls_though_it_still_answers()
    {
        var running = _cluster.Grain(_first, _second).Wait("dead: reached", "dead: go");
        await _cluster.Phases.WaitFor("dead: reached");
        _first.View.Set(_cluster.SnapshotOf(2, SiloStatus.Dead, _first, _third));
        await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => running);
    }

    [Fact]
    public async Task Silo_that_was_voted_dead_gets_nothing_done_any_more()
    {
        var grain = _cluster.Grain(_first, _second);
        await grain.Where();
        _second.View.Set(_cluster.SnapshotOf(2, SiloStatus.Dead, _second, _third));
        await Phases.Until(() => !_second.Connections.Incoming.Any(), "its connections are closed");
        await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => grain.Where());
        Assert.Empty(_second.Connections.Incoming);
    }

    [Fact]
    public async Task Connection_that_a_grain_was_the_first_to_need_is_no_part_of_its_turns()
    {
        var caller = _cluster.Grain(_first, _first);
        var callee = _cluster.Grain(_first, _second);
        Assert.Equal(_second.Address.ToParsableString(), await caller.WhereIs(callee));
        var blocked = caller.Block("block: reached", "block: go");
        await _cluster.Phases.WaitFor("block: reached");
        Assert.Equal(_second.Address.ToParsableString(), await callee.Where());
        Assert.False(blocked.IsCompleted);
        _cluster.Phases.Reach("block: go");
        await blocked;
    }

    [Fact]
    public async Task Another_run_of_a_silo_is_not_mistaken_for_the_one_before()
    {
        var before = SiloAddress.New(_second.Address.Endpoint, _second.Address.Generation - 1);
        _first.View.Set(TestView.Snapshot(2, (before, SiloStatus.Active)));
        await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => _first.Grains.GetGrain<IRemoteGrain>("g-1").Where());
        Assert.Empty(_second.Connections.Incoming);
    }

    [Fact]
    public async Task Silo_that_leaves_passes_on_what_it_does_not_have()
    {
        var grain = _cluster.Grain(_first, _second);
        _first.View.Next = _third.View.Next = Leaving();
        _second.View.Set(Leaving());
        Assert.NotEqual(_second.Address.ToParsableString(), await grain.Where());
    }

    [Fact]
    public async Task Call_for_an_activation_that_still_runs_waits_for_its_end()
    {
        var grain = _cluster.Grain(_first, _second);
        var running = grain.Wait("ends: reached", "ends: go");
        await _cluster.Phases.WaitFor("ends: reached");
        _first.View.Next = _third.View.Next = Leaving();
        _second.View.Set(Leaving());
        var waiting = grain.Where();
        await Phases.Until(() => _second.Connections.Incoming.Sum(connection => connection.CallCount) == 2, "both calls have arrived");
        await _cluster.Grain(_first, _third).Where();
        Assert.False(waiting.IsCompleted);
        End(_second, grain);
        _cluster.Phases.Reach("ends: go");
        Assert.Equal(_second.Address.ToParsableString(), await running);
        Assert.Equal(Leaving().Ring.OwnerOf(grain.GetGrainId())!.ToParsableString(), await waiting);
    }

    [Fact]
    public async Task Calls_that_wait_for_an_activation_follow_it_to_its_new_owner()
    {
        var grain = _cluster.Grain(_first, _second);
        var running = grain.Wait("follow: reached", "follow: go");
        await _cluster.Phases.WaitFor("follow: reached");
        var waiting = grain.Where();
        await Phases.Until(() => _second.Connections.Incoming.Sum(connection => connection.CallCount) == 2, "both calls have arrived");
        _cluster.SetAll(Leaving());
        End(_second, grain);
        _cluster.Phases.Reach("follow: go");
        Assert.Equal(_second.Address.ToParsableString(), await running);
        Assert.Equal(Leaving().Ring.OwnerOf(grain.GetGrainId())!.ToParsableString(), await waiting);
    }

    [Fact]
    public async Task Without_an_active_silo_calls_fail_at_once()
    {
        _first.View.Set(TestView.Snapshot(2, (_first.Address, SiloStatus.Joining)));
        await Assert.ThrowsAsync<SiloUnavailableException>(() => _first.Grains.GetGrain<IRemoteGrain>("g-1").Where());
    }

    [Fact]
    public async Task Probes_and_gossip_travel_on_a_lane_of_their_own()
    {
        using var patience = new CancellationTokenSource(Phases.Patience);
        await _first.Control.ProbeAsync(_second.Address, patience.Token);
        Assert.True(await _first.Control.ProbeThroughAsync(_second.Address, _third.Address, patience.Token));
        _first.Control.TellOfChange(_second.Address, 7);
        await Phases.Until(() => _second.ToldVersions.Contains(7), "the other silo was told");
        Assert.All(_second.Connections.Incoming, connection => Assert.Equal(Lane.Control, connection.Peer.Lane));
        _third.Connections.Abort();
        await Assert.ThrowsAnyAsync<Exception>(() => _first.Control.ProbeAsync(_third.Address, patience.Token));
        Assert.False(await _first.Control.ProbeThroughAsync(_second.Address, _third.Address, patience.Token));
    }

    /// <summary>What the silo does by itself when the ring has changed, a little later.</summary>
    private static void End(TestMember silo, IRemoteGrain grain) => silo.Host.Services.GetRequiredService<SiloRuntime>().Catalog.Activations()
        .Single(activation => activation.GrainId == grain.GetGrainId())
        .Deactivate(new DeactivationReason(DeactivationReasonCode.RuntimeRequested, "test"));

    /// <summary>The second silo gives its part of the ring up.</summary>
    private ClusterSnapshot Leaving() => TestView.Snapshot(
        2, (_first.Address, SiloStatus.Active), (_second.Address, SiloStatus.ShuttingDown), (_third.Address, SiloStatus.Active));
}
