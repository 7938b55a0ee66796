namespace Orleans.Cluster;

/// <summary>Does something again and again. A run that takes longer than the period delays the next one.</summary>
internal sealed class PeriodicWork : IDisposable
{
    private readonly Func<CancellationToken, Task> _run;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _timer;
    private int _isRunning;

    internal PeriodicWork(TimeProvider time, TimeSpan period, Func<CancellationToken, Task> run)
    {
        _run = run;
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(static self => _ = ((PeriodicWork)self!).RunAsync(), this, period, period);
    }

    public void Dispose()
    {
        _timer.Dispose();
        _stopping.Cancel();
    }

    /// <summary>Runs once; failures are the work's own to report.</summary>
    private async Task RunAsync()
    {
        if (_stopping.IsCancellationRequested || Interlocked.Exchange(ref _isRunning, 1) != 0)
            return;
        try
        {
            await _run(_stopping.Token);
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }
}
