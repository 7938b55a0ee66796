namespace GrainVault.Api.Uploads;

/// <summary>
/// Admission of uploads: a semaphore on the bytes that bodies occupy in this process, taken before a body is read. Waiters are
/// served in order of arrival, so that a large part is not starved by small ones; their number and their wait are bounded.
/// </summary>
/// <param name="bytesMax">Most bytes in flight at once.</param>
/// <param name="queueMax">Most waiting requests.</param>
/// <param name="waitMax">Longest wait.</param>
/// <param name="time">Clock of the wait.</param>
internal sealed class BytesInFlight(long bytesMax, int queueMax, TimeSpan waitMax, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _queue = new();
    private long _taken;
    private long _refusedCount;

    /// <summary>Most bytes in flight at once.</summary>
    public long BytesMax => bytesMax;

    /// <summary>Requests that were shed so far.</summary>
    public long RefusedCount => Interlocked.Read(ref _refusedCount);

    /// <summary>Bytes that are taken now.</summary>
    public long Taken
    {
        get
        {
            lock (_lock)
                return _taken;
        }
    }

    /// <summary>Requests that wait now.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _queue.Count;
        }
    }

    /// <summary>Takes bytes; null when the queue is full or the wait is over, and the request is to be shed.</summary>
    /// <param name="bytes">0 up to the limit of the process.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Admission?> TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, bytesMax);
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (_lock)
        {
            if (_queue.Count == 0 && _taken + bytes <= bytesMax)
            {
                _taken += bytes;
                return new ValueTask<Admission?>(new Admission(this, bytes));
            }

            if (_queue.Count >= queueMax)
            {
                Interlocked.Increment(ref _refusedCount);
                return new ValueTask<Admission?>((Admission?)null);
            }

            waiter = new Waiter(bytes);
            waiter.Node = _queue.AddLast(waiter);
        }

        return new ValueTask<Admission?>(WaitAsync(waiter, cancellationToken));
    }

    private async Task<Admission?> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(waitMax, time);
        using var timedOut = timeout.Token.UnsafeRegister(_ => Leave(waiter), null);
        using var canceled = cancellationToken.UnsafeRegister(_ => Leave(waiter), null);
        var admission = await waiter.Admitted.Task.ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested)
        {
            admission?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (admission is null)
            Interlocked.Increment(ref _refusedCount);
        return admission;
    }

    private void Leave(Waiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Node is null)
                return;
            _queue.Remove(waiter.Node);
            waiter.Node = null;
            // Those behind a large waiter that gave up may fit now.
            AdmitWaiting();
        }

        waiter.Admitted.TrySetResult(null);
    }

    private void Release(long bytes)
    {
        lock (_lock)
        {
            _taken -= bytes;
            AdmitWaiting();
        }
    }

    private void AdmitWaiting()
    {
        while (_queue.First is { } first && _taken + first.Value.Bytes <= bytesMax)
        {
            _queue.RemoveFirst();
            first.Value.Node = null;
            _taken += first.Value.Bytes;
            first.Value.Admitted.TrySetResult(new Admission(this, first.Value.Bytes));
        }
    }

    /// <summary>Bytes that one body may occupy; given back once.</summary>
    internal sealed class Admission(BytesInFlight owner, long bytes) : IDisposable
    {
        private BytesInFlight? _owner = owner;

        /// <summary>Gives the bytes back.</summary>
        public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Release(bytes);
    }

    private sealed class Waiter(long bytes)
    {
        public long Bytes { get; } = bytes;

        public LinkedListNode<Waiter>? Node { get; set; }

        // Continuations run elsewhere: TrySetResult is called under the lock.
        public TaskCompletionSource<Admission?> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
