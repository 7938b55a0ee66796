using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace GrainVault.Api.Hosting;

/// <summary>
/// Memory that the server reads sockets into, in blocks of 32 KiB. The server's own pool has blocks of 4 KiB, so that 1 GiB of
/// upload costs 262,144 reads of the socket, and as many turns of the pipe.
/// </summary>
internal sealed class TransportPoolFactory : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new TransportPool();
}

/// <summary>A pool of pinned blocks of one size. Idle blocks beyond <see cref="IdleCountMax"/> are left to the garbage collector.</summary>
internal sealed class TransportPool : MemoryPool<byte>
{
    /// <summary>Size of a block in bytes.</summary>
    public const int BlockSizeBytes = 32 << 10;

    /// <summary>Most idle blocks: 8 MiB.</summary>
    public const int IdleCountMax = 256;

    private readonly ConcurrentQueue<Block> _idle = new();
    private int _idleCount;

    /// <inheritdoc/>
    public override int MaxBufferSize => BlockSizeBytes;

    /// <summary>Idle blocks now.</summary>
    public int IdleCount => Volatile.Read(ref _idleCount);

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSizeBytes);
        if (!_idle.TryDequeue(out var block))
            return new Block(this);
        Interlocked.Decrement(ref _idleCount);
        return block;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _idle.Clear();

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _idleCount) <= IdleCountMax)
            _idle.Enqueue(block);
        else
            Interlocked.Decrement(ref _idleCount);
    }

    private sealed class Block(TransportPool pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(BlockSizeBytes, pinned: true);

        public void Dispose() => pool.Return(this);
    }
}
