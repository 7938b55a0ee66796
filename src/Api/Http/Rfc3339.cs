using System.Globalization;
using System.Text.RegularExpressions;

namespace GrainVault.Api.Http;

/// <summary>
/// Times as RFC 3339, section 5.6, writes them: date, time and offset from UTC. A time without an offset is none: it would be another one for
/// whoever sent it than here.
/// </summary>
internal static partial class Rfc3339
{
    /// <summary>Longest text of a time, in characters: what is more precise than 100 ns says nothing.</summary>
    private const int LengthMax = 40;

    /// <summary>The time; false when the text is none.</summary>
    public static bool TryParse(string? text, out DateTimeOffset time)
    {
        time = default;
        return text is { Length: <= LengthMax } && Form().IsMatch(text)
            && DateTimeOffset.TryParse(text.ToUpperInvariant(), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out time);
    }

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
