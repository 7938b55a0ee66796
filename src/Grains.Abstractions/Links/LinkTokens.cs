using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace GrainVault.Links;

/// <summary>
/// Tokens of links: 256 random bits in base64url. Whoever has one has the right, so a token stays in the front end: grains and the database
/// know its SHA-256, which needs no salt, since nobody can guess what it is of.
/// </summary>
public static class LinkTokens
{
    /// <summary>Length of a token in characters.</summary>
    public const int Length = 43;

    private const int SizeBytes = 32;
    private const string KeyPrefix = "lt-";

    /// <summary>A new token.</summary>
    public static string New() => From(RandomNumberGenerator.GetBytes(SizeBytes));

    /// <summary>The token of 32 bytes that nobody can guess.</summary>
    public static string From(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, SizeBytes);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>True for what has the form of a token, in the one spelling that <see cref="From"/> makes.</summary>
    public static bool IsToken(string? text)
    {
        if (text is not { Length: Length } || !Base64Url.IsValid(text))
            return false;
        Span<byte> bytes = stackalloc byte[SizeBytes];
        return Base64Url.TryDecodeFromChars(text, bytes, out var written) && written == SizeBytes && Base64Url.EncodeToString(bytes) == text;
    }

    /// <summary>What is kept of a token: its SHA-256, 32 bytes.</summary>
    public static byte[] Hash(string token) => SHA256.HashData(Encoding.ASCII.GetBytes(token));

    /// <summary>Key of the grain of the link with this token.</summary>
    public static string GrainKey(string token) => KeyPrefix + Convert.ToHexStringLower(Hash(token));

    /// <summary>The hash in a grain's key; null when the key is none of ours.</summary>
    public static byte[]? HashOfKey(string grainKey)
    {
        if (!grainKey.StartsWith(KeyPrefix, StringComparison.Ordinal))
            return null;
        var hash = new byte[SizeBytes];
        return Convert.FromHexString(grainKey.AsSpan(KeyPrefix.Length), hash, out var read, out var written) == OperationStatus.Done
            && written == SizeBytes && read == grainKey.Length - KeyPrefix.Length ? hash : null;
    }
}
