namespace GrainVault.Api.Uploads;

/// <summary>
/// Admission of uploads: a semaphore on the bytes that bodies occupy in this process, taken before a body is read. Waiters are
/// served in order of arrival, so that a large part is not starved by small ones; their number and their wait are bounded. One
/// user holds and queues a share at most, so that slow clients of one starve nobody else.
/// </summary>
/// <param name="bytesMax">Most bytes in flight at once.</param>
/// <param name="queueMax">Most waiting requests.</param>
/// <param name="waitMax">Longest wait.</param>
/// <param name="sharePerUser">Share of both that one user has at most, above 0 and up to 1; one body passes whatever its size.</param>
/// <param name="time">Clock of the wait.</param>
internal sealed class BytesInFlight(long bytesMax, int queueMax, TimeSpan waitMax, double sharePerUser, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _queue = new();
    private readonly Dictionary<string, Holder> _holders = new(StringComparer.Ordinal);
    private readonly long _bytesMaxPerUser = (long)(bytesMax * sharePerUser);
    private readonly int _queueMaxPerUser = (int)Math.Ceiling(queueMax * sharePerUser);
    private long _taken;
    private long _refusedCount;
    private long _scan;

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

    /// <summary>Users who hold or wait for bytes now.</summary>
    public int UserCount
    {
        get
        {
            lock (_lock)
                return _holders.Count;
        }
    }

    /// <summary>Takes bytes; null when the queue is full or the wait is over, and the request is to be shed.</summary>
    /// <param name="bytes">0 up to the limit of the process.</param>
    /// <param name="user">Whose body it is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Admission?> TakeAsync(long bytes, string user, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, bytesMax);
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (_lock)
        {
            var holder = HolderOf(user);
            if (_queue.Count == 0 && IsWithin(holder, bytes))
                return new ValueTask<Admission?>(Admit(holder, bytes));

            if (_queue.Count >= queueMax || holder.WaitingCount >= _queueMaxPerUser)
            {
                Drop(holder);
                Interlocked.Increment(ref _refusedCount);
                return new ValueTask<Admission?>((Admission?)null);
            }

            waiter = new Waiter(holder, bytes);
            waiter.Node = _queue.AddLast(waiter);
            holder.WaitingCount++;
            // Those before it may all be waiting for bytes of their own users.
            AdmitWaiting();
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
            Unqueue(waiter);
            Drop(waiter.Holder);
            // Those behind a large waiter that gave up may fit now.
            AdmitWaiting();
        }

        waiter.Admitted.TrySetResult(null);
    }

    private void Release(Holder holder, long bytes)
    {
        lock (_lock)
        {
            _taken -= bytes;
            holder.Taken -= bytes;
            holder.AdmittedCount--;
            Drop(holder);
            AdmitWaiting();
        }
    }

    // In order of arrival. Whoever waits for bytes of the process holds up all behind him; whoever waits for bytes of his own
    // user holds up that user alone.
    private void AdmitWaiting()
    {
        _scan++;
        for (var node = _queue.First; node is not null;)
        {
            var (next, waiter) = (node.Next, node.Value);
            if (_taken + waiter.Bytes > bytesMax && waiter.Holder.HeldUpIn != _scan && IsWithinShare(waiter.Holder, waiter.Bytes))
                return;
            if (waiter.Holder.HeldUpIn == _scan || !IsWithin(waiter.Holder, waiter.Bytes))
            {
                waiter.Holder.HeldUpIn = _scan;
            }
            else
            {
                Unqueue(waiter);
                waiter.Admitted.TrySetResult(Admit(waiter.Holder, waiter.Bytes));
            }

            node = next;
        }
    }

    private bool IsWithin(Holder holder, long bytes) => _taken + bytes <= bytesMax && IsWithinShare(holder, bytes);

    private bool IsWithinShare(Holder holder, long bytes) => holder.AdmittedCount == 0 || holder.Taken + bytes <= _bytesMaxPerUser;

    private Admission Admit(Holder holder, long bytes)
    {
        _taken += bytes;
        holder.Taken += bytes;
        holder.AdmittedCount++;
        return new Admission(this, holder, bytes);
    }

    private void Unqueue(Waiter waiter)
    {
        _queue.Remove(waiter.Node!);
        waiter.Node = null;
        waiter.Holder.WaitingCount--;
    }

    private Holder HolderOf(string user)
    {
        if (!_holders.TryGetValue(user, out var holder))
            _holders.Add(user, holder = new Holder(user));
        return holder;
    }

    private void Drop(Holder holder)
    {
        if (holder is { AdmittedCount: 0, WaitingCount: 0 })
            _holders.Remove(holder.User);
    }

    /// <summary>What one user has and waits for.</summary>
    internal sealed class Holder(string user)
    {
        public string User { get; } = user;

        public long Taken { get; set; }

        public int AdmittedCount { get; set; }

        public int WaitingCount { get; set; }

        /// <summary>The last pass over the queue in which a waiter of this user had to stay.</summary>
        public long HeldUpIn { get; set; }
    }

    /// <summary>Bytes that one body may occupy; given back once.</summary>
    internal sealed class Admission(BytesInFlight owner, Holder holder, long bytes) : IDisposable
    {
        private BytesInFlight? _owner = owner;

        /// <summary>Gives the bytes back.</summary>
        public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Release(holder, bytes);
    }

    private sealed class Waiter(Holder holder, long bytes)
    {
        public Holder Holder { get; } = holder;

        public long Bytes { get; } = bytes;

        public LinkedListNode<Waiter>? Node { get; set; }

        // Continuations run elsewhere: TrySetResult is called under the lock.
        public TaskCompletionSource<Admission?> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
