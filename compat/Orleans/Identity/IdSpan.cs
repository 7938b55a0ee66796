using System.Text;

namespace Orleans.Runtime;

/// <summary>The bytes of an identifier, with their hash worked out once.</summary>
public readonly struct IdSpan : IEquatable<IdSpan>, IComparable<IdSpan>
{
    private readonly byte[]? _value;
    private readonly int _hash;

    /// <summary>Takes over the bytes; they must not change afterwards.</summary>
    /// <param name="value">The identifier.</param>
    public IdSpan(byte[] value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _value = value;
        _hash = (int)StableHash.Compute(value);
    }

    /// <summary>The identifier's bytes.</summary>
    public ReadOnlyMemory<byte> Value => _value;

    /// <summary>Whether this is the default value, which identifies nothing.</summary>
    public bool IsDefault => _value is null or { Length: 0 };

    /// <summary>Makes an identifier of a text's UTF-8 bytes.</summary>
    /// <param name="id">The text.</param>
    /// <returns>The identifier.</returns>
    public static IdSpan Create(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return new IdSpan(Encoding.UTF8.GetBytes(id));
    }

    /// <summary>The identifier's bytes.</summary>
    /// <returns>A view of the bytes.</returns>
    public ReadOnlySpan<byte> AsSpan() => _value;

    /// <summary>A hash that is equal in every process.</summary>
    /// <returns>The hash.</returns>
    public uint GetUniformHashCode() => (uint)_hash;

    /// <inheritdoc/>
    public bool Equals(IdSpan other) =>
        _hash == other._hash && (ReferenceEquals(_value, other._value) || AsSpan().SequenceEqual(other.AsSpan()));

    /// <inheritdoc/>
    public int CompareTo(IdSpan other) => AsSpan().SequenceCompareTo(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IdSpan other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(AsSpan());

    /// <summary>Whether two identifiers have the same bytes.</summary>
    public static bool operator ==(IdSpan left, IdSpan right) => left.Equals(right);

    /// <summary>Whether two identifiers differ.</summary>
    public static bool operator !=(IdSpan left, IdSpan right) => !left.Equals(right);
}
