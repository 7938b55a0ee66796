using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

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
    /// Parts that went straight to the store have no hash of ours: then it is over the object's key, which no other content
    /// ever has, and the store's ETags, and ends in <c>e</c>.
    /// </summary>
    public static (string Checksum, byte[]? Sha256) Of(IReadOnlyList<PartRow> parts, string? key)
    {
        if (parts.Any(part => part.Sha256 is null))
            return (OfETags(parts, key), null);
        if (parts.Count <= 1)
        {
            var sha256 = parts.Count == 1 ? parts[0].Sha256! : SHA256.HashData([]);
            return (Convert.ToHexStringLower(sha256), sha256);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
            hash.AppendData(part.Sha256!);
        return (string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(hash.GetHashAndReset())}-{parts.Count}"), null);
    }

    private static string OfETags(IReadOnlyList<PartRow> parts, string? key)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(key ?? ""));
        foreach (var part in parts)
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\n{part.Number} {part.SizeBytes} {part.ETag}")));
        return string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(hash.GetHashAndReset())}-{parts.Count}e");
    }
}
