namespace GrainVault.Storage.Buffers;

/// <summary>
/// One rented buffer. It ends in exactly one of two ways: <see cref="Dispose"/> gives it back once nobody reads it any
/// more, <see cref="Abandon"/> leaves it to the garbage collector when somebody still may.
/// </summary>
/// <remarks>
/// A buffer goes back only when the store call that reads it has ended well. After a timeout, a cancellation or any
/// other failure of that call a connection may still be sending it; given to the next renter then, one user's bytes
/// could reach another's file. So: <c>using var buffer = ...; try { ... } catch { buffer.Abandon(); throw; }</c>.
/// </remarks>
public sealed class PartBuffer : IDisposable
{
    private const int Rented = 0;
    private const int Returned = 1;
    private const int Abandoned = 2;

    private readonly PartBufferPool _pool;
    private readonly byte[] _array;
    private readonly int _sizeBytes;
    private int _state;

    internal PartBuffer(PartBufferPool pool, byte[] array, int sizeBytes) => (_pool, _array, _sizeBytes) = (pool, array, sizeBytes);

    /// <summary>The buffer, exactly as long as it was asked for. What stands in it before it is filled is undefined.</summary>
    public Memory<byte> Memory
    {
        get
        {
            Invariant.That(Volatile.Read(ref _state) == Rented, "a buffer is used only while it is rented");
            return _array.AsMemory(0, _sizeBytes);
        }
    }

    /// <summary>Leaves the buffer to the garbage collector; a later <see cref="Dispose"/> does nothing.</summary>
    public void Abandon()
    {
        var before = Interlocked.CompareExchange(ref _state, Abandoned, Rented);
        Invariant.That(before != Returned, "a buffer that went back is not abandoned");
        if (before == Rented)
            _pool.Forget(_array);
    }

    /// <summary>Gives the buffer back, unless it was abandoned. Twice is a bug that could mix two users' bytes, so it throws.</summary>
    public void Dispose()
    {
        var before = Interlocked.CompareExchange(ref _state, Returned, Rented);
        Invariant.That(before != Returned, "a buffer goes back once");
        if (before == Rented)
            _pool.Return(_array);
    }
}
