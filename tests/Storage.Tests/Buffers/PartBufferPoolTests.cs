using System.Runtime.InteropServices;
using GrainVault.Storage.Buffers;
using GrainVault.TestKit;

namespace GrainVault.Storage.Tests.Buffers;

public sealed class PartBufferPoolTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly ManualTime _time = new();
    private readonly PartBufferOptions _options = new() { RentedSizeBytesMax = 32 * MiB, IdleSizeBytesMax = 16 * MiB, IdleTimeout = TimeSpan.FromSeconds(30) };
    private readonly PartBufferPool _pool;

    public PartBufferPoolTests() => _pool = new PartBufferPool(_options, _time);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(1, 64 << 10)]
    [InlineData(64 << 10, 64 << 10)]
    [InlineData((64 << 10) + 1, MiB)]
    [InlineData(MiB, MiB)]
    [InlineData(MiB + 1, 2 * MiB)]
    [InlineData(5 * MiB, 5 * MiB)]
    [InlineData(8 * MiB, 8 * MiB)]
    public void Buffer_is_as_long_as_asked_for_and_counts_as_its_class(int sizeBytes, int classSizeBytes)
    {
        using var buffer = _pool.TryRent(sizeBytes)!;
        Assert.Equal(sizeBytes, buffer.Memory.Length);
        Assert.Equal(classSizeBytes, ArrayOf(buffer).Length);
        Assert.Equal(classSizeBytes, _pool.RentedSizeBytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(PartBufferPool.SizeBytesMax + 1)]
    public void Size_out_of_range_is_refused(int sizeBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _pool.TryRent(sizeBytes));

    [Fact]
    public void Returned_buffer_is_rented_again()
    {
        var first = _pool.TryRent(8 * MiB)!;
        var array = ArrayOf(first);
        first.Dispose();
        Assert.Equal((0, 8 * MiB), (_pool.RentedSizeBytes, _pool.IdleSizeBytes));
        using var second = _pool.TryRent((7 * MiB) + 1)!;
        Assert.Same(array, ArrayOf(second));
        Assert.Equal((8 * MiB, 0), (_pool.RentedSizeBytes, _pool.IdleSizeBytes));
    }

    [Fact]
    public void Abandoned_buffer_is_never_rented_again()
    {
        var first = _pool.TryRent(8 * MiB)!;
        var array = ArrayOf(first);
        first.Abandon();
        first.Dispose();
        first.Abandon();
        Assert.Equal((0, 0), (_pool.RentedSizeBytes, _pool.IdleSizeBytes));
        using var second = _pool.TryRent(8 * MiB)!;
        Assert.NotSame(array, ArrayOf(second));
    }

    [Fact]
    public void Buffer_returned_twice_throws_and_is_handed_out_once()
    {
        var first = _pool.TryRent(MiB)!;
        first.Dispose();
        Assert.Throws<InvalidOperationException>(first.Dispose);
        Assert.Throws<InvalidOperationException>(first.Abandon);
        Assert.Throws<InvalidOperationException>(() => first.Memory);
        using var second = _pool.TryRent(MiB)!;
        using var third = _pool.TryRent(MiB)!;
        Assert.NotSame(ArrayOf(second), ArrayOf(third));
        Assert.Throws<InvalidOperationException>(first.Dispose);
    }

    [Fact]
    public void Renting_past_the_bound_gives_null_until_something_comes_back()
    {
        var buffers = Enumerable.Range(0, 4).Select(_ => _pool.TryRent(8 * MiB)!).ToList();
        Assert.Null(_pool.TryRent(1));
        buffers[0].Dispose();
        Assert.NotNull(_pool.TryRent(1));
        Assert.Null(_pool.TryRent(8 * MiB));
        buffers[1].Abandon();
        Assert.NotNull(_pool.TryRent(8 * MiB));
    }

    [Fact]
    public void Idle_buffers_past_their_bound_are_left_to_the_collector()
    {
        var buffers = Enumerable.Range(0, 4).Select(_ => _pool.TryRent(8 * MiB)!).ToList();
        buffers.ForEach(buffer => buffer.Dispose());
        Assert.Equal((0, 16 * MiB), (_pool.RentedSizeBytes, _pool.IdleSizeBytes));
    }

    [Fact]
    public void Buffers_idle_for_too_long_are_let_go_and_fresh_ones_stay()
    {
        var (old, fresh) = (_pool.TryRent(8 * MiB)!, _pool.TryRent(8 * MiB)!);
        old.Dispose();
        _time.Advance(TimeSpan.FromSeconds(20));
        fresh.Dispose();
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(16 * MiB, _pool.IdleSizeBytes);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(8 * MiB, _pool.IdleSizeBytes);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(0, _pool.IdleSizeBytes);
    }

    [Fact]
    public async Task No_two_renters_ever_hold_the_same_buffer()
    {
        var held = new System.Collections.Concurrent.ConcurrentDictionary<byte[], int>(EqualityComparer<byte[]>.Default);
        await Parallel.ForEachAsync(Enumerable.Range(0, 20_000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, (i, token) =>
        {
            if (_pool.TryRent(((i % 3) + 1) * MiB) is not { } buffer)
                return ValueTask.CompletedTask;
            var array = ArrayOf(buffer);
            Assert.True(held.TryAdd(array, i));
            Assert.True(held.TryRemove(array, out int _));
            if (i % 100 == 0)
                buffer.Abandon();
            buffer.Dispose();
            return ValueTask.CompletedTask;
        });
        Assert.Equal(0, _pool.RentedSizeBytes);
    }

    private static byte[] ArrayOf(PartBuffer buffer)
    {
        Assert.True(MemoryMarshal.TryGetArray<byte>(buffer.Memory, out var segment));
        return segment.Array!;
    }
}
