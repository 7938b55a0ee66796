namespace GrainVault.Storage.Buffers;

/// <summary>
/// Buffers for parts, in classes of 64 KiB, 1 MiB and every multiple of 1 MiB up to 64 MiB, since parts are such
/// multiples: a pool that rounds up to powers of two would waste up to half of the largest memory that the process has.
/// </summary>
public sealed class PartBufferPool : IDisposable
{
    /// <summary>Largest buffer, in bytes: a proxied part is at most 64 MiB.</summary>
    public const int SizeBytesMax = 64 << 20;

    /// <summary>Size of the smallest class, in bytes.</summary>
    public const int SmallSizeBytes = 64 << 10;

    /// <summary>Distance of the other classes, in bytes.</summary>
    public const int StepSizeBytes = 1 << 20;

    private readonly Lock _gate = new();
    private readonly List<IdleBuffer>[] _idle;
    private readonly PartBufferOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _trimmer;
    private long _rentedSizeBytes;
    private long _idleSizeBytes;

    /// <summary>Creates an empty pool.</summary>
    public PartBufferPool(PartBufferOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _idle = new List<IdleBuffer>[ClassOf(SizeBytesMax) + 1];
        for (var i = 0; i < _idle.Length; i++)
            _idle[i] = [];
        _trimmer = time.CreateTimer(static state => ((PartBufferPool)state!).Trim(), this, options.IdleTimeout / 2, options.IdleTimeout / 2);
    }

    /// <summary>Bytes of all buffers that are rented now.</summary>
    public long RentedSizeBytes => Interlocked.Read(ref _rentedSizeBytes);

    /// <summary>Bytes of all buffers that wait for the next renter.</summary>
    public long IdleSizeBytes => Interlocked.Read(ref _idleSizeBytes);

    /// <summary>Rents a buffer, or gives null when <see cref="PartBufferOptions.RentedSizeBytesMax"/> is reached.</summary>
    /// <param name="sizeBytes">1 to <see cref="SizeBytesMax"/>.</param>
    public PartBuffer? TryRent(int sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sizeBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, SizeBytesMax);
        var index = ClassOf(sizeBytes);
        var classSizeBytes = ClassSizeBytes(index);
        byte[]? array = null;
        lock (_gate)
        {
            if (_rentedSizeBytes + classSizeBytes > _options.RentedSizeBytesMax)
                return null;
            _rentedSizeBytes += classSizeBytes;
            var idle = _idle[index];
            if (idle.Count > 0)
            {
                array = idle[^1].Array;
                idle.RemoveAt(idle.Count - 1);
                _idleSizeBytes -= classSizeBytes;
            }
        }

        return new PartBuffer(this, array ?? Allocate(classSizeBytes), sizeBytes);
    }

    /// <summary>Stops trimming; buffers that still come back are kept or left as before.</summary>
    public void Dispose() => _trimmer.Dispose();

    /// <summary>Takes a buffer back.</summary>
    internal void Return(byte[] array)
    {
        lock (_gate)
        {
            _rentedSizeBytes -= array.Length;
            if (_idleSizeBytes + array.Length > _options.IdleSizeBytesMax)
                return;
            _idleSizeBytes += array.Length;
            _idle[ClassOf(array.Length)].Add(new IdleBuffer(array, _time.GetTimestamp()));
        }
    }

    /// <summary>No longer counts a buffer that somebody may still read.</summary>
    internal void Forget(byte[] array)
    {
        lock (_gate)
            _rentedSizeBytes -= array.Length;
    }

    private static int ClassOf(int sizeBytes) => sizeBytes <= SmallSizeBytes ? 0 : (sizeBytes + StepSizeBytes - 1) / StepSizeBytes;

    private static int ClassSizeBytes(int index) => index == 0 ? SmallSizeBytes : index * StepSizeBytes;

    private byte[] Allocate(int sizeBytes)
    {
        try
        {
            return GC.AllocateUninitializedArray<byte>(sizeBytes);
        }
        catch (OutOfMemoryException)
        {
            lock (_gate)
                _rentedSizeBytes -= sizeBytes;
            throw;
        }
    }

    /// <summary>Each class is a stack, so what nobody needs sinks to its bottom and is found there.</summary>
    private void Trim()
    {
        lock (_gate)
        {
            for (var index = 0; index < _idle.Length; index++)
            {
                var idle = _idle[index];
                var count = 0;
                while (count < idle.Count && _time.GetElapsedTime(idle[count].Since) >= _options.IdleTimeout)
                    count++;
                idle.RemoveRange(0, count);
                _idleSizeBytes -= (long)count * ClassSizeBytes(index);
            }
        }
    }

    private readonly record struct IdleBuffer(byte[] Array, long Since);
}
