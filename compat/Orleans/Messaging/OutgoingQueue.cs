using System.IO.Pipelines;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>
/// What waits to be sent on one connection, bounded in messages and bytes. Whatever is queued while the last batch is on its way
/// is the next batch: many small messages cost one write to the socket.
/// </summary>
/// <param name="countMax">The most messages that wait.</param>
/// <param name="bytesMax">The most bytes that wait; one message may always.</param>
/// <param name="onFailure">Called when the connection takes no more.</param>
internal sealed class OutgoingQueue(int countMax, long bytesMax, Action<Exception> onFailure) : IThreadPoolWorkItem
{
    /// <summary>A batch is sent when it has this many bytes.</summary>
    private const int BatchBytesMax = 64 << 10;

    private readonly Lock _gate = new();
    private readonly Queue<OutgoingFrame> _waiting = new();
    private PipeWriter? _output;
    private long _waitingBytes;
    private bool _isWriting;
    private bool _isClosed;

    /// <summary>Whether nothing waits or is being sent.</summary>
    internal bool IsEmpty
    {
        get
        {
            lock (_gate)
                return _waiting.Count == 0 && !_isWriting;
        }
    }

    /// <summary>Queues a message. False, and the message is freed, when it is one too many or the connection is closed.</summary>
    internal bool TryAdd(OutgoingFrame frame)
    {
        var sizeBytes = frame.SizeBytes;
        lock (_gate)
        {
            if (_isClosed || IsFull(sizeBytes))
            {
                frame.Free();
                return false;
            }
            _waiting.Enqueue(frame);
            _waitingBytes += sizeBytes;
            RuntimeMeter.Queued(1, sizeBytes);
            if (_isWriting || _output is null)
                return true;
            _isWriting = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    /// <summary>The connection is there: sends what waits already, and all that follows.</summary>
    internal void Open(PipeWriter output)
    {
        lock (_gate)
        {
            _output = output;
            if (_isClosed || _isWriting || _waiting.Count == 0)
                return;
            _isWriting = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    internal void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            RuntimeMeter.Queued(-_waiting.Count, -_waitingBytes);
            while (_waiting.TryDequeue(out var frame))
                frame.Free();
            _waitingBytes = 0;
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = SendAllAsync(_output!);

    private async Task SendAllAsync(PipeWriter output)
    {
        try
        {
            do
            {
                long batchBytes = 0;
                while (TryTake(out var frame))
                {
                    if (frame.IsChunked)
                    {
                        await frame.SendAsync(output);
                        continue;
                    }
                    batchBytes += frame.SizeBytes;
                    frame.CopyTo(output);
                    if (batchBytes < BatchBytesMax)
                        continue;
                    await FlushAsync(output);
                    batchBytes = 0;
                }
                await FlushAsync(output);
            }
            while (!TryRest());
        }
        catch (Exception failure)
        {
            onFailure(failure);
        }
    }

    private async ValueTask FlushAsync(PipeWriter output)
    {
        if ((await output.FlushAsync()).IsCompleted)
            throw new IOException("The peer has closed the connection.");
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out OutgoingFrame? frame)
    {
        lock (_gate)
        {
            if (!_waiting.TryDequeue(out frame))
                return false;
            _waitingBytes -= frame.SizeBytes;
            RuntimeMeter.Queued(-1, -frame.SizeBytes);
            return true;
        }
    }

    private bool TryRest()
    {
        lock (_gate)
        {
            if (_waiting.Count > 0)
                return false;
            _isWriting = false;
            return true;
        }
    }

    private bool IsFull(long sizeBytes) =>
        _waiting.Count >= countMax || (_waiting.Count > 0 && _waitingBytes + sizeBytes > bytesMax);
}
