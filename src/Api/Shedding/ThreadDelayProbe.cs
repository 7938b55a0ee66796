namespace GrainVault.Api.Shedding;

/// <summary>Sends one work item after another through the pool's queue, and tells how long the last one waits or has waited.</summary>
/// <param name="time">Clock.</param>
/// <param name="queue">Queues the item behind the work of everyone else.</param>
internal sealed class ThreadDelayProbe(TimeProvider time, Action<IThreadPoolWorkItem> queue) : IThreadPoolWorkItem
{
    private long _queuedAt;
    private long _ranAt;
    private volatile bool _isQueued;

    /// <summary>How long the item waits or has waited; sends the next one when it has run.</summary>
    public TimeSpan Measure()
    {
        if (_isQueued)
            return time.GetElapsedTime(Volatile.Read(ref _queuedAt));
        var delay = time.GetElapsedTime(_queuedAt, Volatile.Read(ref _ranAt));
        Volatile.Write(ref _queuedAt, time.GetTimestamp());
        _isQueued = true;
        queue(this);
        return delay;
    }

    /// <summary>Forgets how long the item has waited so far.</summary>
    public void Restart() => Volatile.Write(ref _queuedAt, time.GetTimestamp());

    /// <summary>The item's turn.</summary>
    public void Execute()
    {
        Volatile.Write(ref _ranAt, time.GetTimestamp());
        _isQueued = false;
    }
}
