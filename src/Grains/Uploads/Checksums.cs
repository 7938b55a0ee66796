using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;

namespace GrainVault.Uploads;

/// <summary>Checksums of contents.</summary>
internal static class Checksums
{
    private const int HexLength = 64;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>True for a SHA-256 as 64 lower-case hexadecimal digits.</summary>
    public static bool IsSha256(string? text) => text is { Length: HexLength } && !text.AsSpan().ContainsAnyExcept(LowerHex);

    /// <summary>
    /// The strong validator of a content, and its SHA-256 where that follows from the parts. One part: both are its
    /// SHA-256. More: SHA-256 over the parts' SHA-256 and their number, <c>&lt;hex&gt;-&lt;n&gt;</c>. None: that of no bytes.
    /// </summary>
    public static (string Checksum, byte[]? Sha256) Of(IReadOnlyList<PartRow> parts)
    {
        if (parts.Count <= 1)
        {
            var sha256 = parts.Count == 1 ? parts[0].Sha256 : SHA256.HashData([]);
            return (Convert.ToHexStringLower(sha256), sha256);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
            hash.AppendData(part.Sha256);
        return (string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(hash.GetHashAndReset())}-{parts.Count}"), null);
    }
}
