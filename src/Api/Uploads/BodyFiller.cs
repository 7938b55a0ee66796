using System.Buffers;
using System.IO.Pipelines;

namespace GrainVault.Api.Uploads;

/// <summary>What came of filling a buffer.</summary>
/// <param name="Length">Bytes in the buffer.</param>
/// <param name="IsEnd">True when the body has ended.</param>
internal readonly record struct Filled(int Length, bool IsEnd);

/// <summary>Moves a request's body into a buffer and hashes it on the way.</summary>
internal static class BodyFiller
{
    // The server hands out segments of 4 KiB; hashing whole strides that are still in the processor's cache is cheaper.
    private const int HashStrideBytes = 128 << 10;

    /// <summary>Fills <paramref name="target"/> from the body until it is full or the body has ended.</summary>
    /// <exception cref="BadHttpRequestException">The connection was cut or the body is malformed.</exception>
    public static async ValueTask<Filled> FillAsync(
        PipeReader body, Memory<byte> target, Action<ReadOnlyMemory<byte>> hash, CancellationToken cancellationToken)
    {
        var (length, hashed) = (0, 0);
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            var taken = buffer.Slice(0, Math.Min(buffer.Length, target.Length - length));
            taken.CopyTo(target.Span[length..]);
            length += (int)taken.Length;
            var isEnd = read.IsCompleted && taken.Length == buffer.Length;
            // What is left over stays unexamined, so that the next read returns it at once.
            body.AdvanceTo(taken.End);
            var isDone = isEnd || (length == target.Length && taken.Length < buffer.Length);
            if (isDone || length - hashed >= HashStrideBytes)
            {
                hash(target[hashed..length]);
                hashed = length;
            }

            if (isDone)
                return new Filled(length, isEnd);
        }
    }
}
