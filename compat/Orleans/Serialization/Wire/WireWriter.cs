using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Orleans.Messaging;

namespace Orleans.Serialization.Wire;

/// <summary>Writes fields. When it throws, the bytes that it wrote so far are of no use.</summary>
/// <param name="output">Where the bytes go.</param>
/// <param name="blocks">Takes long memory that never changes as it is; null where it must be copied.</param>
internal ref struct WireWriter(IBufferWriter<byte> output, IBlockWriter? blocks = null)
{
    /// <summary>How deep objects may nest; a cycle ends here.</summary>
    internal const int DepthMax = 128;

    private const int VarintBytesMax = 10;
    private const int ChunkBytesMin = 256;
    private const uint EndOfObject = (uint)WireKind.End;
    private const uint EndOfLevel = (1u << 3) | (uint)WireKind.End;

    private Span<byte> _free;
    private int _used;
    private int _depth;

    /// <summary>Hands over what was written. Nothing arrives without it.</summary>
    internal void Flush()
    {
        if (_used > 0)
            output.Advance(_used);
        _free = default;
        _used = 0;
    }

    internal void Header(uint id, WireKind kind) => Varint(((ulong)id << 3) | (uint)kind);

    internal void Null(uint id) => Header(id, WireKind.Null);

    internal void Unsigned(uint id, ulong value)
    {
        Header(id, WireKind.Varint);
        Varint(value);
    }

    internal void Signed(uint id, long value) => Unsigned(id, (ulong)((value << 1) ^ (value >> 63)));

    internal void Fixed32(uint id, uint value)
    {
        Header(id, WireKind.Fixed32);
        BinaryPrimitives.WriteUInt32LittleEndian(Take(sizeof(uint)), value);
    }

    internal void Fixed64(uint id, ulong value)
    {
        Header(id, WireKind.Fixed64);
        BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);
    }

    internal void Text(uint id, string value)
    {
        var sizeBytes = Encoding.UTF8.GetByteCount(value);
        Encoding.UTF8.GetBytes(value, Reserve(id, sizeBytes));
    }

    internal void Bytes(uint id, ReadOnlySpan<byte> value)
    {
        Header(id, WireKind.Bytes);
        RawBytes(value);
    }

    /// <summary>A field of bytes that will not change before they are sent.</summary>
    internal void Block(uint id, ReadOnlyMemory<byte> value)
    {
        if (blocks is null || value.Length <= ChunkBytesMin)
        {
            Bytes(id, value.Span);
            return;
        }
        Header(id, WireKind.Bytes);
        Varint((uint)value.Length);
        Flush();
        blocks.WriteBlock(value);
    }

    /// <summary>A field of bytes that the caller fills in.</summary>
    internal Span<byte> Reserve(uint id, int sizeBytes)
    {
        Header(id, WireKind.Bytes);
        Varint((uint)sizeBytes);
        return Take(sizeBytes);
    }

    /// <summary>Says that the next field, which must have number 0, is a value of this type.</summary>
    internal void TypeOf(uint id, ReadOnlySpan<byte> name)
    {
        Header(id, WireKind.Typed);
        RawBytes(name);
    }

    internal void Begin(uint id)
    {
        if (++_depth > DepthMax)
            throw new SerializerException($"A value nests deeper than {DepthMax} objects, or contains itself.");
        Header(id, WireKind.Object);
    }

    internal void EndLevel() => Varint(EndOfLevel);

    internal void End()
    {
        _depth--;
        Varint(EndOfObject);
    }

    private void RawBytes(ReadOnlySpan<byte> value)
    {
        Varint((uint)value.Length);
        if (value.Length <= ChunkBytesMin)
        {
            value.CopyTo(Take(value.Length));
            return;
        }
        Flush();
        output.Write(value);
    }

    private void Varint(ulong value)
    {
        if (_free.Length - _used < VarintBytesMax)
            Grow(VarintBytesMax);
        while (value >= 0x80)
        {
            _free[_used++] = (byte)(value | 0x80);
            value >>= 7;
        }
        _free[_used++] = (byte)value;
    }

    private Span<byte> Take(int sizeBytes)
    {
        if (_free.Length - _used < sizeBytes)
            Grow(sizeBytes);
        var taken = _free.Slice(_used, sizeBytes);
        _used += sizeBytes;
        return taken;
    }

    private void Grow(int sizeBytes)
    {
        Flush();
        _free = output.GetSpan(Math.Max(sizeBytes, ChunkBytesMin));
    }
}
