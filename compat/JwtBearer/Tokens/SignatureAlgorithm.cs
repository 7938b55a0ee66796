using System.Security.Cryptography;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>
/// The three signature algorithms. The type of the key decides, not the header alone, so that a public key never
/// serves as an HMAC secret (RFC 8725, 2.1 and 3.1).
/// </summary>
internal static class SignatureAlgorithm
{
    /// <summary>RFC 7518, 3.2: "A key of the same size as the hash output or larger MUST be used".</summary>
    public const int SecretBitsMin = 256;

    /// <summary>RFC 7518, 3.3: "A key of size 2048 bits or larger MUST be used".</summary>
    public const int RsaBitsMin = 2048;

    private const int HmacSizeBytes = 32;
    private const int EcdsaSizeBytes = 64;

    /// <summary>Whether <paramref name="key"/> is of the kind and strength that <paramref name="algorithm"/> demands.</summary>
    public static bool Fits(string algorithm, SecurityKey key) => algorithm switch
    {
        SecurityAlgorithms.HmacSha256 => key is SymmetricSecurityKey { KeySize: >= SecretBitsMin },
        SecurityAlgorithms.RsaSha256 => key is RsaSecurityKey { KeySize: >= RsaBitsMin },
        SecurityAlgorithms.EcdsaSha256 => key is ECDsaSecurityKey { IsP256: true },
        _ => false,
    };

    /// <summary>Verifies a signature; false for every wrong key, size and value.</summary>
    public static bool Verify(string algorithm, SecurityKey key, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        if (!Fits(algorithm, key))
            return false;
        try
        {
            return key switch
            {
                SymmetricSecurityKey secret => VerifyHmac(secret, input, signature),
                RsaSecurityKey rsa => VerifyRsa(rsa, input, signature),
                ECDsaSecurityKey ecdsa => VerifyEcdsa(ecdsa, input, signature),
                _ => false,
            };
        }
        catch (CryptographicException)
        {
            // Some providers throw for values that can't be a signature, for example r = 0.
            return false;
        }
    }

    /// <summary>Signs.</summary>
    /// <exception cref="NotSupportedException">The algorithm is unknown or not for this type of key.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The key is too weak.</exception>
    public static byte[] Sign(string algorithm, SecurityKey key, ReadOnlySpan<byte> input)
    {
        switch (algorithm, key)
        {
            case (SecurityAlgorithms.HmacSha256, SymmetricSecurityKey secret):
                ArgumentOutOfRangeException.ThrowIfLessThan(secret.KeySize, SecretBitsMin, nameof(key));
                return HMACSHA256.HashData(secret.Secret, input);

            case (SecurityAlgorithms.RsaSha256, RsaSecurityKey rsa):
                ArgumentOutOfRangeException.ThrowIfLessThan(rsa.KeySize, RsaBitsMin, nameof(key));
                lock (rsa.Provider)
                    return rsa.Provider.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

            case (SecurityAlgorithms.EcdsaSha256, ECDsaSecurityKey { IsP256: true } ecdsa):
                lock (ecdsa.ECDsa)
                    return ecdsa.ECDsa.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

            default:
                throw new NotSupportedException($"Algorithm '{algorithm}' is not supported with {key}.");
        }
    }

    private static bool VerifyHmac(SymmetricSecurityKey key, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        Span<byte> expected = stackalloc byte[HmacSizeBytes];
        HMACSHA256.HashData(key.Secret, input, expected);
        return CryptographicOperations.FixedTimeEquals(expected, signature);
    }

    private static bool VerifyRsa(RsaSecurityKey key, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        lock (key.Provider)
        {
            return signature.Length == (key.KeySize + 7) / 8
                && key.Provider.VerifyData(input, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
    }

    private static bool VerifyEcdsa(ECDsaSecurityKey key, ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        lock (key.ECDsa)
        {
            return signature.Length == EcdsaSizeBytes
                && key.ECDsa.VerifyData(input, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }
}
