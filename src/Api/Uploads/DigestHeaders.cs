using System.Buffers.Text;
using Microsoft.Extensions.Primitives;

namespace GrainVault.Api.Uploads;

/// <summary>
/// Checksum headers of a body: <c>Content-MD5</c> (RFC 1864), <c>Content-Digest</c> and <c>Repr-Digest</c> (RFC 9530, a
/// structured dictionary of byte sequences), <c>X-Checksum-Sha256</c> (hex or base64). Malformed, repeated or contradicting
/// values are an error; algorithms that are not known are ignored, as RFC 9530 wants.
/// </summary>
internal static class DigestHeaders
{
    /// <summary>Longest value that is read, in characters.</summary>
    public const int LengthMax = 1024;

    /// <summary>Reads all checksum headers.</summary>
    /// <param name="headers">Headers of the request.</param>
    /// <param name="checksums">What they claim.</param>
    /// <param name="error">A sentence that names the wrong header; null when all are right.</param>
    public static bool TryRead(IHeaderDictionary headers, out ContentChecksums checksums, out string? error)
    {
        checksums = ContentChecksums.None;
        byte[]? sha256 = null;
        byte[]? md5 = null;
        error = ReadMd5(headers.ContentMD5, ref md5)
            ?? ReadDictionary("Content-Digest", headers["Content-Digest"], ref sha256)
            ?? ReadDictionary("Repr-Digest", headers["Repr-Digest"], ref sha256)
            ?? ReadPlain("X-Checksum-Sha256", headers["X-Checksum-Sha256"], ref sha256);
        if (error is not null)
            return false;
        if (sha256 is not null || md5 is not null)
            checksums = new ContentChecksums(sha256, md5);
        return true;
    }

    private static string? ReadMd5(StringValues header, ref byte[]? md5)
    {
        if (header.Count == 0)
            return null;
        if (header.Count > 1)
            return "Content-MD5 is given more than once.";
        md5 = Base64Of(header[0], 16);
        return md5 is null ? "Content-MD5 must be 16 bytes in base64." : null;
    }

    private static string? ReadPlain(string name, StringValues header, ref byte[]? sha256)
    {
        if (header.Count == 0)
            return null;
        if (header.Count > 1)
            return $"{name} is given more than once.";
        var value = header[0] ?? "";
        var bytes = value.Length == 64 ? HexOf(value) : Base64Of(value, 32);
        return bytes is null ? $"{name} must be 32 bytes in hexadecimal or base64." : Accept(name, bytes, ref sha256);
    }

    // RFC 9530, section 2: sha-256=:<base64>:, sha-512=:<base64>:, ... Several header lines are one list (RFC 8941, section 3).
    private static string? ReadDictionary(string name, StringValues header, ref byte[]? sha256)
    {
        if (header.Count == 0)
            return null;
        var text = header.ToString();
        if (text.Length > LengthMax)
            return $"{name} is longer than {LengthMax} characters.";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in text.Split(','))
        {
            var member = part.Trim(' ', '\t');
            var equals = member.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !IsKey(member.AsSpan(0, equals)))
                return $"{name} must be a list such as sha-256=:<base64>:.";
            var algorithm = member[..equals];
            if (!seen.Add(algorithm))
                return $"{name} names {algorithm} more than once.";
            var value = member.AsSpan(equals + 1);
            if (value.Length < 2 || value[0] != ':' || value[^1] != ':' || !Base64.IsValid(value[1..^1]))
                return $"{name} must hold byte sequences such as :<base64>:.";
            if (algorithm != "sha-256")
                continue;
            var bytes = Base64Of(value[1..^1].ToString(), 32);
            if (bytes is null)
                return $"{name}: sha-256 must be 32 bytes in base64.";
            if (Accept(name, bytes, ref sha256) is { } contradiction)
                return contradiction;
        }

        return null;
    }

    private static string? Accept(string name, byte[] bytes, ref byte[]? sha256)
    {
        if (sha256 is not null && !sha256.AsSpan().SequenceEqual(bytes))
            return $"{name} contradicts another checksum header.";
        sha256 = bytes;
        return null;
    }

    private static bool IsKey(ReadOnlySpan<char> key)
    {
        foreach (var c in key)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('_' or '-' or '.' or '*'))
                return false;
        }

        return char.IsAsciiLetterLower(key[0]) || key[0] == '*';
    }

    private static byte[]? HexOf(string value)
    {
        foreach (var c in value)
        {
            if (!char.IsAsciiHexDigit(c))
                return null;
        }

        return Convert.FromHexString(value);
    }

    private static byte[]? Base64Of(string? value, int length)
    {
        var bytes = new byte[length];
        // Exactly the canonical number of characters, without white space, which the decoder would skip.
        return value is not null
            && value.Length == (length + 2) / 3 * 4
            && !value.AsSpan().ContainsAny(" \t\r\n")
            && Convert.TryFromBase64String(value, bytes, out var written)
            && written == length
                ? bytes
                : null;
    }
}
