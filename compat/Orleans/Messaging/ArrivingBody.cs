using System.Buffers;

namespace Orleans.Messaging;

/// <summary>
/// Memory for a large body that grows with what has arrived: an announcement alone makes no more than the first step. What a step
/// grows out of is pooled, so that an honest body costs one array of its size and one copy of a small part of it.
/// </summary>
/// <param name="sizeBytes">The announced size.</param>
internal sealed class ArrivingBody(int sizeBytes) : IDisposable
{
    /// <summary>The first step, in bytes.</summary>
    internal const int FirstStepBytes = 1 << 20;

    /// <summary>How much larger each next step is.</summary>
    private const int StepFactor = 16;

    private byte[] _bytes = Allocate(Math.Min(sizeBytes, FirstStepBytes), sizeBytes);
    private bool _isPooled = sizeBytes > FirstStepBytes;
    private int _arrivedBytes;

    /// <summary>How many bytes are missing.</summary>
    internal int LeftBytes => sizeBytes - _arrivedBytes;

    /// <summary>How much memory it has now, in bytes.</summary>
    internal int AllocatedBytes => _bytes.Length;

    /// <summary>Room for the next bytes, which then count as arrived.</summary>
    internal Memory<byte> Take(int count)
    {
        while (_bytes.Length < _arrivedBytes + count)
            Grow();
        _arrivedBytes += count;
        return _bytes.AsMemory(_arrivedBytes - count, count);
    }

    /// <summary>The body, once it has arrived; it is the caller's from then on.</summary>
    internal byte[] Finish()
    {
        var bytes = _bytes;
        (_bytes, _isPooled) = ([], false);
        return bytes;
    }

    public void Dispose() => Free();

    private void Grow()
    {
        var stepBytes = (int)Math.Min(sizeBytes, (long)_bytes.Length * StepFactor);
        var larger = Allocate(stepBytes, sizeBytes);
        _bytes.AsSpan(0, _arrivedBytes).CopyTo(larger);
        Free();
        (_bytes, _isPooled) = (larger, stepBytes < sizeBytes);
    }

    private void Free()
    {
        if (_isPooled)
            ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _isPooled) = ([], false);
    }

    private static byte[] Allocate(int stepBytes, int sizeBytes) =>
        stepBytes < sizeBytes ? ArrayPool<byte>.Shared.Rent(stepBytes) : GC.AllocateUninitializedArray<byte>(sizeBytes);
}
