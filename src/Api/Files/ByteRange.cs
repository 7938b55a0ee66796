namespace GrainVault.Api.Files;

/// <summary>A range of bytes that lies inside the content.</summary>
/// <param name="Offset">Position of the first byte, from 0.</param>
/// <param name="Length">Number of bytes, 1 or more.</param>
internal readonly record struct ByteRange(long Offset, long Length)
{
    /// <summary>Position after the last byte.</summary>
    public long End => Offset + Length;

    /// <summary>The value of <c>Content-Range</c> (RFC 9110, section 14.4).</summary>
    public string ToContentRange(long contentSize) => $"bytes {Offset}-{End - 1}/{contentSize}";
}

/// <summary>What a <c>Range</c> header asks for.</summary>
internal enum RangeDecision
{
    /// <summary>No range, an unknown unit or a malformed one: the whole content is the answer (RFC 9110, section 14.2).</summary>
    Whole,

    /// <summary>One or more ranges.</summary>
    Partial,

    /// <summary>No range lies inside the content: 416.</summary>
    Unsatisfiable,
}
