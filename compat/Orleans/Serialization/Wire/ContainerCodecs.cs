using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Orleans.Serialization.Wire;

/// <summary>Codecs of what holds values of another type; found by name by <see cref="CodecFactory"/>.</summary>
internal static class ContainerCodecs
{
    private const uint CountId = 0;
    private const uint ItemId = 1;
    private const uint ComparerId = 2;

    /// <summary>A count is a peer's claim; beyond this, room is made only for items that really come.</summary>
    private const int InitialCapacityMax = 64;

    internal static ExactCodec<T?> OfNullable<T>()
        where T : struct
    {
        var codec = FieldCodec<T>.Exact;
        return new ExactCodec<T?>((ref w, id, v) => codec.Write(ref w, id, v.GetValueOrDefault()), (ref r) => codec.Read(ref r));
    }

    internal static ExactCodec<TEnum> OfEnum<TEnum, TNumber>()
        where TEnum : unmanaged
        where TNumber : unmanaged
    {
        var codec = FieldCodec<TNumber>.Exact;
        return new ExactCodec<TEnum>(
            (ref w, id, v) => codec.Write(ref w, id, Unsafe.BitCast<TEnum, TNumber>(v)),
            (ref r) => Unsafe.BitCast<TNumber, TEnum>(codec.Read(ref r)));
    }

    internal static ExactCodec<T[]> OfArray<T>() => new(
        static (ref w, id, v) => WriteItems<T>(ref w, id, v), static (ref r) => ReadItems<T>(ref r, out _));

    internal static ExactCodec<Memory<T>> OfMemory<T>() => new(
        static (ref w, id, v) => WriteItems<T>(ref w, id, v.Span), static (ref r) => ReadItems<T>(ref r, out _));

    internal static ExactCodec<ReadOnlyMemory<T>> OfReadOnlyMemory<T>() => new(
        static (ref w, id, v) => WriteItems(ref w, id, v.Span), static (ref r) => ReadItems<T>(ref r, out _));

    internal static ExactCodec<List<T>> OfList<T>() => new(
        static (ref w, id, v) => WriteItems<T>(ref w, id, CollectionsMarshal.AsSpan(v)),
        static (ref r) => [.. ReadItems<T>(ref r, out _)]);

    internal static ExactCodec<ImmutableArray<T>> OfImmutableArray<T>() => new(
        static (ref w, id, v) =>
        {
            if (v.IsDefault)
                w.Null(id);
            else
                WriteItems(ref w, id, v.AsSpan());
        },
        static (ref r) => ImmutableCollectionsMarshal.AsImmutableArray(ReadItems<T>(ref r, out _)));

    internal static ExactCodec<ImmutableList<T>> OfImmutableList<T>() => Of<ImmutableList<T>, T>(
        static _ => ComparerCode.Default, static (items, _) => [.. items]);

    internal static ExactCodec<HashSet<T>> OfSet<T>() => Of<HashSet<T>, T>(
        static set => ComparerCodes.Of(set.Comparer), static (items, code) => new HashSet<T>(items, ComparerCodes.Equality<T>(code)));

    internal static ExactCodec<Dictionary<TKey, TValue>> OfDictionary<TKey, TValue>()
        where TKey : notnull => Of<Dictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(
            static map => ComparerCodes.Of(map.Comparer),
            static (items, code) => new Dictionary<TKey, TValue>(items, ComparerCodes.Equality<TKey>(code)));

    internal static ExactCodec<ImmutableHashSet<T>> OfImmutableSet<T>() => Of<ImmutableHashSet<T>, T>(
        static set => ComparerCodes.Of(set.KeyComparer), static (items, code) => ImmutableHashSet.CreateRange(ComparerCodes.Equality<T>(code), items));

    internal static ExactCodec<ImmutableSortedSet<T>> OfImmutableSortedSet<T>() => Of<ImmutableSortedSet<T>, T>(
        static set => ComparerCodes.Of(set.KeyComparer), static (items, code) => ImmutableSortedSet.CreateRange(ComparerCodes.Order<T>(code), items));

    internal static ExactCodec<ImmutableDictionary<TKey, TValue>> OfImmutableDictionary<TKey, TValue>()
        where TKey : notnull => Of<ImmutableDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(
            static map => ComparerCodes.Of(map.KeyComparer),
            static (items, code) => ImmutableDictionary.CreateRange(ComparerCodes.Equality<TKey>(code), items));

    internal static ExactCodec<ImmutableSortedDictionary<TKey, TValue>> OfImmutableSortedDictionary<TKey, TValue>()
        where TKey : notnull => Of<ImmutableSortedDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>(
            static map => ComparerCodes.Of(map.KeyComparer),
            static (items, code) => ImmutableSortedDictionary.CreateRange(ComparerCodes.Order<TKey>(code), items));

    private static ExactCodec<TCollection> Of<TCollection, T>(
        Func<TCollection, ComparerCode> comparerOf, Func<T[], ComparerCode, TCollection> build)
        where TCollection : IReadOnlyCollection<T> => new(
            (ref w, id, v) =>
            {
                w.Begin(id);
                w.Unsigned(CountId, (uint)v.Count);
                if (comparerOf(v) is var code and not ComparerCode.Default)
                    w.Unsigned(ComparerId, (uint)code);
                foreach (var item in v)
                    FieldCodec<T>.Write(ref w, ItemId, item);
                w.End();
            },
            (ref r) =>
            {
                var items = ReadItems<T>(ref r, out var code);
                return build(items, code);
            });

    private static void WriteItems<T>(ref WireWriter writer, uint id, ReadOnlySpan<T> items)
    {
        writer.Begin(id);
        writer.Unsigned(CountId, (uint)items.Length);
        foreach (var item in items)
            FieldCodec<T>.Write(ref writer, ItemId, item);
        writer.End();
    }

    private static T[] ReadItems<T>(ref WireReader reader, out ComparerCode comparer)
    {
        T[] items = [];
        var count = 0;
        comparer = ComparerCode.Default;
        reader.EnterObject();
        while (reader.NextField())
        {
            switch (reader.Id)
            {
                case CountId when items.Length == 0:
                    items = new T[Math.Min((int)reader.Unsigned((ulong)reader.LeftBytes), InitialCapacityMax)];
                    break;
                case ItemId:
                    if (count == items.Length)
                        Array.Resize(ref items, Math.Max(InitialCapacityMax, 2 * count));
                    items[count++] = FieldCodec<T>.Read(ref reader);
                    break;
                case ComparerId:
                    comparer = (ComparerCode)reader.Unsigned((ulong)ComparerCode.OrdinalIgnoreCase);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        reader.LeaveObject();
        if (count != items.Length)
            Array.Resize(ref items, count);
        return items;
    }
}
