using System.Text;
using System.Text.Json;

namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>Strings that nearly every token has, so that reading one allocates none of them.</summary>
internal static class JsonNames
{
    private const int SizeBytesMax = 5;

    private static readonly (byte[] Utf8, string Text)[] Known = Array.ConvertAll(
        new[] { "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "name", "role", "email", "alg", "kid", "typ", "JWT", "HS256", "RS256", "ES256" },
        text => (Encoding.UTF8.GetBytes(text), text));

    /// <summary>The string that <paramref name="reader"/> stands on, unescaped.</summary>
    public static string Read(ref Utf8JsonReader reader)
    {
        var span = reader.ValueSpan;
        if (span.Length <= SizeBytesMax && !reader.ValueIsEscaped)
        {
            foreach (var (utf8, text) in Known)
            {
                if (span.SequenceEqual(utf8))
                    return text;
            }
        }

        return reader.GetString()!;
    }
}
