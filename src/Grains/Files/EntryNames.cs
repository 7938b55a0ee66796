using System.Globalization;
using System.Text;

namespace GrainVault.Files;

/// <summary>
/// Names of entries: 1 to 255 UTF-8 bytes, no <c>/</c>, not <c>.</c> or <c>..</c>, no control or bidi-control characters,
/// everything else in Unicode is valid.
/// </summary>
internal static class EntryNames
{
    /// <summary>Longest name, in UTF-8 bytes.</summary>
    public const int SizeBytesMax = 255;

    /// <summary>Longest extension that a numbered name keeps, in UTF-8 bytes with the dot.</summary>
    private const int ExtensionSizeBytesMax = 32;

    /// <summary>Numbered names that are tried; beyond them the name counts as taken.</summary>
    private const int NumberMax = 1_110;

    /// <summary>Longest batch of numbered names for who doesn't see them.</summary>
    private const int UnseenBatchLengthMax = 100;

    /// <summary>Digits of a file's id that make a name its own.</summary>
    private const int UnseenSuffixLength = 12;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Why a name is not valid; null when it is.</summary>
    public static Refusal? Check(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return Refusals.Invalid("A name has at least one character.");
        if (name is "." or "..")
            return Refusals.Invalid("A name can't be '.' or '..'.");
        // Before counting bytes: what is longer in UTF-16 is longer in UTF-8, and a lone surrogate has no UTF-8.
        if (name.Length > SizeBytesMax)
            return TooLong();
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.Value == '/' || Rune.IsControl(rune) || IsBidiControl(rune.Value))
                return Refusals.Invalid("A name has no '/', no control and no bidi-control characters.");
        }

        try
        {
            return Utf8.GetByteCount(name) > SizeBytesMax ? TooLong() : null;
        }
        catch (EncoderFallbackException)
        {
            return Refusals.Invalid("A name is valid Unicode.");
        }
    }

    /// <summary>The form in which names are unique: NFC, case-folded.</summary>
    public static string Key(string name) => CaseFolding.Fold(name);

    /// <summary>The name with a number, "name (1).ext", cut at a character so that it stays a valid name.</summary>
    public static string Numbered(string name, int number) => Suffixed(name, string.Create(CultureInfo.InvariantCulture, $" ({number})"));

    /// <summary>The name with something in front of its extension, cut at a character so that it stays a valid name.</summary>
    public static string Suffixed(string name, string text)
    {
        var dot = name.LastIndexOf('.');
        var extension = dot > 0 && Utf8.GetByteCount(name.AsSpan(dot)) <= ExtensionSizeBytesMax ? name[dot..] : "";
        var suffix = text + extension;
        var room = SizeBytesMax - Utf8.GetByteCount(suffix);
        return Cut(name.AsSpan(0, name.Length - extension.Length), room) + suffix;
    }

    /// <summary>The name, then numbered ones in batches that grow: the first free one of a batch is taken in one statement.</summary>
    public static IEnumerable<string[]> Candidates(string name)
    {
        yield return [name];
        var number = 1;
        for (var count = 10; number <= NumberMax; count *= 10)
        {
            var names = new string[count];
            for (var i = 0; i < count; i++)
                names[i] = Numbered(name, number++);
            yield return names;
        }
    }

    /// <summary>The name, numbered ones while the numbers are small, and at last one that nobody else can have: it is made of the file's id.</summary>
    public static IEnumerable<string[]> UnseenCandidates(string name, string fileId)
    {
        foreach (var names in Candidates(name))
        {
            if (names.Length > UnseenBatchLengthMax)
                break;
            yield return names;
        }

        // The end of a UUIDv7 is random (RFC 9562, section 5.7).
        yield return [Suffixed(name, $" ({fileId[^UnseenSuffixLength..]})")];
    }

    private static string Cut(ReadOnlySpan<char> text, int sizeBytesMax)
    {
        var length = 0;
        var bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > sizeBytesMax)
                break;
            length += rune.Utf16SequenceLength;
        }

        return text[..length].ToString();
    }

    /// <summary>Unicode Bidirectional Algorithm (UAX #9), section 2: the explicit formatting characters and the implicit marks.</summary>
    public static bool IsBidiControl(int value) =>
        value is 0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);

    private static Refusal TooLong() => Refusals.Invalid("A name has at most 255 bytes in UTF-8.");
}
