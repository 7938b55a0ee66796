using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>The newest version of the membership table that this silo has read, or an older one where the table itself went back.</summary>
internal sealed class MembershipView(
    IMembershipTable table, IOptions<ClusterMembershipOptions> options, TimeProvider time, ILogger<MembershipView> logger) : IClusterView
{
    /// <summary>A statement on the table takes no longer: a database that hangs must not hang everything that asks.</summary>
    internal static readonly TimeSpan TableTimeout = TimeSpan.FromSeconds(10);

    /// <summary>From a read that did not find the version that it was made for to the next such read: whatever a peer claims to have
    /// seen, it costs one statement in this time.</summary>
    internal static readonly TimeSpan VainReadPause = TimeSpan.FromSeconds(1);

    private readonly MembershipLog _log = new(logger);
    private readonly VersionDoubt _doubt = new(options.Value.TableRefreshTimeout, time);
    private readonly Lock _gate = new();
    private readonly Queue<ClusterSnapshot> _changes = new();
    private bool _isTelling;
    private Task _read = Task.CompletedTask;
    private long _askedVersion;
    private bool _hasReadBegun;
    private long? _vainReadAt;
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
        // A read that was under way already may be older than the version that is asked for; the next one is not. What it does not
        // find is not there: a table that went back lacks versions that other silos have seen.
        for (var (isLate, count) = (true, 0); isLate && count < 2 && _current.Version < version; count++)
        {
            isLate = HasBegun(version, out var read);
            await read.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Reads the table, whatever is known.</summary>
    internal async Task<MembershipData> ReadAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var limit = new CancellationTokenSource(TableTimeout, time);
        using var registration = limit.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeout);
        var before = _data;
        var data = await table.ReadAllAsync(timeout.Token).WaitAsync(timeout.Token);
        Apply(data, before);
        return data;
    }

    /// <summary>The read that is under way, or that begins now.</summary>
    /// <returns>Whether it had begun already.</returns>
    private bool HasBegun(long version, out Task read)
    {
        lock (_gate)
        {
            if (_read.IsCompleted)
            {
                (_askedVersion, _hasReadBegun) = (version, false);
                _read = ReadOnItsOwnAsync();
            }
            else if (!_hasReadBegun)
            {
                _askedVersion = Math.Max(_askedVersion, version);
            }
            read = _read;
            return _hasReadBegun;
        }
    }

    private async Task ReadOnItsOwnAsync()
    {
        // Leaves the lock first.
        await Task.Yield();
        if (_vainReadAt is { } at && VainReadPause - time.GetElapsedTime(at) is var pause && pause > TimeSpan.Zero)
            await Task.Delay(pause, time);
        long version;
        lock (_gate)
            (_hasReadBegun, version) = (true, _askedVersion);
        try
        {
            await ReadAsync(CancellationToken.None);
        }
        finally
        {
            _vainReadAt = _current.Version < version ? time.GetTimestamp() : null;
        }
    }

    /// <param name="data">What was read.</param>
    /// <param name="before">What was known when the read began.</param>
    private void Apply(MembershipData data, MembershipData before)
    {
        lock (_gate)
        {
            var isNew = data.Version > _data.Version;
            if (data.Follows(_data))
                _doubt.Clear();
            else if (!IsBelieved(data, before))
                return;
            else
                isNew = true;
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

    /// <summary>Whether the table has gone back. Reads can also overtake one another: what was right when the read began is no doubt.</summary>
    private bool IsBelieved(MembershipData data, MembershipData before)
    {
        if (data.Follows(before))
            return false;
        if (_doubt.Add())
        {
            _log.WentBack(data.Version, _data.Version);
            _doubt.Clear();
            return true;
        }
        if (_doubt.IsNew)
            _log.SaysLess(data.Version, _data.Version);
        return false;
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
