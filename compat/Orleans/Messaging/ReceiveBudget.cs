namespace Orleans.Messaging;

/// <summary>
/// Bounds the bytes of calls that were received on one connection and have no outcome. Past it small calls are refused, and no
/// large body is read, so that the sender's own queue fills.
/// </summary>
internal sealed class ReceiveBudget(long bytesMax)
{
    private readonly Lock _gate = new();
    private long _usedBytes;
    private TaskCompletionSource? _waiter;

    internal long UsedBytes
    {
        get
        {
            lock (_gate)
                return _usedBytes;
        }
    }

    internal void Take(long sizeBytes)
    {
        lock (_gate)
            _usedBytes += sizeBytes;
    }

    internal void Release(long sizeBytes)
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            _usedBytes -= sizeBytes;
            waiter = _waiter;
            _waiter = null;
        }
        waiter?.SetResult();
    }

    /// <summary>Whether this many more bytes fit. One message always fits.</summary>
    internal bool HasRoom(long sizeBytes)
    {
        lock (_gate)
            return Fits(sizeBytes);
    }

    /// <summary>Waits until this many more bytes fit. One reader at a time.</summary>
    internal async ValueTask WaitForRoomAsync(long sizeBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                if (Fits(sizeBytes))
                    return;
                _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _waiter.Task;
            }
            await room.WaitAsync(cancellationToken);
        }
    }

    private bool Fits(long sizeBytes) => _usedBytes == 0 || _usedBytes + sizeBytes <= bytesMax;
}
