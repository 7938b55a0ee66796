namespace GrainVault.Resilience;

/// <summary>
/// Bounds how many calls of one kind run at once and how many wait for their turn, and how long. What comes past that is
/// refused at once, so that a slow dependency costs its callers time and never this process memory.
/// </summary>
/// <param name="name">What it bounds, for metrics: <c>reads</c> or <c>writes</c>.</param>
/// <param name="limits">Its limits.</param>
/// <param name="time">Clock.</param>
/// <param name="instruments">Where its numbers go; null for nowhere.</param>
public sealed class Bulkhead(string name, BulkheadLimits limits, TimeProvider time, BulkheadInstruments? instruments = null) : IDisposable
{
    private readonly SemaphoreSlim _free = new(limits.CountMax, limits.CountMax);
    private int _waitingCount;

    /// <summary>What it bounds.</summary>
    public string Name => name;

    /// <summary>Calls that wait now.</summary>
    public int WaitingCount => Volatile.Read(ref _waitingCount);

    /// <summary>Takes a place; dispose it when the call has ended. Those who wait are served in turn.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when too many wait already, or when it took too long.</returns>
    /// <exception cref="OperationCanceledException">The caller no longer waits.</exception>
    public ValueTask<IDisposable?> TryEnterAsync(CancellationToken cancellationToken = default) =>
        WaitingCount == 0 && TryTake() ? new ValueTask<IDisposable?>(Place()) : QueueAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();

    private bool TryTake() => _free.Wait(0);

    private async ValueTask<IDisposable?> QueueAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waitingCount) > limits.QueueLengthMax)
        {
            Interlocked.Decrement(ref _waitingCount);
            instruments?.Refused(name, "queue_full");
            return null;
        }

        instruments?.Waits(name, 1);
        using var limit = new CancellationTokenSource(limits.QueueWaitMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _free.WaitAsync(either.Token).ConfigureAwait(false);
            return Place();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            instruments?.Refused(name, "too_long");
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _waitingCount);
            instruments?.Waits(name, -1);
        }
    }

    private TakenPlace Place()
    {
        instruments?.Runs(name, 1);
        return new TakenPlace(this);
    }

    private void Leave()
    {
        instruments?.Runs(name, -1);
        try
        {
            _free.Release();
        }
        catch (ObjectDisposedException)
        {
            // A body may still be read while the process ends.
        }
    }

    private sealed class TakenPlace(Bulkhead bulkhead) : IDisposable
    {
        private int _isGiven;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isGiven, 1) == 0)
                bulkhead.Leave();
        }
    }
}

/// <summary>Limits of a <see cref="Bulkhead"/>.</summary>
/// <param name="CountMax">Calls that run at once.</param>
/// <param name="QueueLengthMax">Calls that wait for their turn; 0 for none.</param>
/// <param name="QueueWaitMax">Longest wait of one of them.</param>
public readonly record struct BulkheadLimits(int CountMax, int QueueLengthMax, TimeSpan QueueWaitMax);
