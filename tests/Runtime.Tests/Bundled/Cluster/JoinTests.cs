using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

public sealed class JoinTests : IDisposable
{
    private readonly TestCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public async Task Silos_that_join_see_one_another_as_active()
    {
        var members = await _cluster.StartAsync(3);
        Assert.All(members, member => Assert.Equal(
            members.Select(other => other.Address).Order(), member.View.Current.Ring.Silos.Order()));
    }

    [Fact]
    public async Task Silo_is_joining_before_it_is_active()
    {
        await _cluster.StartAsync(1);
        Assert.Equal([SiloStatus.Joining, SiloStatus.Active], _cluster.Table.History.Select(data => data.Rows[0].Status));
    }

    [Fact]
    public async Task Silo_that_the_others_do_not_reach_waits_until_they_do()
    {
        var first = (await _cluster.StartAsync(1))[0];
        var second = _cluster.Add("second", 12000);
        _cluster.Network.CutOneWay(first.Address, second.Address);
        var starting = second.StartAsync();
        await Phases.Until(() => _cluster.StatusOf(second) == SiloStatus.Joining, "announced");
        await AdvanceWhileAsync(() => !starting.IsCompleted, count: 20);
        Assert.False(starting.IsCompleted);
        Assert.DoesNotContain(second.Address, first.View.Current.Ring.Silos);
        _cluster.Network.Heal();
        await AdvanceWhileAsync(() => !starting.IsCompleted, count: 1000);
        await starting.WaitAsync(Phases.Patience);
        Assert.Equal(SiloStatus.Active, _cluster.StatusOf(second));
    }

    [Fact]
    public async Task Silo_that_never_reaches_the_others_gives_up_and_says_whom()
    {
        var first = (await _cluster.StartAsync(1))[0];
        _cluster.Options.MaxJoinAttemptTime = TimeSpan.FromSeconds(20);
        var second = _cluster.Add("second", 12000);
        _cluster.Network.CutOneWay(second.Address, first.Address);
        var starting = second.StartAsync();
        await AdvanceWhileAsync(() => !starting.IsCompleted, count: 1000);
        var failure = await Assert.ThrowsAsync<OrleansException>(() => starting.WaitAsync(Phases.Patience));
        Assert.Contains(first.Address.ToString(), failure.Message, StringComparison.Ordinal);
        await second.Agent.EndLeaveAsync(CancellationToken.None);
        Assert.Equal(SiloStatus.Dead, _cluster.StatusOf(second));
    }

    [Fact]
    public async Task Predecessor_at_the_same_endpoint_is_declared_dead_at_once()
    {
        var members = await _cluster.StartAsync(2);
        members[1].Kill();
        var successor = _cluster.Add("successor", members[1].Address.Endpoint.Port);
        await successor.StartAsync();
        Assert.Equal(SiloStatus.Dead, _cluster.StatusOf(members[1]));
        Assert.True(successor.Address.Generation > members[1].Address.Generation);
        await TestCluster.AllSeeAsync([members[0]], _cluster.Table.Data.Version);
        Assert.Equal([members[0].Address, successor.Address], members[0].View.Current.Ring.Silos.Order());
    }

    [Fact]
    public async Task Stale_silos_of_a_lost_cluster_block_no_join_and_are_voted_out_by_whoever_is_left()
    {
        SiloAddress[] lost = [_cluster.PlantLost(13001, TimeSpan.FromMinutes(1)), _cluster.PlantLost(13002, TimeSpan.FromMinutes(1))];
        var member = _cluster.Add("silo-1", 11001);
        await member.StartAsync();
        await member.RunRoundsAsync(_cluster.Options.NumMissedProbesLimit);
        Assert.All(lost, address => Assert.Equal(SiloStatus.Dead, _cluster.Table.Data.Find(address)!.Status));
        Assert.Equal(member.Address, Assert.Single(member.View.Current.Ring.Silos));
    }

    [Fact]
    public async Task Silo_lost_a_moment_ago_is_waited_for_until_it_is_stale()
    {
        var lost = _cluster.PlantLost(13001, TimeSpan.FromSeconds(1));
        var member = _cluster.Add("silo-1", 11001);
        var starting = member.StartAsync();
        await AdvanceWhileAsync(() => !starting.IsCompleted, count: 1000);
        await starting.WaitAsync(Phases.Patience);
        var waited = _cluster.Time.GetUtcNow().UtcDateTime - _cluster.Table.Data.Find(lost)!.AliveTime;
        var staleAfter = _cluster.Options.IAmAliveTablePublishTimeout * _cluster.Options.NumMissedTableIAmAliveLimit;
        Assert.InRange(waited, staleAfter, staleAfter + TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Cluster_that_was_lost_as_a_whole_comes_back_at_its_old_endpoints_without_waiting_for_silence()
    {
        var members = await _cluster.StartAsync(3);
        foreach (var member in members)
            member.Kill();
        var lostAt = _cluster.Time.GetUtcNow();
        var successors = members.Select(member => _cluster.Add($"{member.Name}b", member.Address.Endpoint.Port)).ToArray();
        var starting = Task.WhenAll(successors.Select(member => Task.Run(member.StartAsync)));
        await AdvanceWhileAsync(() => !starting.IsCompleted, count: 1000);
        await starting.WaitAsync(Phases.Patience);
        Assert.InRange(_cluster.Time.GetUtcNow() - lostAt, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.All(members, member => Assert.Equal(SiloStatus.Dead, _cluster.StatusOf(member)));
        Assert.All(successors, member => Assert.Equal(SiloStatus.Active, _cluster.StatusOf(member)));
    }

    [Theory]
    [InlineData(SiloStatus.Joining)]
    [InlineData(SiloStatus.ShuttingDown)]
    public async Task Silo_that_ended_while_it_joined_or_left_is_found_by_its_silence(SiloStatus status)
    {
        var lost = _cluster.PlantLost(13001, TimeSpan.FromMinutes(1), status);
        var recent = _cluster.PlantLost(13002, TimeSpan.FromSeconds(1), status);
        await _cluster.StartAsync(2);
        _cluster.Time.Advance(_cluster.Options.TableRefreshTimeout);
        await Phases.Until(() => _cluster.Table.Data.Find(lost)!.Status == SiloStatus.Dead, "the silent one is dead");
        Assert.Equal(status, _cluster.Table.Data.Find(recent)!.Status);
    }

    [Fact]
    public async Task Eight_silos_that_join_at_once_all_become_active()
    {
        var members = Enumerable.Range(1, 8).Select(index => _cluster.Add($"silo-{index}", 11000 + index)).ToArray();
        var starting = Task.WhenAll(members.Select(member => Task.Run(member.StartAsync)));
        await AdvanceWhileAsync(() => !starting.IsCompleted, count: 1000);
        await starting.WaitAsync(Phases.Patience);
        Assert.All(_cluster.Table.Data.Rows, row => Assert.Equal(SiloStatus.Active, row.Status));
        Assert.Equal(8, _cluster.Table.Data.Rows.Length);
        // Two rows and two versions a silo: no change was lost and none was made twice.
        Assert.Equal(16, _cluster.Table.Data.Version);
        await TestCluster.AllSeeAsync(members, 16);
    }

    [Fact]
    public async Task Orderly_leave_gives_the_share_up_first_and_ends_as_dead()
    {
        var members = await _cluster.StartAsync(3);
        await members[2].Agent.BeginLeaveAsync(CancellationToken.None);
        await TestCluster.AllSeeAsync(members, _cluster.Table.Data.Version);
        Assert.All(members, member => Assert.DoesNotContain(members[2].Address, member.View.Current.Ring.Silos));
        Assert.Equal(SiloStatus.ShuttingDown, members[0].View.Current.StatusOf(members[2].Address));
        await members[2].Agent.EndLeaveAsync(CancellationToken.None);
        await TestCluster.AllSeeAsync(members, _cluster.Table.Data.Version);
        Assert.Equal(SiloStatus.Dead, members[0].View.Current.StatusOf(members[2].Address));
        Assert.Equal(0, members[2].DiedCount);
    }

    /// <summary>Lets the clock run in small steps; what the steps set off runs in between.</summary>
    private async Task AdvanceWhileAsync(Func<bool> condition, int count)
    {
        for (var step = 0; step < count && condition(); step++)
            await _cluster.StepAsync();
    }
}
