using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

public sealed class VoteTests : IDisposable
{
    private readonly TestCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    private int MissLimit => _cluster.Options.NumMissedProbesLimit;

    [Fact]
    public async Task Killed_silo_is_dead_after_two_votes_and_out_of_the_ring_everywhere()
    {
        var members = await _cluster.StartAsync(3);
        members[2].Kill();
        await members[0].RunRoundsAsync(MissLimit - 1);
        Assert.Empty(_cluster.Table.Data.Find(members[2].Address)!.Votes);
        await members[0].RunRoundsAsync(1);
        Assert.Equal(SiloStatus.Active, _cluster.StatusOf(members[2]));
        Assert.Equal(members[0].Address, Assert.Single(_cluster.Table.Data.Find(members[2].Address)!.Votes).Voter);
        await members[1].RunRoundsAsync(MissLimit);
        Assert.Equal(SiloStatus.Dead, _cluster.StatusOf(members[2]));
        await TestCluster.AllSeeAsync(members[..2], _cluster.Table.Data.Version);
        Assert.All(members[..2], member => Assert.Equal(2, member.View.Current.Ring.Silos.Length));
    }

    [Fact]
    public async Task Of_two_silos_one_vote_is_enough()
    {
        var members = await _cluster.StartAsync(2);
        members[1].Kill();
        await members[0].RunRoundsAsync(MissLimit);
        Assert.Equal(SiloStatus.Dead, _cluster.StatusOf(members[1]));
        Assert.Equal(members[0].Address, Assert.Single(members[0].View.Current.Ring.Silos));
    }

    [Fact]
    public async Task Silo_that_answers_once_starts_from_zero()
    {
        var members = await _cluster.StartAsync(2);
        _cluster.Network.CutOneWay(members[0].Address, members[1].Address);
        await members[0].RunRoundsAsync(MissLimit - 1);
        _cluster.Network.Heal();
        await members[0].RunRoundsAsync(1);
        _cluster.Network.CutOneWay(members[0].Address, members[1].Address);
        await members[0].RunRoundsAsync(MissLimit - 1);
        Assert.Equal(SiloStatus.Active, _cluster.StatusOf(members[1]));
        Assert.Empty(_cluster.Table.Data.Find(members[1].Address)!.Votes);
    }

    [Fact]
    public async Task Vote_expires()
    {
        _cluster.Options.IAmAliveTablePublishTimeout = _cluster.Options.DeathVoteExpirationTimeout;
        var members = await _cluster.StartAsync(3);
        var target = members[2].Address;
        await members[0].Votes.VoteAsync(target, CancellationToken.None);
        _cluster.Time.SkipQuietly(_cluster.Options.DeathVoteExpirationTimeout);
        await members[1].Votes.VoteAsync(target, CancellationToken.None);
        var row = _cluster.Table.Data.Find(target)!;
        Assert.Equal(SiloStatus.Active, row.Status);
        Assert.Equal(members[1].Address, Assert.Single(row.Votes).Voter);
        await members[0].Votes.VoteAsync(target, CancellationToken.None);
        Assert.Equal(SiloStatus.Dead, _cluster.StatusOf(members[2]));
    }

    [Fact]
    public async Task Second_vote_of_the_same_silo_does_not_count()
    {
        var members = await _cluster.StartAsync(3);
        for (var vote = 0; vote < 3; vote++)
            await members[0].Votes.VoteAsync(members[2].Address, CancellationToken.None);
        Assert.Equal(SiloStatus.Active, _cluster.StatusOf(members[2]));
        Assert.Single(_cluster.Table.Data.Find(members[2].Address)!.Votes);
    }

    [Fact]
    public async Task Vote_of_a_silo_that_died_itself_does_not_count()
    {
        var members = await _cluster.StartAsync(4);
        await members[3].Votes.VoteAsync(members[2].Address, CancellationToken.None);
        await members[3].Agent.EndLeaveAsync(CancellationToken.None);
        await members[0].Votes.VoteAsync(members[2].Address, CancellationToken.None);
        Assert.Equal(SiloStatus.Active, _cluster.StatusOf(members[2]));
        await members[1].Votes.VoteAsync(members[2].Address, CancellationToken.None);
        Assert.Equal(SiloStatus.Dead, _cluster.StatusOf(members[2]));
    }

    [Fact]
    public async Task Two_votes_at_the_same_time_are_both_counted()
    {
        for (var round = 0; round < 20; round++)
        {
            using var cluster = new TestCluster();
            var members = await cluster.StartAsync(3);
            await Task.WhenAll(members[..2].Select(member =>
                Task.Run(() => member.Votes.VoteAsync(members[2].Address, CancellationToken.None))));
            Assert.Equal(SiloStatus.Dead, cluster.StatusOf(members[2]));
        }
    }

    [Fact]
    public async Task Silo_that_is_cut_off_from_all_others_votes_nobody_dead_and_is_voted_dead()
    {
        var members = await _cluster.StartAsync(3);
        _cluster.Network.Cut(members[0].Address, members[1].Address);
        _cluster.Network.Cut(members[0].Address, members[2].Address);
        await members[0].RunRoundsAsync(MissLimit * 2);
        Assert.All(_cluster.Table.Data.Rows, row => Assert.Empty(row.Votes));
        await members[1].RunRoundsAsync(MissLimit);
        await members[2].RunRoundsAsync(MissLimit);
        Assert.Equal(SiloStatus.Dead, _cluster.StatusOf(members[0]));
        Assert.Equal([SiloStatus.Active, SiloStatus.Active], members[1..].Select(_cluster.StatusOf));
    }

    [Fact]
    public async Task Of_two_silos_that_lost_each_other_exactly_one_survives()
    {
        var members = await _cluster.StartAsync(2);
        _cluster.Network.Cut(members[0].Address, members[1].Address);
        await Task.WhenAll(members.Select(member => Task.Run(() => member.RunRoundsAsync(MissLimit))));
        Assert.Single(members, member => _cluster.StatusOf(member) == SiloStatus.Active);
        foreach (var member in members)
            await member.View.ReadAsync(CancellationToken.None);
        Assert.Single(members, member => member.DiedCount == 1);
    }

    [Fact]
    public async Task Silo_that_answers_somebody_else_is_not_voted_dead()
    {
        var members = await _cluster.StartAsync(3);
        _cluster.Network.CutOneWay(members[0].Address, members[2].Address);
        await members[0].RunRoundsAsync(MissLimit - 1);
        Assert.Empty(_cluster.Network.Resets);
        await members[0].RunRoundsAsync(1);
        // It lives, so what waits for it on connections that are silent is not to wait for its death.
        Assert.Equal([(members[0].Address, members[2].Address)], _cluster.Network.Resets);
        await members[0].RunRoundsAsync(MissLimit * 2);
        Assert.Empty(_cluster.Table.Data.Find(members[2].Address)!.Votes);
    }

    [Fact]
    public async Task Silo_that_can_not_reach_the_table_votes_nobody_dead_and_serves_on()
    {
        var members = await _cluster.StartAsync(3);
        _cluster.Table.CutOff(members[0].Name);
        members[2].Kill();
        await members[0].RunRoundsAsync(MissLimit * 2);
        Assert.Empty(_cluster.Table.Data.Find(members[2].Address)!.Votes);
        Assert.False(members[0].Agent.IsDead);
        Assert.Equal(3, members[0].View.Current.Ring.Silos.Length);
        _cluster.Table.Restore(members[0].Name);
        await members[0].RunRoundsAsync(1);
        Assert.Single(_cluster.Table.Data.Find(members[2].Address)!.Votes);
    }

    [Fact]
    public async Task Last_of_three_votes_alone_once_the_others_show_no_life()
    {
        var members = await _cluster.StartAsync(3);
        members[1].Kill();
        members[2].Kill();
        await members[0].RunRoundsAsync(MissLimit * 2);
        Assert.All(_cluster.Table.Data.Rows, row => Assert.Equal(SiloStatus.Active, row.Status));
        // Time goes on until it happened: a read that the test's leaps overtook makes the silo count their silence anew.
        var deadline = Environment.TickCount64 + (long)Phases.Patience.TotalMilliseconds;
        while (members[0].View.Current.Ring.Silos.Length > 1)
        {
            Assert.True(Environment.TickCount64 < deadline, "The last silo is still not alone.");
            _cluster.Time.Advance(_cluster.Options.TableRefreshTimeout);
            await members[0].View.ReadAsync(CancellationToken.None);
            await members[0].RunRoundsAsync(1);
        }
        Assert.Equal([SiloStatus.Dead, SiloStatus.Dead], members[1..].Select(_cluster.StatusOf));
    }

    [Fact]
    public async Task Silo_that_reads_itself_dead_says_so_once()
    {
        var members = await _cluster.StartAsync(3);
        await members[0].Votes.VoteAsync(members[2].Address, CancellationToken.None);
        await members[1].Votes.VoteAsync(members[2].Address, CancellationToken.None);
        // The agent knows it a moment before it says so.
        await Phases.Until(() => members[2].DiedCount > 0, "told by the others");
        Assert.True(members[2].Agent.IsDead);
        await members[2].View.ReadAsync(CancellationToken.None);
        Assert.Equal(1, members[2].DiedCount);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => members[2].Agent.ActivateAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Silo_whose_row_is_gone_is_dead()
    {
        var members = await _cluster.StartAsync(3);
        _cluster.Network.Hang(members[2].Address);
        await members[0].Votes.VoteAsync(members[2].Address, CancellationToken.None);
        await members[1].Votes.VoteAsync(members[2].Address, CancellationToken.None);
        await _cluster.Table.For("operator").RemoveDeadAsync(DateTime.MaxValue, CancellationToken.None);
        await members[2].View.ReadAsync(CancellationToken.None);
        Assert.True(members[2].Agent.IsDead);
    }

    [Fact]
    public async Task Trouble_with_a_silo_probes_it_at_once_and_counts_once()
    {
        var members = await _cluster.StartAsync(2);
        members[1].Kill();
        for (var time = 0; time < 10; time++)
            members[0].View.Suspect(members[1].Address);
        await Phases.Until(() => members[0].Monitor.MissCountOf(members[1].Address) == 1, "the probe that the trouble set off");
        members[0].View.Suspect(members[1].Address);
        await members[0].RunRoundsAsync(MissLimit - 2);
        Assert.Equal(SiloStatus.Active, _cluster.StatusOf(members[1]));
        await members[0].RunRoundsAsync(1);
        Assert.Equal(SiloStatus.Dead, _cluster.StatusOf(members[1]));
    }

    [Fact]
    public async Task Each_silo_watches_as_many_as_it_is_told_to_and_who_is_voted_against()
    {
        _cluster.Options.NumProbedSilos = 2;
        var members = await _cluster.StartAsync(6);
        Assert.All(members, member => Assert.Equal(2, member.Monitor.Targets(member.View.Data).Count));
        // Everybody is watched by two others: enough for two votes.
        var watched = members.SelectMany(member => member.Monitor.Targets(member.View.Data)).CountBy(address => address);
        Assert.All(watched, count => Assert.Equal(2, count.Value));
        await members[0].Votes.VoteAsync(members[3].Address, CancellationToken.None);
        await TestCluster.AllSeeAsync(members, _cluster.Table.Data.Version);
        Assert.All(members.Where(member => member != members[3]), member => Assert.Contains(members[3].Address, member.Monitor.Targets(member.View.Data)));
    }
}
