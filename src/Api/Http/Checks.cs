using Microsoft.Net.Http.Headers;

namespace GrainVault.Api.Http;

/// <summary>The form of values that grains take as they are.</summary>
internal static class Checks
{
    /// <summary>Longest media type, in characters.</summary>
    public const int ContentTypeLengthMax = 255;

    /// <summary>Default and largest page.</summary>
    private const int LimitDefault = 100;
    private const int LimitMax = 1000;

    /// <summary>A media type that can stand in a header (RFC 9110, section 8.3.1); null stays null.</summary>
    /// <exception cref="ProblemException">It is none.</exception>
    public static string? ContentType(string? value)
    {
        if (value is null)
            return null;
        return IsContentType(value)
            ? value
            : throw new ProblemException(new Problem(ProblemTypes.Invalid, "The content type must be a media type such as text/plain.") { Pointer = "/contentType" });
    }

    /// <summary>True for a media type that can stand in a header.</summary>
    public static bool IsContentType(string value) =>
        value.Length <= ContentTypeLengthMax
        && !value.AsSpan().ContainsAnyExceptInRange(' ', '~')
        && MediaTypeHeaderValue.TryParse(value, out var media)
        && !media.MatchesAllTypes
        && !media.MatchesAllSubTypes;

    /// <summary>The size of a page.</summary>
    /// <exception cref="ProblemException">It is not 1 to 1,000.</exception>
    public static int Limit(int? value) => value switch
    {
        null => LimitDefault,
        >= 1 and <= LimitMax => value.Value,
        _ => throw new ProblemException(Problem.Invalid($"limit must be 1 to {LimitMax}.")),
    };

    /// <summary>Bodies are stored as they are sent, so an encoding that a reader would have to undo is refused.</summary>
    /// <exception cref="ProblemException">The body is encoded.</exception>
    public static void RefuseContentEncoding(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding;
        if (encoding.Count > 0 && !encoding.ToString().Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw new ProblemException(new Problem(ProblemTypes.UnsupportedMediaType, "Content-Encoding is not taken; send the bytes as they are."));
    }
}
