using System.Buffers;
using System.Buffers.Text;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>
/// Decodes exactly what RFC 7515, section 2 allows. The framework's decoder also takes padding, white space and
/// unused bits that are not zero, which would give one token many spellings.
/// </summary>
internal static class StrictBase64Url
{
    private const string AlphabetText = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private static readonly SearchValues<char> Alphabet = SearchValues.Create(AlphabetText);

    /// <summary>Size in bytes of what <paramref name="length"/> characters decode to.</summary>
    public static int DecodedSize(int length) => (int)((long)length * 3 / 4);

    /// <summary>Decodes into <paramref name="destination"/>, which must have at least <see cref="DecodedSize"/> bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> destination)
    {
        var rest = text.Length % 4;
        if (rest == 1 || text.ContainsAnyExcept(Alphabet))
            return false;
        if (rest != 0)
        {
            var unusedBits = rest == 2 ? 0b1111 : 0b11;
            if ((AlphabetText.IndexOf(text[^1]) & unusedBits) != 0)
                return false;
        }

        return Base64Url.TryDecodeFromChars(text, destination, out var written) && written == DecodedSize(text.Length);
    }

    /// <summary>Decodes into a new array; null when <paramref name="text"/> is not strict base64url.</summary>
    public static byte[]? TryDecode(ReadOnlySpan<char> text)
    {
        var bytes = new byte[DecodedSize(text.Length)];
        return TryDecode(text, bytes) ? bytes : null;
    }
}
