using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.Api.Auth;

/// <summary>A key of HMAC-SHA-256 for access tokens.</summary>
internal sealed class SigningKey : IEquatable<SigningKey>
{
    /// <summary>Shortest secret, in bytes: the size of the hash (RFC 7518, section 3.2).</summary>
    public const int SecretBytesMin = 32;

    private readonly byte[] _secret;

    /// <summary>Creates the key.</summary>
    public SigningKey(string kid, byte[] secret, DateTimeOffset createdAt)
    {
        Kid = kid;
        CreatedAt = createdAt;
        _secret = secret;
        Credentials = new SigningCredentials(new SymmetricSecurityKey(secret) { KeyId = kid }, SecurityAlgorithms.HmacSha256);
    }

    /// <summary>Key id, in the header of each token.</summary>
    public string Kid { get; }

    /// <summary>When the key was made; the beginning of time for keys of the configuration.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The key as the token handler takes it.</summary>
    public SigningCredentials Credentials { get; }

    /// <summary>The secret in base64, for the key file alone.</summary>
    public string SecretBase64 => Convert.ToBase64String(_secret);

    /// <inheritdoc/>
    public bool Equals(SigningKey? other) =>
        other is not null && Kid == other.Kid && CryptographicOperations.FixedTimeEquals(_secret, other._secret);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SigningKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Kid.GetHashCode(StringComparison.Ordinal);

    /// <summary>A new random key.</summary>
    public static SigningKey Create(DateTimeOffset now) =>
        new("k-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)), RandomNumberGenerator.GetBytes(SecretBytesMin), now);

    /// <summary>True for an id that may stand in a token's header.</summary>
    public static bool IsKid(string? kid)
    {
        if (kid is not { Length: > 0 and <= 64 })
            return false;
        foreach (var c in kid)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
                return false;
        }

        return true;
    }

    /// <summary>The bytes of a secret; null when it is not base64 or too short.</summary>
    public static byte[]? DecodeSecret(string? secret)
    {
        var bytes = new byte[(secret?.Length ?? 0) + 3];
        return secret is not null && Convert.TryFromBase64String(secret, bytes, out var length) && length >= SecretBytesMin
            ? bytes[..length]
            : null;
    }
}
