using System.Buffers;

namespace GrainVault.Storage;

/// <summary>What every provider asks of callers that want a URL signed; anything else is a bug of theirs.</summary>
internal static class PresignRules
{
    /// <summary>Longest value of an answer header, in characters: the whole URL must fit into a request line of 8 KiB.</summary>
    public const int HeaderLengthMax = 2048;

    private static readonly SearchValues<char> HeaderCharacters =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code)]);

    /// <summary>Checks a GET.</summary>
    public static void CheckGet(StoreProfile profile, string key, TimeSpan lifetime, string? contentDisposition, string? contentType)
    {
        ObjectKeys.Check(key);
        CheckHeader(contentDisposition, nameof(contentDisposition));
        CheckHeader(contentType, nameof(contentType));
        CheckLifetime(profile, lifetime);
    }

    /// <summary>Checks the PUT of a whole object.</summary>
    public static void CheckPut(StoreProfile profile, string key, long sizeBytes, TimeSpan lifetime)
    {
        ObjectKeys.Check(key);
        ArgumentOutOfRangeException.ThrowIfNegative(sizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, profile.PutSizeBytesMax);
        CheckLifetime(profile, lifetime);
    }

    /// <summary>Checks the PUT of a part.</summary>
    public static void CheckPart(StoreProfile profile, string key, int number, long sizeBytes, TimeSpan lifetime)
    {
        ObjectKeys.Check(key);
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, profile.PartCountMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(sizeBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, profile.PartSizeBytesMax);
        CheckLifetime(profile, lifetime);
    }

    private static void CheckLifetime(StoreProfile profile, TimeSpan lifetime)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lifetime, profile.PresignLifetimeMax);
    }

    /// <summary>Header values go into an answer as they are: a line break in one would begin another header.</summary>
    private static void CheckHeader(string? value, string parameter)
    {
        if (value is not null && (value.Length > HeaderLengthMax || value.AsSpan().ContainsAnyExcept(HeaderCharacters)))
            throw new ArgumentException($"A header value is printable ASCII of at most {HeaderLengthMax} characters.", parameter);
    }
}
