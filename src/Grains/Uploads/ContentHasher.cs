using System.Buffers;
using System.Security.Cryptography;
using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>
/// Reads contents back and hashes them in a bounded buffer, on the thread pool: hashing a terabyte must not take turns
/// from a grain. Those that somebody waits for run one per processor; the background pass runs one per process.
/// </summary>
internal sealed class ContentHasher(IObjectStore store) : IDisposable
{
    private const int BufferSizeBytes = 1 << 20;

    private readonly SemaphoreSlim _foreground = new(Environment.ProcessorCount, Environment.ProcessorCount);
    private readonly SemaphoreSlim _background = new(1, 1);

    /// <summary>The SHA-256 of an object that somebody waits for.</summary>
    /// <exception cref="ObjectStoreException">It can't be read to its end.</exception>
    public Task<byte[]> HashAsync(string key, long sizeBytes, CancellationToken cancellationToken = default) =>
        // The thread pool, since the caller is a grain: its scheduler would otherwise run every step of the loop.
        Task.Run(() => HashInTurnAsync(_foreground, key, sizeBytes, cancellationToken), cancellationToken);

    /// <summary>The SHA-256 of an object that nobody waits for.</summary>
    /// <exception cref="ObjectStoreException">It can't be read to its end.</exception>
    public Task<byte[]> HashInBackgroundAsync(string key, long sizeBytes, CancellationToken cancellationToken = default) =>
        Task.Run(() => HashInTurnAsync(_background, key, sizeBytes, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _foreground.Dispose();
        _background.Dispose();
    }

    private async Task<byte[]> HashInTurnAsync(SemaphoreSlim turns, string key, long sizeBytes, CancellationToken cancellationToken)
    {
        await turns.WaitAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSizeBytes);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var content = await store.OpenReadAsync(key, cancellationToken);
            var total = 0L;
            int count;
            while ((count = await content.ReadAsync(buffer.AsMemory(0, BufferSizeBytes), cancellationToken)) > 0)
            {
                hash.AppendData(buffer, 0, count);
                total += count;
            }

            if (total != sizeBytes)
                throw new ObjectStoreException(ObjectStoreError.Unavailable, $"The store gave {total} of {sizeBytes} bytes.");
            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            turns.Release();
        }
    }
}
