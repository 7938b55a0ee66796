using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Orleans.Messaging;

/// <summary>Takes messages out of a connection's bytes.</summary>
/// <param name="input">The bytes.</param>
/// <param name="budget">Room for large bodies.</param>
/// <param name="progressTimeout">How long a large body that was begun may bring nothing.</param>
/// <param name="time">The clock for that; null: the system's.</param>
internal sealed class FrameReader(PipeReader input, ReceiveBudget budget, TimeSpan progressTimeout, TimeProvider? time = null)
{
    /// <summary>Handles a message, at once: what is borrowed lasts only until this returns.</summary>
    internal delegate void Handler(in Frame frame);

    /// <summary>Reads one message of at most this size, header and body together; null when the peer leaves before it is complete.</summary>
    /// <exception cref="InvalidDataException">The bytes are no message, or it is larger.</exception>
    internal async Task<Frame?> ReadOneAsync(int sizeBytesMax, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            if (TryReadPrefix(buffer, out var frame, out var headerBytes, out var bodyBytes))
            {
                if (headerBytes + bodyBytes > sizeBytesMax)
                    throw new InvalidDataException("What the peer sent is too long for a first message.");
                if (TryReadSmall(ref buffer, ref frame, headerBytes, bodyBytes))
                {
                    frame = frame.Keep();
                    input.AdvanceTo(buffer.Start);
                    return frame;
                }
            }
            input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                return null;
        }
    }

    /// <summary>Reads until the peer leaves, or the connection is aborted. The token ends waiting for room only.</summary>
    /// <exception cref="InvalidDataException">The bytes are no message.</exception>
    internal async Task ReadAllAsync(Handler handler, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(CancellationToken.None);
            var buffer = read.Buffer;
            var isLarge = false;
            Frame frame;
            int headerBytes, bodyBytes;
            while (TryReadPrefix(buffer, out frame, out headerBytes, out bodyBytes))
            {
                isLarge = bodyBytes > MessageLimits.ChunkBytesMax;
                if (isLarge || !TryReadSmall(ref buffer, ref frame, headerBytes, bodyBytes))
                    break;
                handler(frame);
            }
            input.AdvanceTo(buffer.Start, isLarge ? buffer.Start : buffer.End);
            if (isLarge && await ReadLargeAsync(frame, headerBytes, bodyBytes, cancellationToken) is { } large)
                handler(large);
            if (read.IsCompleted && !isLarge)
                return;
        }
    }

    private static bool TryReadPrefix(in ReadOnlySequence<byte> buffer, out Frame frame, out int headerBytes, out int bodyBytes)
    {
        if (buffer.Length < Frame.PrefixBytes)
        {
            frame = default;
            headerBytes = bodyBytes = 0;
            return false;
        }
        if (buffer.FirstSpan.Length >= Frame.PrefixBytes)
        {
            frame = Frame.ReadPrefix(buffer.FirstSpan, out headerBytes, out bodyBytes);
            return true;
        }
        Span<byte> prefix = stackalloc byte[Frame.PrefixBytes];
        buffer.Slice(0, Frame.PrefixBytes).CopyTo(prefix);
        frame = Frame.ReadPrefix(prefix, out headerBytes, out bodyBytes);
        return true;
    }

    /// <summary>Takes a message that is there as a whole; borrows the memory where it is in one piece.</summary>
    private static bool TryReadSmall(ref ReadOnlySequence<byte> buffer, ref Frame frame, int headerBytes, int bodyBytes)
    {
        var sizeBytes = (long)Frame.PrefixBytes + headerBytes + bodyBytes;
        if (buffer.Length < sizeBytes)
            return false;
        var content = buffer.Slice(Frame.PrefixBytes, headerBytes + bodyBytes);
        buffer = buffer.Slice(sizeBytes);
        // Long values become slices of the message, which must then be the receiver's own.
        var isBorrowed = content.IsSingleSegment && headerBytes + bodyBytes < Serialization.Wire.WireReader.SliceBytesMin;
        var memory = isBorrowed ? content.First : content.ToArray();
        frame = frame with { Header = memory[..headerBytes], Body = memory[headerBytes..], IsBorrowed = isBorrowed };
        return true;
    }

    /// <summary>Reads a body in chunks into one array of its size; null when the sender gave it up.</summary>
    private async Task<Frame?> ReadLargeAsync(Frame frame, int headerBytes, int bodyBytes, CancellationToken cancellationToken)
    {
        await budget.WaitForRoomAsync((long)Frame.PrefixBytes + headerBytes + bodyBytes, cancellationToken);
        using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time ?? TimeProvider.System);
        await ReadExactlyAsync(new byte[Frame.PrefixBytes], patience);
        var header = new byte[headerBytes];
        await ReadExactlyAsync(header, patience);
        using var body = new ArrivingBody(bodyBytes);
        var length = new byte[Frame.ChunkPrefixBytes];
        while (body.LeftBytes > 0)
        {
            await ReadExactlyAsync(length, patience);
            var chunkBytes = BinaryPrimitives.ReadInt32LittleEndian(length);
            if (chunkBytes == 0)
                return null;
            if (chunkBytes < 0 || chunkBytes > Math.Min(MessageLimits.ChunkBytesMax, body.LeftBytes))
                throw new InvalidDataException($"The peer announced a chunk of {chunkBytes} bytes; {body.LeftBytes} are left.");
            await ReadExactlyAsync(body.Take(chunkBytes), patience);
        }
        return frame with { Header = header, Body = body.Finish() };
    }

    private async ValueTask ReadExactlyAsync(Memory<byte> target, CancellationTokenSource patience)
    {
        while (target.Length > 0)
        {
            var read = await ReadPatientlyAsync(patience);
            var taken = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, target.Length));
            taken.CopyTo(target.Span);
            target = target[(int)taken.Length..];
            input.AdvanceTo(taken.End);
            if (read.IsCompleted && target.Length > 0)
                throw new IOException("The connection ended within a message.");
        }
    }

    private async ValueTask<ReadResult> ReadPatientlyAsync(CancellationTokenSource patience)
    {
        var reading = input.ReadAsync(patience.Token);
        if (reading.IsCompleted)
            return await reading;
        patience.CancelAfter(progressTimeout);
        try
        {
            return await reading;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new InvalidDataException($"The peer sent nothing for {progressTimeout} within a message.");
        }
        finally
        {
            patience.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }
}
