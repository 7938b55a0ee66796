using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>The newest version of the membership table that this silo has read.</summary>
internal sealed class MembershipView(IMembershipTable table, TimeProvider time, ILogger<MembershipView> logger) : IClusterView
{
    /// <summary>A statement on the table takes no longer: a database that hangs must not hang everything that asks.</summary>
    internal static readonly TimeSpan TableTimeout = TimeSpan.FromSeconds(10);

    private readonly MembershipLog _log = new(logger);
    private readonly Lock _gate = new();
    private readonly Queue<ClusterSnapshot> _changes = new();
    private bool _isTelling;
    private Task<MembershipData>? _read;
    private volatile MembershipData _data = MembershipData.Empty;
    private volatile ClusterSnapshot _current = ClusterSnapshot.Empty;

    public event Action<ClusterSnapshot>? Changed;

    /// <summary>Raised after each read, with or without a change.</summary>
    internal event Action<MembershipData>? WasRead;

    /// <summary>Raised when somebody had trouble with a silo.</summary>
    internal event Action<SiloAddress>? Suspected;

    public ClusterSnapshot Current => _current;

    /// <summary>The rows behind <see cref="Current"/>.</summary>
    internal MembershipData Data => _data;

    public void Suspect(SiloAddress silo) => Suspected?.Invoke(silo);

    public async Task RefreshAsync(long version, CancellationToken cancellationToken)
    {
        // A read that was under way already may be older than the version that is asked for.
        while (_current.Version < version)
        {
            var isShared = TryJoinRead(out var read);
            await read.WaitAsync(cancellationToken);
            if (!isShared)
                return;
        }
    }

    /// <summary>Reads the table, whatever is known.</summary>
    internal async Task<MembershipData> ReadAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var limit = new CancellationTokenSource(TableTimeout, time);
        using var registration = limit.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeout);
        var data = await table.ReadAllAsync(timeout.Token).WaitAsync(timeout.Token);
        Apply(data);
        return data;
    }

    private bool TryJoinRead(out Task<MembershipData> read)
    {
        lock (_gate)
        {
            if (_read is { IsCompleted: false } running)
            {
                read = running;
                return true;
            }
            read = _read = ReadOnItsOwnAsync();
            return false;
        }
    }

    private async Task<MembershipData> ReadOnItsOwnAsync()
    {
        // Leaves the lock first.
        await Task.Yield();
        return await ReadAsync(CancellationToken.None);
    }

    private void Apply(MembershipData data)
    {
        lock (_gate)
        {
            // Reads can overtake one another. Equal versions differ in signs of life only.
            if (data.Version < _data.Version)
                return;
            var isNew = data.Version > _data.Version;
            _data = data;
            if (isNew)
            {
                _current = data.ToSnapshot();
                _changes.Enqueue(_current);
            }
        }
        WasRead?.Invoke(data);
        TellOfChanges();
    }

    /// <summary>One at a time and in order, but not under the lock.</summary>
    private void TellOfChanges()
    {
        while (true)
        {
            ClusterSnapshot? change;
            lock (_gate)
            {
                if (_isTelling || !_changes.TryDequeue(out change))
                    return;
                _isTelling = true;
            }
            try
            {
                Changed?.Invoke(change);
            }
            catch (Exception failure)
            {
                _log.ListenerFailed(failure, change.Version);
            }
            lock (_gate)
                _isTelling = false;
        }
    }
}
