using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>Takes memory that stays unchanged until the call has ended, so that it need not be copied.</summary>
internal interface IBlockWriter
{
    /// <summary>Writes the memory, perhaps only later.</summary>
    void WriteBlock(ReadOnlyMemory<byte> block);
}

/// <summary>
/// A message on its way out: small values in a pooled buffer of its own, large blocks where they are. Blocks belong to the
/// caller, whose call may end while they still wait: from then on, <see cref="Abandon"/>, not one byte of them is read.
/// </summary>
internal sealed class OutgoingFrame : IBufferWriter<byte>, IBlockWriter
{
    private const int InitialBytes = 256;

    private readonly Lock _gate = new();
    private readonly FrameKind _kind;
    private readonly byte _forwardCount;
    private readonly long _viewVersion;
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private int _used = Frame.PrefixBytes;
    private int _headerBytes;
    private long _blockBytes;
    private List<(int Position, ReadOnlyMemory<byte> Block)>? _blocks;
    private bool _isAbandoned;

    internal OutgoingFrame(FrameKind kind, long viewVersion = -1, byte forwardCount = 0)
    {
        _kind = kind;
        _viewVersion = viewVersion;
        _forwardCount = forwardCount;
    }

    internal long BodyBytes => _used - Frame.PrefixBytes - _headerBytes + _blockBytes;

    internal long SizeBytes => _used + _blockBytes;

    /// <summary>Whether the message is too long to be copied in one piece.</summary>
    internal bool IsChunked => BodyBytes > MessageLimits.ChunkBytesMax;

    public void Advance(int count) => _used += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _buffer.AsMemory(_used);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _buffer.AsSpan(_used);
    }

    public void WriteBlock(ReadOnlyMemory<byte> block)
    {
        if (block.Length <= MessageLimits.ChunkBytesMax)
        {
            this.Write(block.Span);
            return;
        }
        (_blocks ??= []).Add((_used, block));
        _blockBytes += block.Length;
    }

    /// <summary>What was written so far is the header; the body begins.</summary>
    /// <exception cref="OrleansException">It is too long.</exception>
    internal void EndHeader()
    {
        _headerBytes = _used - Frame.PrefixBytes;
        if (_headerBytes > MessageLimits.HeaderBytesMax)
            throw new OrleansException($"A call's header has {_headerBytes} bytes; at most {MessageLimits.HeaderBytesMax} are allowed. The request context is too large.");
    }

    /// <summary>The message is complete.</summary>
    /// <exception cref="OrleansException">It is too long.</exception>
    internal void EndBody()
    {
        if (BodyBytes > MessageLimits.BodyBytesMax)
            throw new OrleansException($"A message has {BodyBytes} bytes; at most {MessageLimits.BodyBytesMax} are allowed.");
    }

    /// <summary>Gives the message its number; called before it is queued.</summary>
    internal void SetId(long id) =>
        Frame.WritePrefix(_buffer, _kind, _forwardCount, id, _viewVersion, _headerBytes, (int)BodyBytes);

    /// <summary>Copies a message that is not chunked, and frees it.</summary>
    internal void CopyTo(PipeWriter output)
    {
        output.Write(_buffer.AsSpan(0, _used));
        Free();
    }

    /// <summary>Sends a chunked message, and frees it.</summary>
    internal async ValueTask SendAsync(PipeWriter output)
    {
        try
        {
            if (!TryWriteHead(output))
                return;
            var position = Frame.PrefixBytes + _headerBytes;
            foreach (var (blockPosition, block) in _blocks ?? [])
            {
                if (!await TrySendAsync(output, _buffer.AsMemory(position..blockPosition))
                    || !await TrySendAsync(output, block))
                {
                    return;
                }
                position = blockPosition;
            }
            await TrySendAsync(output, _buffer.AsMemory(position.._used));
        }
        finally
        {
            Free();
        }
    }

    /// <summary>The caller's memory may change from here on.</summary>
    internal void Abandon()
    {
        lock (_gate)
            _isAbandoned = true;
    }

    /// <summary>Gives the buffer back. Called once, by whoever has the message last.</summary>
    internal void Free()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private bool TryWriteHead(PipeWriter output)
    {
        lock (_gate)
        {
            if (_isAbandoned)
                return false;
            output.Write(_buffer.AsSpan(0, Frame.PrefixBytes + _headerBytes));
            return true;
        }
    }

    private async ValueTask<bool> TrySendAsync(PipeWriter output, ReadOnlyMemory<byte> piece)
    {
        while (piece.Length > 0)
        {
            var chunkBytes = Math.Min(piece.Length, MessageLimits.ChunkBytesMax - Frame.ChunkPrefixBytes);
            var isSent = TryWriteChunk(output, piece.Span[..chunkBytes]);
            if ((await output.FlushAsync()).IsCompleted)
                throw new IOException("The peer has closed the connection.");
            if (!isSent)
                return false;
            piece = piece[chunkBytes..];
        }
        return true;
    }

    /// <summary>Copies under the lock, so that <see cref="Abandon"/> returns only when no copy is in progress.</summary>
    private bool TryWriteChunk(PipeWriter output, ReadOnlySpan<byte> chunk)
    {
        lock (_gate)
        {
            var lengthBytes = _isAbandoned ? 0 : chunk.Length;
            var span = output.GetSpan(Frame.ChunkPrefixBytes + lengthBytes);
            BinaryPrimitives.WriteInt32LittleEndian(span, lengthBytes);
            if (!_isAbandoned)
                chunk.CopyTo(span[Frame.ChunkPrefixBytes..]);
            output.Advance(Frame.ChunkPrefixBytes + lengthBytes);
            return !_isAbandoned;
        }
    }

    private void Grow(int sizeHint)
    {
        var needed = Math.Max(sizeHint, 16);
        if (_buffer!.Length - _used >= needed)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _used + needed));
        _buffer.AsSpan(0, _used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
