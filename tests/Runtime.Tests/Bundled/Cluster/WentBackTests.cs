using GrainVault.Runtime.Tests.Support;
using Orleans.Cluster;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

/// <summary>A membership table whose database was restored, or failed over to a replica that lagged.</summary>
public sealed class WentBackTests : IDisposable
{
    private readonly TestCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public async Task Table_that_went_back_is_believed_after_some_answers_over_the_time_of_a_refresh()
    {
        var members = await _cluster.StartAsync(3);
        var earlier = _cluster.Table.Data;
        members[2].Kill();
        await members[0].Votes.VoteAsync(members[2].Address, CancellationToken.None);
        await members[1].Votes.VoteAsync(members[2].Address, CancellationToken.None);
        await TestCluster.AllSeeAsync(members[..2], _cluster.Table.Data.Version);
        _cluster.Table.GoTo(earlier);
        var view = members[0].View;
        for (var read = 0; read < 10; read++)
            await view.ReadAsync(CancellationToken.None);
        // So far it might be one server's answer; the ring is the newer one.
        Assert.Equal(2, view.Current.Ring.Silos.Length);
        _cluster.Time.SkipQuietly(_cluster.Options.TableRefreshTimeout);
        await view.ReadAsync(CancellationToken.None);
        Assert.Equal((earlier.Version, 3), (view.Current.Version, view.Current.Ring.Silos.Length));
    }

    [Fact]
    public async Task Silos_follow_a_table_that_went_back_and_declare_its_dead_dead_again()
    {
        var members = await StartAsync(3);
        var earlier = _cluster.Table.Data;
        members[2].Kill();
        await members[0].RunRoundsAsync(_cluster.Options.NumMissedProbesLimit);
        await members[1].RunRoundsAsync(_cluster.Options.NumMissedProbesLimit);
        Assert.Equal(SiloStatus.Dead, _cluster.StatusOf(members[2]));
        await TestCluster.AllSeeAsync(members[..2], _cluster.Table.Data.Version);
        _cluster.Table.GoTo(earlier);
        await AdvanceUntilAsync(() => members[..2].All(member => member.View.Current.StatusOf(members[2].Address) == SiloStatus.Active), "the old table");
        await members[0].RunRoundsAsync(_cluster.Options.NumMissedProbesLimit);
        await members[1].RunRoundsAsync(_cluster.Options.NumMissedProbesLimit);
        await Phases.Until(() => members[..2].All(member => member.View.Current.Ring.Silos.Length == 2), "the dead one is dead again");
        Assert.All(members[..2], member => Assert.Equal(0, member.DiedCount));
    }

    [Fact]
    public async Task Answer_of_before_that_comes_late_is_nothing_to_doubt()
    {
        var table = new HeldTable(_cluster.Table.For("silo-1"));
        var member = _cluster.Add("silo-1", 11001, table: table);
        await member.StartAsync();
        for (var round = 0; round < VersionDoubt.AnswerCountMin * 2; round++)
        {
            var held = table.HoldNext();
            var late = member.View.ReadAsync(CancellationToken.None);
            await held.Reached;
            _cluster.PlantLost(13000 + round, TimeSpan.Zero, SiloStatus.Dead);
            await member.View.ReadAsync(CancellationToken.None);
            _cluster.Time.SkipQuietly(_cluster.Options.TableRefreshTimeout);
            held.Release();
            await late;
            Assert.Equal(_cluster.Table.Data.Version, member.View.Current.Version);
        }
    }

    [Fact]
    public async Task Server_that_lags_now_and_then_changes_nothing()
    {
        var member = (await StartAsync(1))[0];
        var earlier = _cluster.Table.Data;
        _cluster.PlantLost(13000, TimeSpan.Zero, SiloStatus.Dead);
        var newer = _cluster.Table.Data;
        for (var round = 0; round < VersionDoubt.AnswerCountMin * 3; round++)
        {
            _cluster.Table.GoTo(round % VersionDoubt.AnswerCountMin == 0 ? newer : earlier);
            await member.View.ReadAsync(CancellationToken.None);
            _cluster.Time.SkipQuietly(_cluster.Options.TableRefreshTimeout);
            Assert.Equal(newer.Version, member.View.Current.Version);
        }
    }

    [Fact]
    public async Task Other_members_under_a_known_version_are_noticed()
    {
        var member = (await StartAsync(1))[0];
        var earlier = _cluster.Table.Data;
        _cluster.PlantLost(13000, TimeSpan.Zero);
        await member.View.ReadAsync(CancellationToken.None);
        _cluster.Table.GoTo(earlier);
        var other = _cluster.PlantLost(13001, TimeSpan.Zero);
        Assert.Equal(member.View.Current.Version, _cluster.Table.Data.Version);
        await AdvanceUntilAsync(() => member.View.Current.Ring.Silos.Contains(other), "the other member");
        Assert.Equal(2, member.View.Current.Ring.Silos.Length);
    }

    [Fact]
    public async Task Silo_that_was_still_joining_in_the_older_table_writes_that_it_is_active()
    {
        var members = await StartAsync(2);
        var joining = _cluster.Table.History.Last(data => data.Find(members[1].Address)?.Status == SiloStatus.Joining);
        _cluster.Table.GoTo(joining);
        await AdvanceUntilAsync(() => _cluster.StatusOf(members[1]) == SiloStatus.Active, "the silo is active again");
        await AdvanceUntilAsync(() => members.All(member => member.View.Current.Ring.Silos.Length == 2), "both see it");
        Assert.All(members, member => Assert.Equal(0, member.DiedCount));
    }

    [Fact]
    public async Task Silo_that_the_older_table_does_not_have_is_dead_once_that_is_believed()
    {
        var members = await StartAsync(2);
        var alone = _cluster.Table.History.Last(data => data.Find(members[1].Address) is null);
        _cluster.Table.GoTo(alone);
        await members[1].View.ReadAsync(CancellationToken.None);
        Assert.False(members[1].Agent.IsDead);
        await AdvanceUntilAsync(() => members[1].DiedCount == 1, "the silo ends");
        await AdvanceUntilAsync(() => members[0].View.Current.Ring.Silos.Length == 1, "the other one goes on alone");
        Assert.Equal(0, members[0].DiedCount);
    }

    [Fact]
    public async Task Version_that_the_table_does_not_have_costs_one_read_in_a_while_however_often_it_is_told()
    {
        var table = new HeldTable(_cluster.Table.For("silo-1"));
        var member = _cluster.Add("silo-1", 11001, table: table);
        await member.StartAsync();
        var before = table.ReadCount;
        for (var message = 0; message < 1000; message++)
            member.Agent.OnChangeTold(long.MaxValue);
        var calls = Enumerable.Range(0, 100).Select(_ => member.View.RefreshAsync(long.MaxValue, CancellationToken.None)).ToArray();
        await Phases.Until(() => calls.All(call => call.IsCompleted) || AdvanceALittle(), "all have their answer");
        await Task.WhenAll(calls);
        // The first one, one that begins after all have asked, and one for what was told meanwhile.
        Assert.InRange(table.ReadCount - before, 1, 3);
        // What is there is still found, after the pause at most.
        _cluster.PlantLost(13000, TimeSpan.Zero, SiloStatus.Dead);
        member.Agent.OnChangeTold(_cluster.Table.Data.Version);
        await Phases.Until(() => member.View.Current.Version == _cluster.Table.Data.Version || AdvanceALittle(), "the next version");
    }

    /// <summary>Members that probe only when they are told to: what they read takes real time, and the clock leaps meanwhile.</summary>
    private async Task<TestMember[]> StartAsync(int count)
    {
        var members = await _cluster.StartAsync(count);
        foreach (var member in members)
            member.Monitor.Stop();
        return members;
    }

    private bool AdvanceALittle()
    {
        _cluster.Time.Advance(MembershipView.VainReadPause / 20);
        return false;
    }

    /// <summary>Lets the clock run, and all that it sets off, until something is so.</summary>
    private async Task AdvanceUntilAsync(Func<bool> condition, string what)
    {
        var deadline = Environment.TickCount64 + (long)Phases.Patience.TotalMilliseconds;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < deadline, $"Still not so: {what}.");
            await _cluster.StepAsync();
        }
    }

    /// <summary>Counts reads, and holds answers back.</summary>
    private sealed class HeldTable(IMembershipTable table) : IMembershipTable
    {
        private Held? _next;
        private int _readCount;

        public int ReadCount => Volatile.Read(ref _readCount);

        public Held HoldNext() => _next = new Held();

        public Task InitializeAsync(CancellationToken cancellationToken) => table.InitializeAsync(cancellationToken);

        public async Task<MembershipData> ReadAllAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _readCount);
            var held = Interlocked.Exchange(ref _next, null);
            var data = await table.ReadAllAsync(cancellationToken);
            if (held is not null)
                await held.PassAsync();
            return data;
        }

        public Task<bool> InsertAsync(MembershipRow row, int version, CancellationToken cancellationToken) => table.InsertAsync(row, version, cancellationToken);

        public Task<bool> UpdateAsync(MembershipRow row, int version, CancellationToken cancellationToken) => table.UpdateAsync(row, version, cancellationToken);

        public Task UpdateAliveTimeAsync(SiloAddress address, DateTime aliveTime, CancellationToken cancellationToken) =>
            table.UpdateAliveTimeAsync(address, aliveTime, cancellationToken);

        public Task RemoveDeadAsync(DateTime before, CancellationToken cancellationToken) => table.RemoveDeadAsync(before, cancellationToken);
    }

    private sealed class Held
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task.WaitAsync(Phases.Patience);

        public void Release() => _released.SetResult();

        public Task PassAsync()
        {
            _reached.SetResult();
            return _released.Task.WaitAsync(Phases.Patience);
        }
    }
}
