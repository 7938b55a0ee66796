using GrainVault.Runtime.Tests.Support;
using GrainVault.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Cluster;
using Orleans.Reminders;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>How often the table of reminders is read when the ring changes. One read of a range is one statement.</summary>
public sealed class ReminderReadTests : IAsyncLifetime
{
    private const int FewCount = 30;
    private const int ManyCount = 12_000;

    private readonly MemoryReminderTable _rows = new();

    /// <summary>Nothing comes by itself: neither the refresh nor the second look after a change.</summary>
    private readonly ManualTime _time = new();

    private TestCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await TestCluster.StartAsync(3, configure: silo =>
    {
        silo.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(_time));
        silo.Services.Replace(ServiceDescriptor.Singleton<IReminderTable>(_ => new CountedTable(_rows)));
    });

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Change_of_the_ring_costs_each_silo_one_statement_where_reminders_are_few()
    {
        await AddAsync(FewCount);
        Assert.All(_cluster.Members, member => Assert.Equal(1, TableOf(member).Count)); // At its start.
        await ChangeAsync(2, _cluster[0], _cluster[1]);
        await ScheduledAsync(FewCount);
        Assert.Equal([2, 2, 1], _cluster.Members.Select(member => TableOf(member).Count));

        // Not every version of the cluster is another ring.
        await ChangeAsync(3, _cluster[0], _cluster[1]);
        Assert.Equal([2, 2, 1], _cluster.Members.Select(member => TableOf(member).Count));

        await ChangeAsync(4, _cluster[0], _cluster[1], _cluster[2]);
        await ScheduledAsync(FewCount);
        Assert.Equal([3, 3, 2], _cluster.Members.Select(member => TableOf(member).Count));

        // The second look, for what was registered where a grain was before.
        _time.Advance(TimeSpan.FromSeconds(5));
        await Phases.Until(() => _cluster.Members.Select(member => TableOf(member).Count).SequenceEqual([4, 4, 3]), "one statement more each");
    }

    [Fact]
    public async Task Large_table_is_read_in_a_few_statements_that_miss_nothing()
    {
        await AddAsync(ManyCount);
        await ChangeAsync(2, _cluster[0], _cluster[1]);
        await ScheduledAsync(ManyCount);
        var before = TableOf(_cluster[0]).Count;
        await ChangeAsync(3, _cluster[0], _cluster[1], _cluster[2]);
        await ScheduledAsync(ManyCount);
        Assert.Equal(16, TableOf(_cluster[0]).Count - before);
        Assert.DoesNotContain(TableOf(_cluster[0]).Ranges.Skip(before), range => range == RingRange.All);
    }

    private static CountedTable TableOf(TestMember member) => (CountedTable)member.Host.Services.GetRequiredService<IReminderTable>();

    private static int ScheduledBy(TestMember member) => member.Host.Services.GetRequiredService<ReminderService>().Count;

    private Task ScheduledAsync(int count) => Phases.Until(
        () => _cluster.Members.Sum(ScheduledBy) == count, $"{count} reminders, each on one silo");

    private async Task ChangeAsync(long version, params TestMember[] active)
    {
        _cluster.SetAll(_cluster.SnapshotOf(version, SiloStatus.Joining, active));
        await Phases.Until(() => _cluster.Members.All(member => TableOf(member).IsIdle), "all have read");
    }

    private async Task AddAsync(int count)
    {
        for (var index = 0; index < count; index++)
            await _rows.UpsertAsync(new ReminderRow(GrainId.Create("placed", $"r-{index}"), "r", _time.GetUtcNow().UtcDateTime.AddDays(1), TimeSpan.FromDays(1), ""));
    }

    private sealed class CountedTable(MemoryReminderTable table) : IReminderTable
    {
        private readonly List<RingRange> _ranges = [];
        private int _runningCount;

        public bool IsIdle => Volatile.Read(ref _runningCount) == 0;

        public int Count => Ranges.Count;

        public List<RingRange> Ranges
        {
            get
            {
                lock (_ranges)
                    return [.. _ranges];
            }
        }

        public async Task<IReadOnlyList<ReminderRow>> ReadRangeAsync(RingRange range, Func<GrainId, bool> isWanted, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _runningCount);
            lock (_ranges)
                _ranges.Add(range);
            var rows = await table.ReadRangeAsync(range, isWanted, cancellationToken);
            Interlocked.Decrement(ref _runningCount);
            return rows;
        }

        public Task<IReadOnlyList<ReminderRow>> ReadAsync(GrainId grainId) => table.ReadAsync(grainId);

        public Task<ReminderRow?> ReadAsync(GrainId grainId, string name) => table.ReadAsync(grainId, name);

        public Task<string> UpsertAsync(ReminderRow row) => table.UpsertAsync(row);

        public Task<bool> RemoveAsync(GrainId grainId, string name, string version) => table.RemoveAsync(grainId, name, version);
    }
}
