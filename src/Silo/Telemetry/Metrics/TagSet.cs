namespace GrainVault.Silo.Telemetry.Metrics;

/// <summary>The tags of a measurement in the order in which they came.</summary>
internal sealed record TagSet(KeyValuePair<string, object?>[] Tags);

/// <summary>Finds a set by the tags of a measurement, without making one first.</summary>
internal sealed class TagSetComparer : IEqualityComparer<TagSet>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, TagSet>
{
    /// <summary>The one instance.</summary>
    public static TagSetComparer Instance { get; } = new();

    public bool Equals(TagSet? x, TagSet? y) => ReferenceEquals(x, y) || (x is not null && y is not null && Equals(x.Tags, y));

    public int GetHashCode(TagSet obj) => GetHashCode(obj.Tags);

    public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, TagSet other)
    {
        var tags = other.Tags;
        if (tags.Length != alternate.Length)
            return false;
        for (var index = 0; index < tags.Length; index++)
        {
            if (!string.Equals(tags[index].Key, alternate[index].Key, StringComparison.Ordinal) || !Equals(tags[index].Value, alternate[index].Value))
                return false;
        }

        return true;
    }

    public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
    {
        // Names are the same in nearly all sets of one metric; the values tell them apart.
        var hash = default(HashCode);
        foreach (var (_, value) in alternate)
            hash.Add(value);
        return hash.ToHashCode();
    }

    public TagSet Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => new(alternate.ToArray());
}
