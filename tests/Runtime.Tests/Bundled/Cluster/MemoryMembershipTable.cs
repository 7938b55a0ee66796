using System.Collections.Immutable;
using Orleans.Cluster;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

/// <summary>The table's contract in memory, which can be cut off from single silos.</summary>
internal sealed class MemoryMembershipTable(Traffic traffic)
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _cutOff = [];
    private MembershipData _data = MembershipData.Empty;

    /// <summary>Every version that there was, with who was what in it.</summary>
    public List<MembershipData> History { get; } = [];

    public MembershipData Data
    {
        get
        {
            lock (_gate)
                return _data;
        }
    }

    /// <summary>The table as one silo reaches it.</summary>
    public IMembershipTable For(string siloName) => new Access(this, siloName);

    public void CutOff(string siloName) => _cutOff.Add(siloName);

    public void Restore(string siloName) => _cutOff.Remove(siloName);

    /// <summary>Puts a row there that nobody wrote, as a cluster that was lost leaves it.</summary>
    public void Plant(MembershipRow row)
    {
        lock (_gate)
            Set(_data.Rows.Add(row));
    }

    /// <summary>Goes to another state, as a database that was restored or failed over does.</summary>
    public void GoTo(MembershipData data)
    {
        lock (_gate)
            _data = data;
    }

    private Traffic.Passage Enter() => traffic.Enter();

    private void Set(ImmutableArray<MembershipRow> rows)
    {
        _data = new MembershipData(_data.Version + 1, rows);
        History.Add(_data);
    }

    private sealed class Access(MemoryMembershipTable table, string siloName) : IMembershipTable
    {
        public Task InitializeAsync(CancellationToken cancellationToken) => RunAsync(() =>
        {
            if (table._data.Version < 0)
                table._data = new MembershipData(0, table._data.Rows);
            return true;
        });

        public async Task<MembershipData> ReadAllAsync(CancellationToken cancellationToken)
        {
            await RunAsync(static () => true);
            return table.Data;
        }

        public Task<bool> InsertAsync(MembershipRow row, int version, CancellationToken cancellationToken) => RunAsync(() =>
        {
            if (table._data.Version != version || table._data.Find(row.Address) is not null)
                return false;
            table.Set(table._data.Rows.Add(row with { Votes = [] }));
            return true;
        });

        public Task<bool> UpdateAsync(MembershipRow row, int version, CancellationToken cancellationToken) => RunAsync(() =>
        {
            if (table._data.Version != version || table._data.Find(row.Address) is not { } old)
                return false;
            table.Set(table._data.Rows.Replace(old, row));
            return true;
        });

        public Task UpdateAliveTimeAsync(SiloAddress address, DateTime aliveTime, CancellationToken cancellationToken) => RunAsync(() =>
        {
            if (table._data.Find(address) is { } old)
                table._data = new MembershipData(table._data.Version, table._data.Rows.Replace(old, old with { AliveTime = aliveTime }));
            return true;
        });

        public Task RemoveDeadAsync(DateTime before, CancellationToken cancellationToken) => RunAsync(() =>
        {
            table._data = new MembershipData(
                table._data.Version, table._data.Rows.RemoveAll(row => row.Status == SiloStatus.Dead && row.AliveTime < before));
            return true;
        });

        private async Task<bool> RunAsync(Func<bool> action)
        {
            using var passage = table.Enter();
            await Task.Yield();
            lock (table._gate)
            {
                if (table._cutOff.Contains(siloName))
                    throw new IOException("The table is away.");
                return action();
            }
        }
    }
}
