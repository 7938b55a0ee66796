using GrainVault.Runtime.Tests.Support;
using GrainVault.TestKit;
using Orleans.Cluster;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

public sealed class PauseTests : IDisposable
{
    private readonly TestCluster _cluster = new();

    /// <summary>The clock of the silo that is stopped.</summary>
    private readonly ManualTime _ownTime = new();

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public async Task First_turn_after_a_pause_waits_for_the_table()
    {
        var member = await StartAsync();
        _ownTime.SkipQuietly(TimeSpan.FromSeconds(60));
        _cluster.Table.CutOff(member.Name);
        var resumed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(member.Guard.IsInDoubt);
        Assert.True(member.Guard.Holds(() => resumed.TrySetResult()));
        Assert.False(resumed.Task.IsCompleted);
        _cluster.Table.Restore(member.Name);
        await AdvanceUntilAsync(() => resumed.Task.IsCompleted);
        Assert.False(member.Guard.IsInDoubt);
        Assert.False(member.Guard.Holds(static () => { }));
    }

    [Fact]
    public async Task Silo_that_was_voted_dead_while_it_was_paused_knows_before_its_first_turn()
    {
        var member = await StartAsync();
        var others = new[] { _cluster.Add("other-1", 14001), _cluster.Add("other-2", 14002) };
        foreach (var other in others)
            await other.StartAsync();
        await TestCluster.AllSeeAsync([member, .. others], _cluster.Table.Data.Version);
        // Nothing reaches a process that is stopped.
        _cluster.Network.Hang(member.Address);
        foreach (var other in others)
            await other.Votes.VoteAsync(member.Address, CancellationToken.None);
        Assert.False(member.Agent.IsDead);
        _ownTime.SkipQuietly(TimeSpan.FromSeconds(60));
        var wasDead = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(member.Guard.Holds(() => wasDead.TrySetResult(member.Agent.IsDead)));
        Assert.True(await wasDead.Task.WaitAsync(Phases.Patience));
        Assert.Equal(1, member.DiedCount);
    }

    [Fact]
    public async Task Silo_whose_table_stays_away_after_a_pause_serves_again()
    {
        var member = await StartAsync();
        _cluster.Table.CutOff(member.Name);
        _ownTime.Skip(TimeSpan.FromSeconds(60));
        var resumed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(member.Guard.Holds(() => resumed.TrySetResult()));
        var before = _ownTime.GetUtcNow();
        await AdvanceUntilAsync(() => resumed.Task.IsCompleted);
        Assert.InRange(_ownTime.GetUtcNow() - before, PauseGuard.DoubtMax, PauseGuard.DoubtMax * 2);
        Assert.False(member.Agent.IsDead);
    }

    [Fact]
    public async Task Silo_that_runs_is_never_in_doubt()
    {
        var member = await StartAsync();
        for (var step = 0; step < 100; step++)
        {
            _ownTime.Advance(TimeSpan.FromMilliseconds(200));
            Assert.False(member.Guard.IsInDoubt);
        }
    }

    [Fact]
    public async Task Misses_from_before_a_pause_are_forgotten()
    {
        var member = await StartAsync();
        var other = _cluster.Add("other", 14001);
        await other.StartAsync();
        await TestCluster.AllSeeAsync([member], _cluster.Table.Data.Version);
        await member.RunRoundsAsync(1);
        other.Kill();
        await member.RunRoundsAsync(_cluster.Options.NumMissedProbesLimit - 1);
        member.Monitor.Forgive();
        await member.RunRoundsAsync(_cluster.Options.NumMissedProbesLimit - 1);
        Assert.Equal(SiloStatus.Active, _cluster.StatusOf(other));
    }

    private async Task<TestMember> StartAsync()
    {
        var member = _cluster.Add("paused", 11001, _ownTime);
        await member.StartAsync();
        return member;
    }

    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        await Phases.Until(
            () =>
            {
                _ownTime.Advance(TimeSpan.FromMilliseconds(250));
                return condition();
            },
            "the doubt is over");
    }
}
