using Orleans.Runtime;

namespace Orleans.Timers;

/// <summary>A grain timer: each tick is work of its activation, and the next is set when the callback has ended.</summary>
internal sealed class GrainTimer : IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _ended = new();
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private TimeSpan _dueTime;
    private TimeSpan _period;
    private bool _isTicking;
    private bool _changedWhileTicking;
    private bool _isDisposed;

    internal GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        CheckTime(options.DueTime, nameof(options.DueTime));
        CheckTime(options.Period, nameof(options.Period));
        _activation = activation;
        _callback = callback;
        _options = options;
        _dueTime = options.DueTime;
        _period = PeriodOf(options.Period);
        _timer = activation.Silo.CreateTimer(static timer => ((GrainTimer)timer!).OnDue(), this);
    }

    internal bool KeepsAlive => _options.KeepAlive;

    internal bool Interleaves => _options.Interleave;

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        CheckTime(dueTime, nameof(dueTime));
        CheckTime(period, nameof(period));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _dueTime = dueTime;
            _period = PeriodOf(period);
            // A change from within the callback counts from its end, as the period does.
            if (_isTicking)
                _changedWhileTicking = true;
            else
                _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }
        _timer.Dispose();
        _ended.Cancel();
        _activation.Forget(this);
    }

    internal void Start()
    {
        lock (_gate)
            _timer.Change(_dueTime, Timeout.InfiniteTimeSpan);
    }

    internal async ValueTask TickAsync()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
        }
        try
        {
            await _callback(_ended.Token);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !_ended.IsCancellationRequested)
        {
            _activation.Silo.Log.TimerFailed(failure, _activation.GrainId);
        }
        catch (OperationCanceledException)
        {
            // The timer ended while its callback ran.
        }
        SetNext();
    }

    private static TimeSpan PeriodOf(TimeSpan period) => period == TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : period;

    private static void CheckTime(TimeSpan time, string name)
    {
        if (time != Timeout.InfiniteTimeSpan && (time < TimeSpan.Zero || time.TotalMilliseconds > 0xfffffffe))
            throw new ArgumentOutOfRangeException(name, time, "A timer's time is from 0 to about 49 days, or infinite.");
    }

    private void OnDue()
    {
        lock (_gate)
        {
            if (_isDisposed || _isTicking)
                return;
            _isTicking = true;
        }
        _activation.TryDeliver(new GrainTimerTick(this));
    }

    private void SetNext()
    {
        lock (_gate)
        {
            _isTicking = false;
            if (_isDisposed)
                return;
            _timer.Change(_changedWhileTicking ? _dueTime : _period, Timeout.InfiniteTimeSpan);
            _changedWhileTicking = false;
        }
    }
}

/// <summary>One tick of a timer on its way to its activation.</summary>
internal sealed class GrainTimerTick(GrainTimer timer) : ActivationWork
{
    internal override bool IsReadOnly => false;

    internal override bool IsAlwaysInterleave => timer.Interleaves;

    internal override bool CountsAsUse => timer.KeepsAlive;

    internal override bool IsLimited => false;

    internal override ValueTask RunAsync(Activation activation) => timer.TickAsync();

    /// <summary>A timer ends with its activation, and so do its ticks.</summary>
    internal override void Forward(Activation activation)
    {
    }

    internal override void Reject(Exception failure)
    {
    }
}
