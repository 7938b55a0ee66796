using System.Collections.Concurrent;

namespace Orleans.Messaging;

/// <summary>Finds what a few bytes of a message stand for, without making a text or an array of them for each message.</summary>
/// <typeparam name="T">What is found.</typeparam>
/// <param name="countMax">The most entries; more are worked out each time.</param>
internal sealed class SpanCache<T>(int countMax)
{
    private readonly ConcurrentDictionary<byte[], T> _entries = new(ByteComparer.Instance);

    internal T GetOrAdd(ReadOnlySpan<byte> key, Func<byte[], T> create)
    {
        if (_entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var found))
            return found;
        var bytes = key.ToArray();
        var created = create(bytes);
        if (_entries.Count < countMax)
            _entries.TryAdd(bytes, created);
        return created;
    }

    private sealed class ByteComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        internal static readonly ByteComparer Instance = new();

        public bool Equals(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

        public int GetHashCode(byte[] key) => GetHashCode(key.AsSpan());

        public bool Equals(ReadOnlySpan<byte> left, byte[] right) => left.SequenceEqual(right);

        public int GetHashCode(ReadOnlySpan<byte> key)
        {
            var hash = default(HashCode);
            hash.AddBytes(key);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> key) => key.ToArray();
    }
}
