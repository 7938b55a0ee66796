using System.Buffers;
using System.Security.Cryptography;
using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>
/// Reads contents back and hashes them, one at a time per process in a bounded buffer, on the thread pool: hashing a
/// terabyte must not take turns from a grain.
/// </summary>
internal sealed class ContentHasher(IObjectStore store) : IDisposable
{
    private const int BufferSizeBytes = 1 << 20;

    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>The SHA-256 of an object.</summary>
    /// <exception cref="ObjectStoreException">It can't be read to its end.</exception>
    public Task<byte[]> HashAsync(string key, long sizeBytes, CancellationToken cancellationToken = default) =>
        // The thread pool, since the caller is a grain: its scheduler would otherwise run every step of the loop.
        Task.Run(() => HashInTurnAsync(key, sizeBytes, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<byte[]> HashInTurnAsync(string key, long sizeBytes, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
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
            _one.Release();
        }
    }
}
