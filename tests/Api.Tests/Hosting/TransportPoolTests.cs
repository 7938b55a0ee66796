using System.Buffers;
using GrainVault.Api.Hosting;

namespace GrainVault.Api.Tests.Hosting;

public sealed class TransportPoolTests
{
    [Fact]
    public void Returned_block_is_rented_again()
    {
        using var pool = new TransportPool();
        var first = pool.Rent(100);
        Assert.Equal(TransportPool.BlockSizeBytes, first.Memory.Length);
        using var second = pool.Rent();
        Assert.NotSame(first, second);
        first.Dispose();
        Assert.Equal(1, pool.IdleCount);
        using var again = pool.Rent(TransportPool.BlockSizeBytes);
        Assert.Same(first, again);
        Assert.Equal(0, pool.IdleCount);
    }

    [Fact]
    public void Idle_memory_is_bounded()
    {
        using var pool = new TransportPool();
        var blocks = new List<IMemoryOwner<byte>>();
        for (var i = 0; i < TransportPool.IdleCountMax + 10; i++)
            blocks.Add(pool.Rent());
        blocks.ForEach(block => block.Dispose());
        Assert.Equal(TransportPool.IdleCountMax, pool.IdleCount);
    }

    [Fact]
    public void Larger_memory_than_a_block_comes_from_elsewhere()
    {
        using var pool = new TransportPool();
        Assert.Equal(TransportPool.BlockSizeBytes, pool.MaxBufferSize);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(TransportPool.BlockSizeBytes + 1));
    }
}
