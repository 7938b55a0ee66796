using Orleans.Runtime;

namespace Orleans.Reminders;

/// <summary>
/// A reminder that this silo ticks. Ticks are at the start time and at whole periods after it; one that comes due while the
/// last still runs is missed.
/// </summary>
internal sealed class ScheduledReminder : IDisposable
{
    private static readonly TimeSpan SleepMax = TimeSpan.FromDays(1);

    private readonly SiloRuntime _silo;
    private readonly IRemindable _grain;
    private readonly ITimer _timer;
    private volatile bool _isDisposed;
    private DateTime _dueAt;

    internal ScheduledReminder(SiloRuntime silo, ReminderRow row)
    {
        _silo = silo;
        Row = row;
        _grain = silo.GrainFactory.GetGrain<IRemindable>(row.GrainId);
        _timer = silo.CreateTimer(static self => _ = ((ScheduledReminder)self!).OnTimerAsync(), this);
        SetNext(mayBeNow: true);
    }

    internal ReminderRow Row { get; }

    private DateTime Now => _silo.Time.GetUtcNow().UtcDateTime;

    public void Dispose()
    {
        _isDisposed = true;
        _timer.Dispose();
    }

    private async Task OnTimerAsync()
    {
        if (Now >= _dueAt)
            await TickAsync();
        SetNext(mayBeNow: Now < _dueAt);
    }

    private async Task TickAsync()
    {
        if (_isDisposed)
            return;
        try
        {
            await _grain.ReceiveReminder(Row.Name, new TickStatus(Row.StartAt, Row.Period, Now));
        }
        catch (Exception failure)
        {
            if (!_isDisposed)
                _silo.Log.ReminderFailed(failure, Row.Name, Row.GrainId);
        }
    }

    private void SetNext(bool mayBeNow)
    {
        if (_isDisposed)
            return;
        var now = Now;
        if (!mayBeNow || _dueAt == default)
            _dueAt = NextDue(now);
        var wait = _dueAt - now;
        _timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > SleepMax ? SleepMax : wait, Timeout.InfiniteTimeSpan);
    }

    private DateTime NextDue(DateTime now)
    {
        // A start that passed a moment ago is the first tick of a reminder that was just made; one that passed long ago was missed.
        if (now < Row.StartAt || (_dueAt == default && now - Row.StartAt < TimeSpan.FromSeconds(1)))
            return Row.StartAt;
        var periods = ((now - Row.StartAt).Ticks / Row.Period.Ticks) + 1;
        return Row.StartAt + (Row.Period * periods);
    }
}
