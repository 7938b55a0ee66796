using System.Buffers;
using GrainVault.Links;

namespace GrainVault.Api.Http;

/// <summary>Paths as they may stand in a log: the token of a link is the right to it.</summary>
internal static class SecretPaths
{
    private const string Mark = "***";

    // Of base64url, escaped or not; an id has a fixed form and is shorter.
    private static readonly SearchValues<char> TokenChars = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_%");

    /// <summary>The path without the segment after <c>/s/</c>, and without what looks like a token anywhere else.</summary>
    public static string Mask(string path)
    {
        if (!IsLink(path) && !HasToken(path))
            return path;
        var segments = path.Split('/');
        for (var i = 1; i < segments.Length; i++)
        {
            if (LooksLikeToken(segments[i]) || (segments[i].Length > 0 && segments[i - 1].Equals("s", StringComparison.OrdinalIgnoreCase)))
                segments[i] = Mark;
        }

        return string.Join('/', segments);
    }

    private static bool IsLink(string path) => path.Contains("/s/", StringComparison.OrdinalIgnoreCase);

    private static bool HasToken(ReadOnlySpan<char> path)
    {
        if (path.Length <= LinkTokens.Length)
            return false;
        foreach (var range in path.Split('/'))
        {
            if (LooksLikeToken(path[range]))
                return true;
        }

        return false;
    }

    private static bool LooksLikeToken(ReadOnlySpan<char> segment) =>
        segment.Length >= LinkTokens.Length && !segment.ContainsAnyExcept(TokenChars);
}
