using System.Buffers.Binary;

namespace Orleans.Messaging;

/// <summary>What a message says.</summary>
internal enum FrameKind : byte
{
    /// <summary>Who the sender is; the first message of either side.</summary>
    Hello = 1,

    /// <summary>A call; its header names grain and method, its body has the arguments.</summary>
    Call = 2,

    /// <summary>A call's or probe's result.</summary>
    Result = 3,

    /// <summary>A call's or probe's failure.</summary>
    Failure = 4,

    /// <summary>Nobody waits for the call with this id any more.</summary>
    Cancel = 5,

    /// <summary>Asks for a sign of life.</summary>
    Probe = 6,

    /// <summary>Asks to probe the silo that the body names.</summary>
    ProbeThrough = 7,

    /// <summary>The membership table has reached the version in the prefix.</summary>
    Changed = 8,

    /// <summary>The sender stops soon: no more calls to it, please.</summary>
    Leaving = 9,
}

/// <summary>
/// One message: a prefix of fixed size, a header, a body. Whoever passes a call on changes only the prefix. A body over
/// <see cref="MessageLimits.ChunkBytesMax"/> travels in chunks, each after its length; a length of 0 says that the sender gave the
/// message up.
/// </summary>
internal readonly struct Frame
{
    internal const int PrefixBytes = 28;
    internal const int ChunkPrefixBytes = sizeof(int);
    private const ushort Mark = 0x4f47;

    internal required FrameKind Kind { get; init; }

    /// <summary>How many silos have passed the call on.</summary>
    internal byte ForwardCount { get; init; }

    /// <summary>Made up by who asks, repeated by who answers; unique among the connection's open questions.</summary>
    internal long Id { get; init; }

    /// <summary>The version of the cluster that the sender knows; -1 where it knows none.</summary>
    internal long ViewVersion { get; init; }

    internal ReadOnlyMemory<byte> Header { get; init; }

    internal ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Whether header and body lie in memory that is used again as soon as the message was handled.</summary>
    internal bool IsBorrowed { get; init; }

    internal int SizeBytes => PrefixBytes + Header.Length + Body.Length;

    /// <summary>The message with memory of its own.</summary>
    internal Frame Keep()
    {
        if (!IsBorrowed)
            return this;
        var copy = new byte[Header.Length + Body.Length];
        Header.CopyTo(copy);
        Body.CopyTo(copy.AsMemory(Header.Length));
        return this with { Header = copy.AsMemory(0, Header.Length), Body = copy.AsMemory(Header.Length), IsBorrowed = false };
    }

    internal static void WritePrefix(Span<byte> prefix, FrameKind kind, byte forwardCount, long id, long viewVersion, int headerBytes, int bodyBytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(prefix, headerBytes);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[4..], bodyBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(prefix[8..], Mark);
        prefix[10] = (byte)kind;
        prefix[11] = forwardCount;
        BinaryPrimitives.WriteInt64LittleEndian(prefix[12..], id);
        BinaryPrimitives.WriteInt64LittleEndian(prefix[20..], viewVersion);
    }

    /// <summary>Reads a prefix.</summary>
    /// <exception cref="InvalidDataException">It is none, or announces more than a message may have.</exception>
    internal static Frame ReadPrefix(ReadOnlySpan<byte> prefix, out int headerBytes, out int bodyBytes)
    {
        headerBytes = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        bodyBytes = BinaryPrimitives.ReadInt32LittleEndian(prefix[4..]);
        var kind = (FrameKind)prefix[10];
        if (BinaryPrimitives.ReadUInt16LittleEndian(prefix[8..]) != Mark || kind is < FrameKind.Hello or > FrameKind.Leaving)
            throw new InvalidDataException("What the peer sent is no message.");
        if (headerBytes is < 0 or > MessageLimits.HeaderBytesMax)
            throw new InvalidDataException($"The peer announced a header of {headerBytes} bytes; at most {MessageLimits.HeaderBytesMax} are allowed.");
        if (bodyBytes is < 0 or > MessageLimits.BodyBytesMax)
            throw new InvalidDataException($"The peer announced a body of {bodyBytes} bytes; at most {MessageLimits.BodyBytesMax} are allowed.");
        return new Frame
        {
            Kind = kind,
            ForwardCount = prefix[11],
            Id = BinaryPrimitives.ReadInt64LittleEndian(prefix[12..]),
            ViewVersion = BinaryPrimitives.ReadInt64LittleEndian(prefix[20..]),
        };
    }
}
