using System.Buffers;
using GrainVault.Links;

namespace GrainVault.Api.Http;

/// <summary>Paths as they may stand in a log: the token of a link is the right to it, and addresses of people and names of files are theirs.</summary>
internal static class SecretPaths
{
    private const string Mark = "***";
    private const string ByPath = "/by-path/";

    // Of base64url, escaped or not; an id has a fixed form and is shorter.
    private static readonly SearchValues<char> TokenChars = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_%");

    /// <summary>
    /// The path without the segment after <c>/s/</c>, without addresses and what looks like a token anywhere, and with nothing after
    /// <c>/by-path/</c>.
    /// </summary>
    public static string Mask(string path)
    {
        var names = path.IndexOf(ByPath, StringComparison.OrdinalIgnoreCase);
        if (names >= 0 && path.Length > names + ByPath.Length)
            path = string.Concat(path.AsSpan(0, names + ByPath.Length), Mark);
        if (!IsLink(path) && !HasAddress(path) && !HasToken(path))
            return path;
        var segments = path.Split('/');
        for (var i = 1; i < segments.Length; i++)
        {
            if (LooksLikeToken(segments[i]) || HasAddress(segments[i]) || (segments[i].Length > 0 && segments[i - 1].Equals("s", StringComparison.OrdinalIgnoreCase)))
                segments[i] = Mark;
        }

        return string.Join('/', segments);
    }

    private static bool IsLink(string path) => path.Contains("/s/", StringComparison.OrdinalIgnoreCase);

    private static bool HasAddress(string text) => text.Contains('@') || text.Contains("%40", StringComparison.Ordinal);

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
