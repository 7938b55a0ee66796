using System.Buffers;
using System.Text;

namespace GrainVault.Api.Files;

/// <summary>
/// <c>Content-Disposition</c> for any file name (RFC 6266): an ASCII fallback, and the exact name as <c>filename*</c>
/// (RFC 8187). What is written is made of a fixed set of characters, so no name can end the header.
/// </summary>
internal static class ContentDisposition
{
    // attr-char of RFC 8187, section 3.2.1.
    private static readonly SearchValues<byte> AttrChars = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~"u8);

    /// <summary>The header for a download under <paramref name="name"/>.</summary>
    public static string Attachment(string name)
    {
        var fallback = Fallback(name);
        return fallback == name
            ? $"attachment; filename=\"{name}\""
            : $"attachment; filename=\"{fallback}\"; filename*=UTF-8''{Extended(name)}";
    }

    // Percent signs and backslashes are read differently by different clients, so the fallback has none (RFC 6266, appendix D).
    private static string Fallback(string name)
    {
        var fallback = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            var isPlain = rune.Value is >= 0x20 and < 0x7f && rune.Value is not ('"' or '\\' or '%' or '/');
            fallback.Append(isPlain ? (char)rune.Value : '_');
        }

        return fallback.ToString();
    }

    private static string Extended(string name)
    {
        var encoded = new StringBuilder(name.Length * 3);
        foreach (var octet in Encoding.UTF8.GetBytes(name))
        {
            if (AttrChars.Contains(octet))
                encoded.Append((char)octet);
            else
                encoded.Append('%').Append(octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }
}
