using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using System.Runtime.InteropServices;
using Orleans.Calls;
using Orleans.Runtime;

namespace Orleans.Serialization.Wire;

/// <summary>The codecs of the types that are one value.</summary>
internal static class ScalarCodecs
{
    private const int DateTimeOffsetBytes = sizeof(long) + sizeof(short);
    private const int WideBytes = 16;

    private static readonly Dictionary<Type, object> Codecs = [];

    static ScalarCodecs()
    {
        AddNumbers();
        AddWideNumbers();
        AddTimes();
        AddNames();
        AddBytes();
        Add<Nothing>(static (ref w, id, _) => w.Null(id), static (ref r) => Skipped(ref r));
        // All that a token can tell a peer is whether it has been cancelled; a call's own token is no field at all.
        Add<CancellationToken>(
            static (ref w, id, v) => w.Unsigned(id, v.IsCancellationRequested ? 1u : 0),
            static (ref r) => new CancellationToken(r.Unsigned(1) != 0));
    }

    internal static IEnumerable<Type> Types => Codecs.Keys;

    /// <summary>The <see cref="ExactCodec{T}"/> of a type; null where it has none here.</summary>
    internal static object? Find(Type type) => Codecs.GetValueOrDefault(type);

    private static void Add<T>(FieldWriter<T> write, FieldReader<T> read) => Codecs.Add(typeof(T), new ExactCodec<T>(write, read));

    private static void AddNumbers()
    {
        Add<bool>(static (ref w, id, v) => w.Unsigned(id, v ? 1u : 0), static (ref r) => r.Unsigned(1) != 0);
        Add<char>(static (ref w, id, v) => w.Unsigned(id, v), static (ref r) => (char)r.Unsigned(char.MaxValue));
        Add<byte>(static (ref w, id, v) => w.Unsigned(id, v), static (ref r) => (byte)r.Unsigned(byte.MaxValue));
        Add<ushort>(static (ref w, id, v) => w.Unsigned(id, v), static (ref r) => (ushort)r.Unsigned(ushort.MaxValue));
        Add<uint>(static (ref w, id, v) => w.Unsigned(id, v), static (ref r) => (uint)r.Unsigned(uint.MaxValue));
        Add<ulong>(static (ref w, id, v) => w.Unsigned(id, v), static (ref r) => r.Unsigned(ulong.MaxValue));
        Add<nuint>(static (ref w, id, v) => w.Unsigned(id, v), static (ref r) => (nuint)r.Unsigned(nuint.MaxValue));
        Add<sbyte>(static (ref w, id, v) => w.Signed(id, v), static (ref r) => (sbyte)r.Signed(sbyte.MinValue, sbyte.MaxValue));
        Add<short>(static (ref w, id, v) => w.Signed(id, v), static (ref r) => (short)r.Signed(short.MinValue, short.MaxValue));
        Add<int>(static (ref w, id, v) => w.Signed(id, v), static (ref r) => (int)r.Signed(int.MinValue, int.MaxValue));
        Add<long>(static (ref w, id, v) => w.Signed(id, v), static (ref r) => r.Signed(long.MinValue, long.MaxValue));
        Add<nint>(static (ref w, id, v) => w.Signed(id, v), static (ref r) => (nint)r.Signed(nint.MinValue, nint.MaxValue));
        Add<Half>(
            static (ref w, id, v) => w.Unsigned(id, BitConverter.HalfToUInt16Bits(v)),
            static (ref r) => BitConverter.UInt16BitsToHalf((ushort)r.Unsigned(ushort.MaxValue)));
        Add<float>(
            static (ref w, id, v) => w.Fixed32(id, BitConverter.SingleToUInt32Bits(v)),
            static (ref r) => BitConverter.UInt32BitsToSingle(r.Fixed32()));
        Add<double>(
            static (ref w, id, v) => w.Fixed64(id, BitConverter.DoubleToUInt64Bits(v)),
            static (ref r) => BitConverter.UInt64BitsToDouble(r.Fixed64()));
    }

    private static void AddWideNumbers()
    {
        Add<Int128>(
            static (ref w, id, v) => BinaryPrimitives.WriteInt128LittleEndian(w.Reserve(id, WideBytes), v),
            static (ref r) => BinaryPrimitives.ReadInt128LittleEndian(r.Bytes(WideBytes)));
        Add<UInt128>(
            static (ref w, id, v) => BinaryPrimitives.WriteUInt128LittleEndian(w.Reserve(id, WideBytes), v),
            static (ref r) => BinaryPrimitives.ReadUInt128LittleEndian(r.Bytes(WideBytes)));
        Add<decimal>(
            static (ref w, id, v) => decimal.GetBits(v, MemoryMarshal.Cast<byte, int>(w.Reserve(id, WideBytes))),
            static (ref r) => new decimal(MemoryMarshal.Cast<byte, int>(r.Bytes(WideBytes))));
        Add<BigInteger>(static (ref w, id, v) => w.Bytes(id, v.ToByteArray()), static (ref r) => new BigInteger(r.Bytes()));
    }

    private static void AddTimes()
    {
        Add<DateTime>(static (ref w, id, v) => w.Fixed64(id, (ulong)v.ToBinary()), static (ref r) => DateTime.FromBinary((long)r.Fixed64()));
        Add<DateOnly>(static (ref w, id, v) => w.Unsigned(id, (uint)v.DayNumber), static (ref r) => DateOnly.FromDayNumber((int)r.Unsigned(int.MaxValue)));
        Add<TimeOnly>(static (ref w, id, v) => w.Unsigned(id, (ulong)v.Ticks), static (ref r) => new TimeOnly((long)r.Unsigned(long.MaxValue)));
        Add<TimeSpan>(static (ref w, id, v) => w.Signed(id, v.Ticks), static (ref r) => new TimeSpan(r.Signed(long.MinValue, long.MaxValue)));
        Add<DateTimeOffset>(
            static (ref w, id, v) =>
            {
                var bytes = w.Reserve(id, DateTimeOffsetBytes);
                BinaryPrimitives.WriteInt64LittleEndian(bytes, v.Ticks);
                BinaryPrimitives.WriteInt16LittleEndian(bytes[sizeof(long)..], (short)v.TotalOffsetMinutes);
            },
            static (ref r) =>
            {
                var bytes = r.Bytes(DateTimeOffsetBytes);
                return new DateTimeOffset(
                    BinaryPrimitives.ReadInt64LittleEndian(bytes), TimeSpan.FromMinutes(BinaryPrimitives.ReadInt16LittleEndian(bytes[sizeof(long)..])));
            });
    }

    private static void AddNames()
    {
        Add<string>(static (ref w, id, v) => w.Text(id, v), static (ref r) => r.Text());
        Add<Uri>(static (ref w, id, v) => w.Text(id, v.OriginalString), static (ref r) => new Uri(r.Text(), UriKind.RelativeOrAbsolute));
        Add<Version>(static (ref w, id, v) => w.Text(id, v.ToString()), static (ref r) => Version.Parse(r.Text()));
        Add<IPAddress>(static (ref w, id, v) => w.Text(id, v.ToString()), static (ref r) => IPAddress.Parse(r.Text()));
        Add<IPEndPoint>(static (ref w, id, v) => w.Text(id, v.ToString()), static (ref r) => IPEndPoint.Parse(r.Text()));
        Add<Guid>(static (ref w, id, v) => v.TryWriteBytes(w.Reserve(id, WideBytes)), static (ref r) => new Guid(r.Bytes(WideBytes)));
        Add<IdSpan>(static (ref w, id, v) => w.Bytes(id, v.AsSpan()), static (ref r) => Span(r.Bytes()));
        Add<GrainType>(static (ref w, id, v) => w.Bytes(id, v.Value.AsSpan()), static (ref r) => new GrainType(Span(r.Bytes())));
        Add<GrainId>(
            static (ref w, id, v) =>
            {
                var type = v.Type.Value.Value.Span;
                var key = v.Key.AsSpan();
                var bytes = w.Reserve(id, sizeof(int) + type.Length + key.Length);
                BinaryPrimitives.WriteInt32LittleEndian(bytes, type.Length);
                type.CopyTo(bytes[sizeof(int)..]);
                key.CopyTo(bytes[(sizeof(int) + type.Length)..]);
            },
            static (ref r) =>
            {
                var bytes = r.Bytes();
                var names = bytes[sizeof(int)..];
                var typeBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes);
                return new GrainId(new GrainType(Span(names[..typeBytes])), Span(names[typeBytes..]));
            });
    }

    private static void AddBytes()
    {
        Add<byte[]>(static (ref w, id, v) => w.Bytes(id, v), static (ref r) => r.Bytes().ToArray());
        Add<Memory<byte>>(static (ref w, id, v) => w.Bytes(id, v.Span), static (ref r) => r.Bytes().ToArray());
        Add<ReadOnlyMemory<byte>>(static (ref w, id, v) => w.Bytes(id, v.Span), static (ref r) => r.Slice());
        Add<ImmutableArray<byte>>(
            static (ref w, id, v) =>
            {
                if (v.IsDefault)
                    w.Null(id);
                else
                    w.Bytes(id, v.AsSpan());
            },
            static (ref r) => ImmutableCollectionsMarshal.AsImmutableArray(r.Bytes().ToArray()));
    }

    private static IdSpan Span(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? default : new IdSpan(bytes.ToArray());

    private static Nothing Skipped(ref WireReader reader)
    {
        reader.Skip();
        return default;
    }
}
