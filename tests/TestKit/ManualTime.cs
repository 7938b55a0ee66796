namespace GrainVault.TestKit;

/// <summary>A clock that a test moves; timers fire during <see cref="Advance"/>, on the caller's thread, each in its turn.</summary>
public sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now;

    public ManualTime()
        : this(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero))
    {
    }

    public ManualTime(DateTimeOffset start) => _now = start;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (_gate)
            _timers.Add(timer);
        return timer;
    }

    /// <summary>Moves the clock from one timer to the next.</summary>
    public void Advance(TimeSpan time)
    {
        var end = GetUtcNow() + time;
        while (true)
        {
            ManualTimer? due;
            lock (_gate)
            {
                due = _timers.Where(timer => timer.DueAt <= end).MinBy(timer => timer.DueAt);
                if (due is null)
                {
                    _now = end;
                    return;
                }
                if (due.DueAt > _now)
                    _now = due.DueAt;
            }
            due.Fire();
        }
    }

    /// <summary>Moves the clock as if the process had been stopped meanwhile: no timer fires before the end.</summary>
    public void Skip(TimeSpan time)
    {
        lock (_gate)
            _now += time;
        Advance(TimeSpan.Zero);
    }

    /// <summary>Moves the clock and fires nothing: what runs first after the pause is not a timer.</summary>
    public void SkipQuietly(TimeSpan time)
    {
        lock (_gate)
            _now += time;
    }

    private sealed class ManualTimer(ManualTime owner, Action callback) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset DueAt { get; private set; } = DateTimeOffset.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            DueAt = dueTime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : owner.GetUtcNow() + dueTime;
            return true;
        }

        public void Fire()
        {
            var isOnce = _period == Timeout.InfiniteTimeSpan || _period == TimeSpan.Zero;
            DueAt = isOnce ? DateTimeOffset.MaxValue : owner.GetUtcNow() + _period;
            callback();
        }

        public void Dispose()
        {
            DueAt = DateTimeOffset.MaxValue;
            lock (owner._gate)
                owner._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
