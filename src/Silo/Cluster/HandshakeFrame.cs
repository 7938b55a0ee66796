using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace GrainVault.Silo.Cluster;

/// <summary>
/// The envelope of a handshake message: four bytes that name it, two with the length of its body (big endian), the body.
/// Reads not one byte more than the message, since what follows belongs to the runtime.
/// </summary>
internal static class HandshakeFrame
{
    /// <summary>Most bytes of a body.</summary>
    public const int BodySizeBytesMax = 1_024;

    private const int MarkSizeBytes = 4;
    private const int HeaderSizeBytes = MarkSizeBytes + sizeof(ushort);

    /// <summary>Sends a message.</summary>
    public static async ValueTask WriteAsync(PipeWriter output, ReadOnlyMemory<byte> mark, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var memory = output.GetMemory(HeaderSizeBytes + body.Length);
        mark.CopyTo(memory);
        BinaryPrimitives.WriteUInt16BigEndian(memory.Span[MarkSizeBytes..], checked((ushort)body.Length));
        body.CopyTo(memory[HeaderSizeBytes..]);
        output.Advance(HeaderSizeBytes + body.Length);
        await output.FlushAsync(cancellationToken);
    }

    /// <summary>Receives the body of the message named <paramref name="mark"/>.</summary>
    /// <returns>The body, or why there is none: <see cref="HandshakeVerdict.Garbage"/> or <see cref="HandshakeVerdict.Closed"/>.</returns>
    public static async ValueTask<(byte[]? Body, HandshakeVerdict Verdict)> ReadAsync(PipeReader input, ReadOnlyMemory<byte> mark, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            if (!TryParse(buffer, mark.Span, out var body, out var isGarbage))
            {
                input.AdvanceTo(buffer.Start, buffer.End);
                if (isGarbage)
                    return (null, HandshakeVerdict.Garbage);
                if (read.IsCompleted)
                    return (null, buffer.IsEmpty ? HandshakeVerdict.Closed : HandshakeVerdict.Garbage);
                continue;
            }

            input.AdvanceTo(buffer.GetPosition(HeaderSizeBytes + body!.Length));
            return (body, HandshakeVerdict.Welcome);
        }
    }

    private static bool TryParse(ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> mark, out byte[]? body, out bool isGarbage)
    {
        body = null;
        Span<byte> header = stackalloc byte[HeaderSizeBytes];
        var here = (int)Math.Min(buffer.Length, HeaderSizeBytes);
        buffer.Slice(0, here).CopyTo(header);
        // What starts differently will not become a handshake by waiting for more of it.
        var marked = Math.Min(here, MarkSizeBytes);
        isGarbage = !header[..marked].SequenceEqual(mark[..marked]);
        if (isGarbage || here < HeaderSizeBytes)
            return false;
        var size = BinaryPrimitives.ReadUInt16BigEndian(header[MarkSizeBytes..]);
        isGarbage = size > BodySizeBytesMax;
        if (isGarbage || buffer.Length < HeaderSizeBytes + size)
            return false;
        body = buffer.Slice(HeaderSizeBytes, size).ToArray();
        return true;
    }
}
