using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Orleans.Cluster;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Reminders;

/// <summary>
/// Keeps the grains' reminders in a table and ticks those whose grains belong to this silo. The table is read again when the
/// ring changes, and now and then for changes by others: as a whole in one statement where it is small, since a silo's share of
/// the ring lies in a hundred pieces; otherwise in a few statements with as little of the others' as that allows.
/// </summary>
internal sealed class ReminderService(
    SiloRuntime silo, IReminderTable table, IClusterView view, ILocalSiloDetails local, IOptions<ReminderOptions> options) : IDisposable
{
    private static readonly TimeSpan PeriodMax = TimeSpan.FromMilliseconds(0xfffffffe);

    /// <summary>From a change of the ring, or a read that failed, to the next read. By then activations have moved, and with them
    /// whatever they registered on their old silo meanwhile.</summary>
    private static readonly TimeSpan SecondLookDelay = TimeSpan.FromSeconds(5);

    /// <summary>A table with about this many reminders is read as a whole; so is one of unknown size, once.</summary>
    private const int WholeTableCountMax = 10_000;

    /// <summary>In how many statements a larger one is read.</summary>
    private const int StatementCountMax = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<(GrainId Id, string Name), ScheduledReminder> _scheduled = [];
    private readonly HashSet<(GrainId Id, string Name)> _changedHere = [];
    private readonly SemaphoreSlim _reading = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private IDisposable? _observed;
    private ITimer? _refresh;
    private HashRing? _lastRing;
    private int _isAsked;
    private bool _isStopped;

    /// <summary>How many reminders this silo ticks.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
                return _scheduled.Count;
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _reading.Dispose();
    }

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        _observed = RuntimeMeter.ObserveReminders(() => Count);
        _refresh = silo.CreateTimer(static self => _ = ((ReminderService)self!).RefreshAsync(((ReminderService)self!)._stopping.Token), this);
        view.Changed += OnRingChanged;
        await RefreshAsync(cancellationToken);
    }

    internal async Task StopAsync()
    {
        _observed?.Dispose();
        view.Changed -= OnRingChanged;
        await _stopping.CancelAsync();
        if (_refresh is { } refresh)
            await refresh.DisposeAsync();
        lock (_gate)
        {
            _isStopped = true;
            foreach (var scheduled in _scheduled.Values)
                scheduled.Dispose();
            _scheduled.Clear();
        }
    }

    internal async Task<IGrainReminder> RegisterOrUpdateAsync(GrainId grainId, string name, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.Zero || dueTime > PeriodMax)
            throw new ArgumentOutOfRangeException(nameof(dueTime), dueTime, "Cannot use negative, infinite or too long dueTime to create a reminder.");
        if (period <= TimeSpan.Zero || period > PeriodMax)
            throw new ArgumentOutOfRangeException(nameof(period), period, "Cannot use negative, infinite or too long period to create a reminder.");
        var least = options.Value.MinimumReminderPeriod;
        if (period < least)
            throw new ArgumentException($"Cannot register reminder {name} as requested period ({period}) is less than minimum allowed reminder period ({least}).");
        // As precise as the table is, so that a row that is read again equals the one that was written.
        var startAt = silo.Time.GetUtcNow().UtcDateTime + dueTime;
        startAt = startAt.AddTicks(-(startAt.Ticks % TimeSpan.TicksPerMicrosecond));
        var row = new ReminderRow(grainId, name, startAt, TimeSpan.FromMilliseconds(Math.Ceiling(period.TotalMilliseconds)), "");
        row = row with { Version = await table.UpsertAsync(row) };
        lock (_gate)
        {
            _changedHere.Add((grainId, name));
            // While its grain moves, an activation can run here and belong elsewhere; the owner finds the row at its next look.
            if (IsOwn(grainId))
                Replace(row);
        }
        return Reminder.Of(row);
    }

    internal async Task UnregisterAsync(GrainId grainId, IGrainReminder reminder)
    {
        if (reminder is not Reminder own || own.GrainId != grainId)
            throw new ReminderException($"Reminder {reminder.ReminderName} is not one of {grainId}.");
        if (!await table.RemoveAsync(grainId, own.ReminderName, own.Version))
            throw new ReminderException($"Could not unregister reminder {own.ReminderName} of {grainId}: it was changed or removed meanwhile.");
        lock (_gate)
        {
            _changedHere.Add((grainId, own.ReminderName));
            Remove((grainId, own.ReminderName));
        }
    }

    internal async Task<IGrainReminder?> GetAsync(GrainId grainId, string name) =>
        await table.ReadAsync(grainId, name) is { } row ? Reminder.Of(row) : null;

    internal async Task<List<IGrainReminder>> ListAsync(GrainId grainId) => [.. (await table.ReadAsync(grainId)).Select(Reminder.Of)];

    private bool IsOwn(GrainId grainId) => local.SiloAddress.Equals(view.Current.Ring.OwnerOf(grainId));

    /// <summary>What now belongs to others stops at once; what is new here is read. Most changes of the table are none of the ring.</summary>
    private void OnRingChanged(ClusterSnapshot snapshot)
    {
        if (Volatile.Read(ref _lastRing) is { } last && last.HasSameSilosAs(snapshot.Ring))
            return;
        lock (_gate)
        {
            foreach (var key in _scheduled.Keys.Where(key => !IsOwn(key.Id)).ToArray())
                Remove(key);
        }
        _ = RefreshAsync(_stopping.Token);
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        // A read that has not begun yet will do for this one too.
        if (Interlocked.Exchange(ref _isAsked, 1) != 0)
            return;
        try
        {
            await _reading.WaitAsync(cancellationToken);
            Volatile.Write(ref _isAsked, 0);
            try
            {
                await ReadOwnAsync(cancellationToken);
            }
            finally
            {
                _reading.Release();
            }
        }
        catch (Exception failure)
        {
            if (cancellationToken.IsCancellationRequested)
                return;
            silo.Log.ReminderRefreshFailed(failure);
            SetNextRefresh(SecondLookDelay);
        }
    }

    private async Task ReadOwnAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            _changedHere.Clear();
        var ring = view.Current.Ring;
        var isNew = _lastRing is not { } last || !last.HasSameSilosAs(ring);
        Volatile.Write(ref _lastRing, ring);
        List<ReminderRow> rows = [];
        foreach (var range in RangesToRead(ring))
            rows.AddRange(await table.ReadRangeAsync(range, IsOwn, cancellationToken));
        Apply(rows);
        var period = options.Value.RefreshReminderListPeriod;
        SetNextRefresh(ring.Silos.Length > 1 && isNew && SecondLookDelay < period ? SecondLookDelay : period);
    }

    private ImmutableArray<RingRange> RangesToRead(HashRing ring)
    {
        if (!ring.Silos.Contains(local.SiloAddress))
            return [];
        // This silo's share is about as large as any other's.
        return (long)Count * ring.Silos.Length <= WholeTableCountMax
            ? [RingRange.All]
            : RingRange.Merge(ring.RangesOf(local.SiloAddress), StatementCountMax);
    }

    private void SetNextRefresh(TimeSpan delay) => _refresh?.Change(delay, Timeout.InfiniteTimeSpan);

    private void Apply(List<ReminderRow> rows)
    {
        lock (_gate)
        {
            // What changed here while the table was read may be newer than what was read.
            rows.RemoveAll(row => _changedHere.Contains((row.GrainId, row.Name)) || !IsOwn(row.GrainId));
            var gone = _scheduled.Keys.Except(rows.Select(row => (row.GrainId, row.Name))).Except(_changedHere).ToArray();
            foreach (var key in gone)
                Remove(key);
            foreach (var row in rows)
                Replace(row);
        }
    }

    private void Remove((GrainId Id, string Name) key)
    {
        if (_scheduled.Remove(key, out var scheduled))
            scheduled.Dispose();
    }

    private void Replace(ReminderRow row)
    {
        var key = (row.GrainId, row.Name);
        if (_isStopped || (_scheduled.TryGetValue(key, out var scheduled) && scheduled.Row == row))
            return;
        _scheduled.GetValueOrDefault(key)?.Dispose();
        _scheduled[key] = new ScheduledReminder(silo, row);
    }
}
