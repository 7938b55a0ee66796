using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using GrainVault.Data;
using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>
/// Challenges for those who say that they have a content that is here already, and what the right answer is. A challenge follows from the
/// session's id and a key of the installation, so that nothing is to be remembered: a session has one.
/// </summary>
internal sealed class PossessionProofs(InstallationStore installation, IObjectStore store)
{
    /// <summary>Most ranges that are asked for.</summary>
    private const int RangeCount = 4;

    /// <summary>Bytes of each range. A smaller content than all of them is asked for as a whole.</summary>
    private const int RangeSizeBytes = 16 << 10;

    private const int NonceSizeBytes = 16;

    /// <summary>False for a store that can't answer without reading everything.</summary>
    public bool CanAsk => store is IRangedReadStore;

    /// <summary>The challenge of a session for a content of that size.</summary>
    public async ValueTask<PossessionChallenge> AskAsync(string uploadId, long sizeBytes, CancellationToken cancellationToken)
    {
        var key = await installation.GetCursorKeyAsync(cancellationToken);
        var nonce = Convert.ToHexStringLower(Derive(key, "nonce", uploadId).AsSpan(0, NonceSizeBytes));
        if (sizeBytes <= RangeCount * RangeSizeBytes)
            return new PossessionChallenge(nonce, [new ContentRange(0, sizeBytes)]);
        // One range somewhere in each quarter.
        var numbers = Derive(key, "ranges", uploadId);
        var quarter = sizeBytes / RangeCount;
        return new PossessionChallenge(nonce, [.. Enumerable.Range(0, RangeCount).Select(index => new ContentRange(
            index * quarter + (long)(BinaryPrimitives.ReadUInt64BigEndian(numbers.AsSpan(index * sizeof(ulong))) % (ulong)(quarter - RangeSizeBytes + 1)),
            RangeSizeBytes))]);
    }

    /// <summary>The right answer to a challenge, from what the store has.</summary>
    /// <exception cref="ObjectStoreException">It can't be read.</exception>
    public Task<byte[]> AnswerAsync(PossessionChallenge challenge, string objectKey) =>
        // The thread pool, since the caller is a grain: its scheduler would otherwise run every step of the loop.
        Task.Run(async () =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(Encoding.ASCII.GetBytes(challenge.Nonce));
            var buffer = ArrayPool<byte>.Shared.Rent(RangeCount * RangeSizeBytes);
            try
            {
                foreach (var range in challenge.Ranges)
                {
                    await using var content = await ((IRangedReadStore)store).OpenReadAsync(objectKey, range.Offset, range.LengthBytes);
                    var bytes = buffer.AsMemory(0, (int)range.LengthBytes);
                    if (await content.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
                        throw new ObjectStoreException(ObjectStoreError.Unavailable, "The store ended a range early.");
                    hash.AppendData(bytes.Span);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            return hash.GetHashAndReset();
        });

    private static byte[] Derive(byte[] key, string what, string uploadId) =>
        HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"possession {what} {uploadId}"));
}
