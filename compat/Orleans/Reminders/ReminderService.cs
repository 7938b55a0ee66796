using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Reminders;

/// <summary>Keeps the grains' reminders in a table and ticks them. The table is read again now and then for changes by others.</summary>
internal sealed class ReminderService(SiloRuntime silo, IReminderTable table, IOptions<ReminderOptions> options) : IDisposable
{
    private static readonly TimeSpan PeriodMax = TimeSpan.FromMilliseconds(0xfffffffe);

    private readonly Lock _gate = new();
    private readonly Dictionary<(GrainId Id, string Name), ScheduledReminder> _scheduled = [];
    private readonly CancellationTokenSource _stopping = new();
    private IDisposable? _observed;
    private ITimer? _refresh;
    private long _changes;
    private bool _isStopped;

    public void Dispose() => _stopping.Dispose();

    /// <summary>Reminders that this silo ticks.</summary>
    private int Count
    {
        get
        {
            lock (_gate)
                return _scheduled.Count;
        }
    }

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        _observed = RuntimeMeter.ObserveReminders(() => Count);
        await RefreshAsync(cancellationToken);
        var period = options.Value.RefreshReminderListPeriod;
        _refresh = silo.CreateTimer(static self => _ = ((ReminderService)self!).RefreshAsync(((ReminderService)self!)._stopping.Token), this);
        _refresh.Change(period, period);
    }

    internal async Task StopAsync()
    {
        _observed?.Dispose();
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
        Schedule(row);
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
            _changes++;
            if (_scheduled.Remove((grainId, own.ReminderName), out var scheduled))
                scheduled.Dispose();
        }
    }

    internal async Task<IGrainReminder?> GetAsync(GrainId grainId, string name) =>
        await table.ReadAsync(grainId, name) is { } row ? Reminder.Of(row) : null;

    internal async Task<List<IGrainReminder>> ListAsync(GrainId grainId) => [.. (await table.ReadAsync(grainId)).Select(Reminder.Of)];

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            var changes = Volatile.Read(ref _changes);
            Apply(await table.ReadRangeAsync(0, 0, cancellationToken), changes);
        }
        catch (Exception failure)
        {
            if (!cancellationToken.IsCancellationRequested)
                silo.Log.ReminderRefreshFailed(failure);
        }
    }

    private void Schedule(ReminderRow row)
    {
        lock (_gate)
        {
            _changes++;
            Replace(row);
        }
    }

    private void Apply(IReadOnlyList<ReminderRow> rows, long changes)
    {
        lock (_gate)
        {
            // Something changed here while the table was read: what was read may be older. The next refresh sees both.
            if (changes != _changes)
                return;
            var gone = _scheduled.Keys.Except(rows.Select(row => (row.GrainId, row.Name))).ToArray();
            foreach (var key in gone)
            {
                if (_scheduled.Remove(key, out var scheduled))
                    scheduled.Dispose();
            }
            foreach (var row in rows)
                Replace(row);
        }
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
