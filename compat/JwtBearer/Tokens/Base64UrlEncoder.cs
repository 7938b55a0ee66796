using System.Text;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>base64url without padding (RFC 7515, section 2).</summary>
public static class Base64UrlEncoder
{
    /// <summary>Encodes the UTF-8 bytes of a string.</summary>
    public static string Encode(string arg)
    {
        ArgumentNullException.ThrowIfNull(arg);
        return System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(arg));
    }

    /// <summary>Encodes bytes.</summary>
    public static string Encode(byte[] inArray)
    {
        ArgumentNullException.ThrowIfNull(inArray);
        return System.Buffers.Text.Base64Url.EncodeToString(inArray);
    }

    /// <summary>Decodes to a string.</summary>
    /// <exception cref="FormatException">Not strict base64url.</exception>
    public static string Decode(string arg) => Encoding.UTF8.GetString(DecodeBytes(arg));

    /// <summary>Decodes to bytes.</summary>
    /// <exception cref="FormatException">Not strict base64url.</exception>
    public static byte[] DecodeBytes(string str)
    {
        ArgumentNullException.ThrowIfNull(str);
        return StrictBase64Url.TryDecode(str) ?? throw new FormatException("The text is not base64url without padding.");
    }
}
