using System.Buffers;
using System.Text;

namespace GrainVault.Storage;

/// <summary>Keys of objects: made here, of characters that every store and file system takes, never from user input.</summary>
public static class ObjectKeys
{
    /// <summary>Prefix of every content object.</summary>
    public const string ContentPrefix = "objects/";

    /// <summary>Prefix below which others may put objects under keys of their own choosing, to be adopted: <c>inbox/&lt;user&gt;/...</c>.</summary>
    public const string InboxPrefix = "inbox/";

    /// <summary>Longest key of an object in the inbox, in UTF-8 bytes, as S3 has it.</summary>
    public const int InboxLengthBytesMax = 1024;

    /// <summary>End of the keys to which clients send whole objects.</summary>
    public const string StagingSuffix = ".staged";

    /// <summary>Key of the marker object that holds the installation id; without it nothing is ever swept.</summary>
    public const string Marker = "grainvault-installation";

    /// <summary>Longest key, in characters.</summary>
    public const int LengthMax = 512;

    /// <summary>Longest piece of a key between slashes, in characters; file systems allow 255 bytes with what the store appends.</summary>
    public const int SegmentLengthMax = 200;

    private const int FanOutLength = 2;
    private const int IdLength = 32;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_./");

    /// <summary>A key that was never used before: <c>objects/&lt;2 hex&gt;/&lt;32 hex&gt;</c>; the fan-out folder is random.</summary>
    public static string NewContentKey()
    {
        var id = Guid.NewGuid().ToString("n");
        return $"{ContentPrefix}{id[..2]}/{id}";
    }

    /// <summary>
    /// A key to which a client sends an object with a URL: a content key that ends in <see cref="StagingSuffix"/>, so that the
    /// store can be told to send events of these alone.
    /// </summary>
    public static string NewStagingKey() => NewContentKey() + StagingSuffix;

    /// <summary>
    /// True for keys of the form that <see cref="NewContentKey"/> and <see cref="NewStagingKey"/> make. Others may keep objects of their own
    /// below the same prefix: those are never swept.
    /// </summary>
    public static bool IsContentKey(string key)
    {
        var rest = key.AsSpan();
        if (!rest.StartsWith(ContentPrefix, StringComparison.Ordinal))
            return false;
        rest = rest[ContentPrefix.Length..];
        if (rest.EndsWith(StagingSuffix, StringComparison.Ordinal))
            rest = rest[..^StagingSuffix.Length];
        return rest.Length == FanOutLength + 1 + IdLength && rest[FanOutLength] == '/'
            && !rest[..FanOutLength].ContainsAnyExcept(LowerHex) && !rest[(FanOutLength + 1)..].ContainsAnyExcept(LowerHex);
    }

    /// <summary>
    /// True for keys that stores take: <c>[a-z0-9/_-.]</c>, at most <see cref="LengthMax"/> characters, no segment empty,
    /// <c>.</c>, <c>..</c> or longer than <see cref="SegmentLengthMax"/>.
    /// </summary>
    public static bool IsValid(string? key)
    {
        if (string.IsNullOrEmpty(key) || key.Length > LengthMax || key.AsSpan().ContainsAnyExcept(Allowed))
            return false;
        foreach (var range in key.AsSpan().Split('/'))
        {
            var segment = key.AsSpan()[range];
            if (segment.Length is 0 or > SegmentLengthMax || segment is "." || segment is "..")
                return false;
        }

        return true;
    }

    /// <summary>
    /// True for keys in the inbox, of which others chose the rest: any characters but control characters, no piece between
    /// slashes empty, <c>.</c> or <c>..</c>, since URLs can't carry those.
    /// </summary>
    public static bool IsInboxKey(string? key)
    {
        if (key is null || key.Length <= InboxPrefix.Length || !key.StartsWith(InboxPrefix, StringComparison.Ordinal))
            return false;
        foreach (var character in key)
        {
            if (char.IsControl(character))
                return false;
        }

        foreach (var range in key.AsSpan().Split('/'))
        {
            if (key.AsSpan()[range] is "" or "." or "..")
                return false;
        }

        return IsWellFormed(key) && Encoding.UTF8.GetByteCount(key) <= InboxLengthBytesMax;
    }

    /// <summary>Throws when <paramref name="key"/> is not valid; that is a bug of the caller, since keys are made here.</summary>
    /// <exception cref="ArgumentException">The key breaks the rule of <see cref="IsValid"/>.</exception>
    public static void Check(string key)
    {
        if (!IsValid(key))
            throw new ArgumentException("Not an object key: allowed are [a-z0-9/_-.] without empty, '.' or '..' segments.", nameof(key));
    }

    /// <summary>Half a surrogate pair has no UTF-8.</summary>
    private static bool IsWellFormed(string key)
    {
        foreach (var rune in key.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar)
                return false;
        }

        return true;
    }

    /// <summary>Throws when <paramref name="prefix"/> can't begin a key; the empty prefix is every key.</summary>
    /// <exception cref="ArgumentException">The prefix has a character that no key has.</exception>
    public static void CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length > LengthMax || prefix.AsSpan().ContainsAnyExcept(Allowed))
            throw new ArgumentException("Not a prefix of object keys: allowed are [a-z0-9/_-.].", nameof(prefix));
    }
}
