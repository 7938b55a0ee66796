namespace GrainVault.Api.Uploads;

/// <summary>
/// Admission of uploads: a semaphore on the bytes that bodies occupy in this process, taken before a body is read. Waiters are
/// served in order of arrival, so that a large part is not starved by small ones; their number and their wait are bounded. One
/// user holds and queues a share at most, so that slow clients of one starve nobody else. A body may count for several holders:
/// then each of them must have room for it.
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

    /// <summary>Users, and others that bodies count for, who hold or wait for bytes now.</summary>
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
    public ValueTask<Admission?> TakeAsync(long bytes, string user, CancellationToken cancellationToken) =>
        TakeAsync(bytes, [new BodyHolder(user, 1)], cancellationToken);

    /// <summary>The same for a body that counts for several.</summary>
    /// <param name="bytes">0 up to the limit of the process.</param>
    /// <param name="holders">Whose body it is; each once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Admission?> TakeAsync(long bytes, BodyHolder[] holders, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, bytesMax);
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (_lock)
        {
            var those = Find(holders);
            if (_queue.Count == 0 && IsWithin(those, bytes))
                return new ValueTask<Admission?>(Admit(those, bytes));

            if (_queue.Count >= queueMax || Array.Exists(those, static holder => holder.WaitingCount >= holder.QueueMax))
            {
                Drop(those);
                Interlocked.Increment(ref _refusedCount);
                return new ValueTask<Admission?>((Admission?)null);
            }

            waiter = new Waiter(those, bytes);
            waiter.Node = _queue.AddLast(waiter);
            foreach (var holder in those)
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
            Drop(waiter.Holders);
            // Those behind a large waiter that gave up may fit now.
            AdmitWaiting();
        }

        waiter.Admitted.TrySetResult(null);
    }

    private void Release(Holder[] holders, long bytes)
    {
        lock (_lock)
        {
            _taken -= bytes;
            foreach (var holder in holders)
            {
                holder.Taken -= bytes;
                holder.AdmittedCount--;
            }

            Drop(holders);
            AdmitWaiting();
        }
    }

    // In order of arrival. Whoever waits for bytes of the process holds up all behind him; whoever waits for bytes of a holder
    // holds up that holder alone.
    private void AdmitWaiting()
    {
        _scan++;
        for (var node = _queue.First; node is not null;)
        {
            var (next, waiter) = (node.Next, node.Value);
            if (!HoldsUp(waiter))
            {
                if (_taken + waiter.Bytes > bytesMax)
                    return;
                Unqueue(waiter);
                waiter.Admitted.TrySetResult(Admit(waiter.Holders, waiter.Bytes));
            }

            node = next;
        }
    }

    /// <summary>True when a holder of the waiter has no room, now or for one who came before; those behind wait for him, too.</summary>
    private bool HoldsUp(Waiter waiter)
    {
        var isHeldUp = false;
        foreach (var holder in waiter.Holders)
        {
            if (holder.HeldUpIn != _scan && IsWithinShare(holder, waiter.Bytes))
                continue;
            holder.HeldUpIn = _scan;
            isHeldUp = true;
        }

        return isHeldUp;
    }

    private bool IsWithin(Holder[] holders, long bytes)
    {
        foreach (var holder in holders)
        {
            if (!IsWithinShare(holder, bytes))
                return false;
        }

        return _taken + bytes <= bytesMax;
    }

    private static bool IsWithinShare(Holder holder, long bytes) => holder.AdmittedCount == 0 || holder.Taken + bytes <= holder.BytesMax;

    private Admission Admit(Holder[] holders, long bytes)
    {
        _taken += bytes;
        foreach (var holder in holders)
        {
            holder.Taken += bytes;
            holder.AdmittedCount++;
        }

        return new Admission(this, holders, bytes);
    }

    private void Unqueue(Waiter waiter)
    {
        _queue.Remove(waiter.Node!);
        waiter.Node = null;
        foreach (var holder in waiter.Holders)
            holder.WaitingCount--;
    }

    private Holder[] Find(BodyHolder[] wanted)
    {
        var holders = new Holder[wanted.Length];
        for (var i = 0; i < wanted.Length; i++)
        {
            var (name, share) = wanted[i];
            if (!_holders.TryGetValue(name, out var holder))
                _holders.Add(name, holder = new Holder(name, (long)(_bytesMaxPerUser * share), (int)Math.Ceiling(_queueMaxPerUser * share)));
            holders[i] = holder;
        }

        return holders;
    }

    private void Drop(Holder[] holders)
    {
        foreach (var holder in holders)
        {
            if (holder is { AdmittedCount: 0, WaitingCount: 0 })
                _holders.Remove(holder.Name);
        }
    }

    /// <summary>What one user, or another that bodies count for, has and waits for.</summary>
    internal sealed class Holder(string name, long bytesMax, int queueMax)
    {
        public string Name { get; } = name;

        /// <summary>Most bytes that it has at once, but for one body whatever its size.</summary>
        public long BytesMax { get; } = bytesMax;

        /// <summary>Most waiters.</summary>
        public int QueueMax { get; } = queueMax;

        public long Taken { get; set; }

        public int AdmittedCount { get; set; }

        public int WaitingCount { get; set; }

        /// <summary>The last pass over the queue in which a waiter of this user had to stay.</summary>
        public long HeldUpIn { get; set; }
    }

    /// <summary>Bytes that one body may occupy; given back once.</summary>
    internal sealed class Admission(BytesInFlight owner, Holder[] holders, long bytes) : IDisposable
    {
        private BytesInFlight? _owner = owner;

        /// <summary>Gives the bytes back.</summary>
        public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Release(holders, bytes);
    }

    private sealed class Waiter(Holder[] holders, long bytes)
    {
        public Holder[] Holders { get; } = holders;

        public long Bytes { get; } = bytes;

        public LinkedListNode<Waiter>? Node { get; set; }

        // Continuations run elsewhere: TrySetResult is called under the lock.
        public TaskCompletionSource<Admission?> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
