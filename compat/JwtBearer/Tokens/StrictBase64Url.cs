using System.Buffers;
using System.Buffers.Text;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>
/// Decodes exactly what RFC 7515, section 2 allows. The framework's decoder also takes padding and white space,
/// which would give one token many spellings; like it, this refuses a last character with unused bits set.
/// </summary>
internal static class StrictBase64Url
{
    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>Decodes into a new array; null when <paramref name="text"/> is not strict base64url.</summary>
    public static byte[]? TryDecode(ReadOnlySpan<char> text)
    {
        if (text.ContainsAnyExcept(Alphabet))
            return null;
        var bytes = new byte[(int)((long)text.Length * 3 / 4)];
        return Base64Url.DecodeFromChars(text, bytes, out _, out var written) == OperationStatus.Done && written == bytes.Length
            ? bytes
            : null;
    }
}
