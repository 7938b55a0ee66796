using System.Buffers.Binary;
using System.Text;
using Orleans.Calls;

namespace Orleans.Serialization.Wire;

/// <summary>
/// Reads fields of bytes that anyone may have made: every length is compared with what is left, and nesting is bounded.
/// </summary>
/// <param name="source">The bytes. Long <see cref="ReadOnlyMemory{T}"/> values become slices of them, so they must not be used again
/// when they have <see cref="SliceBytesMin"/> or more.</param>
/// <param name="references">Makes the grain references among the values; null where there can be none.</param>
internal ref struct WireReader(ReadOnlyMemory<byte> source, ReferenceFactory? references)
{
    /// <summary>Shorter values are copied, so that they don't keep the whole message alive, and short messages can be pooled.</summary>
    internal const int SliceBytesMin = 4096;

    private const int TypeNameBytesMax = 1024;

    private readonly ReadOnlySpan<byte> _span = source.Span;
    private int _position;
    private int _depth;

    /// <summary>The number of the field that comes next.</summary>
    internal uint Id { get; private set; }

    /// <summary>The kind of the field that comes next.</summary>
    internal WireKind Kind { get; private set; }

    /// <summary>Whether the last end was that of an object and not of one of its levels.</summary>
    internal bool IsAtEnd { get; private set; }

    internal readonly ReferenceFactory References => references ?? throw Broken("a grain reference, where there can be none");

    /// <summary>The number of bytes not yet read: no collection has more items than that.</summary>
    internal readonly int LeftBytes => _span.Length - _position;

    internal static SerializerException Broken(string what) => new($"The message is broken: {what}.");

    /// <summary>Reads a header. False at the end of a level or of the object.</summary>
    internal bool NextField()
    {
        var header = Varint();
        if (header >> 3 > uint.MaxValue)
            throw Broken("field number too large");
        Id = (uint)(header >> 3);
        Kind = (WireKind)(header & 7);
        if (Kind != WireKind.End)
            return true;
        if (Id > 1)
            throw Broken("unknown end");
        IsAtEnd = Id == 0;
        if (IsAtEnd)
            _depth--;
        return false;
    }

    internal void EnterObject()
    {
        Expect(WireKind.Object);
        if (++_depth > WireWriter.DepthMax)
            throw Broken("nested too deep");
    }

    /// <summary>Skips the levels of an object that this process does not know.</summary>
    internal void LeaveObject()
    {
        while (!IsAtEnd)
            SkipLevel();
    }

    internal void SkipLevel()
    {
        while (NextField())
            Skip();
    }

    /// <summary>Skips the field whose header was read.</summary>
    internal void Skip()
    {
        switch (Kind)
        {
            case WireKind.Varint:
                Varint();
                break;
            case WireKind.Fixed32:
                Take(sizeof(uint));
                break;
            case WireKind.Fixed64:
                Take(sizeof(ulong));
                break;
            case WireKind.Bytes:
                Take(Length());
                break;
            case WireKind.Object:
                EnterObject();
                do
                    SkipLevel();
                while (!IsAtEnd);
                break;
            case WireKind.Typed:
                TypeName();
                Skip();
                break;
            case WireKind.Null:
            default:
                break;
        }
    }

    internal ulong Unsigned(ulong max)
    {
        Expect(WireKind.Varint);
        var value = Varint();
        return value <= max ? value : throw Broken("number out of range");
    }

    internal long Signed(long min, long max)
    {
        var coded = Unsigned(ulong.MaxValue);
        var value = (long)(coded >> 1) ^ -(long)(coded & 1);
        return value >= min && value <= max ? value : throw Broken("number out of range");
    }

    internal uint Fixed32()
    {
        Expect(WireKind.Fixed32);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));
    }

    internal ulong Fixed64()
    {
        Expect(WireKind.Fixed64);
        return BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
    }

    internal string Text() => Encoding.UTF8.GetString(Bytes());

    internal ReadOnlySpan<byte> Bytes()
    {
        Expect(WireKind.Bytes);
        return Take(Length());
    }

    internal ReadOnlySpan<byte> Bytes(int sizeBytes)
    {
        var bytes = Bytes();
        return bytes.Length == sizeBytes ? bytes : throw Broken("value of another size");
    }

    /// <summary>A slice of the message itself, or a copy where it is short.</summary>
    internal ReadOnlyMemory<byte> Slice()
    {
        var bytes = Bytes();
        return bytes.Length < SliceBytesMin ? bytes.ToArray() : source.Slice(_position - bytes.Length, bytes.Length);
    }

    /// <summary>Reads a type's name and the header of the value.</summary>
    internal ReadOnlySpan<byte> TypeName()
    {
        Expect(WireKind.Typed);
        var name = Take(Length());
        if (name.Length > TypeNameBytesMax)
            throw Broken("a type's name is too long");
        if (!NextField() || Kind == WireKind.Typed)
            throw Broken("a type's name without a value");
        return name;
    }

    internal readonly void ExpectEndOfMessage()
    {
        if (LeftBytes != 0)
            throw Broken("bytes after its end");
    }

    private readonly void Expect(WireKind kind)
    {
        if (Kind != kind)
            throw Broken($"{Kind} where {kind} belongs");
    }

    private int Length()
    {
        var length = Varint();
        return length <= (ulong)LeftBytes ? (int)length : throw Broken("longer than what is there");
    }

    private ReadOnlySpan<byte> Take(int sizeBytes)
    {
        if (sizeBytes > LeftBytes)
            throw Broken("ends too early");
        var taken = _span.Slice(_position, sizeBytes);
        _position += sizeBytes;
        return taken;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_position >= _span.Length)
                throw Broken("ends too early");
            var part = _span[_position++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
                return shift < 63 || part <= 1 ? value : throw Broken("number too long");
        }
        throw Broken("number too long");
    }
}
