using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Orleans.Serialization;

/// <summary>Copies of containers; found by name by <see cref="CopierFactory"/>.</summary>
internal static class ContainerCopiers
{
    internal static T[] CopyArray<T>(T[] source)
    {
        if (source.Length == 0)
            return source;
        var copy = (T[])source.Clone();
        if (!Shareable.AlwaysIs(typeof(T)))
        {
            for (var index = 0; index < copy.Length; index++)
                copy[index] = Copier<T>.Copy(copy[index]);
        }
        return copy;
    }

    internal static List<T> CopyList<T>(List<T> source)
    {
        var copy = new List<T>(source);
        if (!Shareable.AlwaysIs(typeof(T)))
        {
            foreach (ref var item in CollectionsMarshal.AsSpan(copy))
                item = Copier<T>.Copy(item);
        }
        return copy;
    }

    internal static HashSet<T> CopySet<T>(HashSet<T> source)
    {
        if (Shareable.AlwaysIs(typeof(T)))
            return new HashSet<T>(source, source.Comparer);
        var copy = new HashSet<T>(source.Count, source.Comparer);
        foreach (var item in source)
            copy.Add(Copier<T>.Copy(item));
        return copy;
    }

    internal static Dictionary<TKey, TValue> CopyDictionary<TKey, TValue>(Dictionary<TKey, TValue> source)
        where TKey : notnull
    {
        if (Shareable.AlwaysIs(typeof(TKey)) && Shareable.AlwaysIs(typeof(TValue)))
            return new Dictionary<TKey, TValue>(source, source.Comparer);
        var copy = new Dictionary<TKey, TValue>(source.Count, source.Comparer);
        foreach (var (key, value) in source)
            copy.Add(Copier<TKey>.Copy(key), Copier<TValue>.Copy(value));
        return copy;
    }

    internal static ImmutableArray<T> CopyImmutableArray<T>(ImmutableArray<T> source)
    {
        if (source.IsDefaultOrEmpty)
            return source;
        var copy = new T[source.Length];
        for (var index = 0; index < copy.Length; index++)
            copy[index] = Copier<T>.Copy(source[index]);
        return ImmutableCollectionsMarshal.AsImmutableArray(copy);
    }

    internal static ReadOnlyMemory<T> CopyReadOnlyMemory<T>(ReadOnlyMemory<T> source) => CopyArray(source.ToArray());

    internal static Memory<T> CopyMemory<T>(Memory<T> source) => CopyArray(source.ToArray());

    internal static ImmutableList<T> CopyImmutableList<T>(ImmutableList<T> source) => [.. source.Select(Copier<T>.Copy)];

    internal static ImmutableHashSet<T> CopyImmutableSet<T>(ImmutableHashSet<T> source) =>
        ImmutableHashSet.CreateRange(source.KeyComparer, source.Select(Copier<T>.Copy));

    internal static ImmutableSortedSet<T> CopyImmutableSortedSet<T>(ImmutableSortedSet<T> source) =>
        ImmutableSortedSet.CreateRange(source.KeyComparer, source.Select(Copier<T>.Copy));

    internal static ImmutableDictionary<TKey, TValue> CopyImmutableDictionary<TKey, TValue>(ImmutableDictionary<TKey, TValue> source)
        where TKey : notnull => ImmutableDictionary.CreateRange(source.KeyComparer, source.Select(Copier<KeyValuePair<TKey, TValue>>.Copy));

    internal static ImmutableSortedDictionary<TKey, TValue> CopyImmutableSortedDictionary<TKey, TValue>(ImmutableSortedDictionary<TKey, TValue> source)
        where TKey : notnull => ImmutableSortedDictionary.CreateRange(source.KeyComparer, source.Select(Copier<KeyValuePair<TKey, TValue>>.Copy));
}
