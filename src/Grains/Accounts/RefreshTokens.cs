using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace GrainVault.Accounts;

/// <summary>Refresh tokens: <c>&lt;login id&gt;.&lt;43 base64url characters&gt;</c>, 256 random bits of which only the SHA-256 is kept.</summary>
internal static class RefreshTokens
{
    private const int SecretLength = 43;
    private const int SecretSizeBytes = 32;

    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>A new token of a login.</summary>
    public static string New(string loginId) => $"{loginId}.{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretSizeBytes))}";

    /// <summary>What is kept of a token.</summary>
    public static byte[] Hash(string token) => SHA256.HashData(Encoding.ASCII.GetBytes(token));

    /// <summary>True for a token in the form that <see cref="New"/> gives to tokens of that login.</summary>
    public static bool IsWellFormed(string loginId, string? token) =>
        token is not null
        && token.Length == loginId.Length + 1 + SecretLength
        && token.StartsWith(loginId, StringComparison.Ordinal)
        && token[loginId.Length] == '.'
        && !token.AsSpan(loginId.Length + 1).ContainsAnyExcept(Alphabet);
}
