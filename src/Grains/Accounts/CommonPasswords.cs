using System.Collections.Frozen;
using System.Text;

namespace GrainVault.Accounts;

/// <summary>
/// The most common passwords of 10 and more characters: an embedded list, and what is trivially derived from it (case,
/// digits and punctuation at the end, letters swapped for look-alikes, one character or a short piece repeated).
/// </summary>
internal static class CommonPasswords
{
    private const string Resource = "GrainVault.Accounts.CommonPasswords.txt";

    /// <summary>A piece that is repeated to make the whole password is at most this long, in characters.</summary>
    private const int RepeatedPieceLengthMax = 4;

    /// <summary>Shortest stem that counts when only digits and punctuation follow it, in characters.</summary>
    private const int StemLengthMin = 6;

    /// <summary>Digits and punctuation that make no difference at the end, in characters.</summary>
    private const int DecorationLengthMax = 4;

    private static readonly FrozenSet<string> Known = Load();

    /// <summary>Number of entries in the list.</summary>
    public static int Count => Known.Count;

    /// <summary>True when the password is on the list or trivially derived from an entry.</summary>
    public static bool Contains(string password)
    {
        var folded = Fold(password);
        if (Known.Contains(folded) || IsRepetition(folded) || IsRun(folded))
            return true;
        var stem = folded.TrimEnd(TrailingDecoration);
        return stem.Length >= StemLengthMin && folded.Length - stem.Length <= DecorationLengthMax && Known.Contains(stem);
    }

    private static readonly char[] TrailingDecoration = [.. "0123456789!?.,-_*#$&+= "];

    // p@ssw0rd is password to everybody who tries.
    private static string Fold(string password)
    {
        var text = new StringBuilder(password.Length);
        foreach (var character in password)
        {
            var lower = char.ToLowerInvariant(character);
            text.Append(lower switch { '@' => 'a', '$' => 's', _ => lower });
        }

        // Zero, one and three stand for letters only inside of words; at the end they are digits.
        for (var i = 0; i + 1 < text.Length; i++)
        {
            if (!char.IsAsciiLetter(text[i + 1]))
                continue;
            text[i] = text[i] switch { '0' => 'o', '1' => 'i', '3' => 'e', '4' => 'a', '5' => 's', '7' => 't', _ => text[i] };
        }

        return text.ToString();
    }

    private static bool IsRepetition(string text)
    {
        for (var length = 1; length <= RepeatedPieceLengthMax; length++)
        {
            var repeats = true;
            for (var i = length; i < text.Length && repeats; i++)
                repeats = text[i] == text[i - length];
            if (repeats)
                return true;
        }

        return false;
    }

    // 1234567890, abcdefghij and their like, up and down; nine is followed by zero.
    private static bool IsRun(string text)
    {
        var up = true;
        var down = true;
        for (var i = 1; i < text.Length; i++)
        {
            var (before, now) = (text[i - 1], text[i]);
            up &= now == before + 1 || (before == '9' && now == '0');
            down &= now == before - 1 || (before == '0' && now == '9');
        }

        return up || down;
    }

    private static FrozenSet<string> Load()
    {
        using var stream = typeof(CommonPasswords).Assembly.GetManifestResourceStream(Resource);
        Invariant.That(stream is not null, "the list of common passwords is part of the assembly");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Select(Fold).ToFrozenSet(StringComparer.Ordinal);
    }
}
