using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace GrainVault.Silo.Cluster;

/// <summary>What both the first and the second message say: who speaks, when, and a number used once.</summary>
/// <param name="Kind">Role of the speaker (first message) or verdict (second).</param>
/// <param name="Clock">Time of the speaker, in whole milliseconds.</param>
/// <param name="Nonce">32 random bytes.</param>
/// <param name="ClusterId">Cluster of the speaker.</param>
internal sealed record HandshakeStatement(byte Kind, DateTimeOffset Clock, byte[] Nonce, string ClusterId)
{
    /// <summary>Size of a nonce in bytes.</summary>
    public const int NonceSizeBytes = 32;

    private const int FixedSizeBytes = 1 + sizeof(long) + NonceSizeBytes + 1;

    /// <summary>A statement with a fresh nonce.</summary>
    public static HandshakeStatement Now(byte kind, DateTimeOffset now, string clusterId) =>
        new(kind, now, RandomNumberGenerator.GetBytes(NonceSizeBytes), clusterId);

    /// <summary>The bytes that are signed and sent.</summary>
    public byte[] Encode()
    {
        var id = Encoding.UTF8.GetBytes(ClusterId);
        var bytes = new byte[FixedSizeBytes + id.Length];
        bytes[0] = Kind;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), Clock.ToUnixTimeMilliseconds());
        Nonce.CopyTo(bytes, 1 + sizeof(long));
        bytes[FixedSizeBytes - 1] = checked((byte)id.Length);
        id.CopyTo(bytes, FixedSizeBytes);
        return bytes;
    }

    /// <summary>Reads a statement from the start of a body and says how long it is; null when it is none.</summary>
    public static HandshakeStatement? Decode(ReadOnlySpan<byte> body, out int sizeBytes)
    {
        sizeBytes = 0;
        if (body.Length < FixedSizeBytes)
            return null;
        var clock = BinaryPrimitives.ReadInt64BigEndian(body[1..]);
        var idSize = body[FixedSizeBytes - 1];
        if (body.Length < FixedSizeBytes + idSize || clock < 0 || clock > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
            return null;
        sizeBytes = FixedSizeBytes + idSize;
        return new HandshakeStatement(
            body[0],
            DateTimeOffset.FromUnixTimeMilliseconds(clock),
            body.Slice(1 + sizeof(long), NonceSizeBytes).ToArray(),
            Encoding.UTF8.GetString(body.Slice(FixedSizeBytes, idSize)));
    }
}

/// <summary>
/// The three messages and what each of them proves. Every proof covers a name of its own and all that was said before it, so
/// that none can stand in for another, and none of one connection for one of another.
/// </summary>
internal static class HandshakeMessages
{
    /// <summary>First message: the one who connects proves that it holds a secret, once for each that it holds.</summary>
    public static readonly byte[] HelloMark = "GVc1"u8.ToArray();

    /// <summary>Second message: the listener proves that it holds the same one, and says what it thinks of the other.</summary>
    public static readonly byte[] AnswerMark = "GVc2"u8.ToArray();

    /// <summary>Third message: the one who connects proves that it is here now, and that the first message was no copy.</summary>
    public static readonly byte[] ConfirmMark = "GVc3"u8.ToArray();

    /// <summary>What the proofs of the first message cover.</summary>
    public static byte[] HelloText(ReadOnlySpan<byte> statement) => [.. "GrainVault hello 1\n"u8, .. statement];

    /// <summary>What the proof of the second message covers.</summary>
    public static byte[] AnswerText(byte[] hello, ReadOnlySpan<byte> statement) => [.. "GrainVault answer 1\n"u8, .. SHA256.HashData(hello), .. statement];

    /// <summary>What the proof of the third message covers.</summary>
    public static byte[] ConfirmText(byte[] hello, byte[] answer) => [.. "GrainVault confirm 1\n"u8, .. SHA256.HashData(hello), .. SHA256.HashData(answer)];
}
