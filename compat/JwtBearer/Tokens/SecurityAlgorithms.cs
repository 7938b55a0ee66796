namespace Microsoft.IdentityModel.Tokens;

/// <summary>Names of signature algorithms (RFC 7518, 3.1).</summary>
public static class SecurityAlgorithms
{
    /// <summary>HMAC with SHA-256; key of at least 256 bits.</summary>
    public const string HmacSha256 = "HS256";

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256; key of at least 2048 bits.</summary>
    public const string RsaSha256 = "RS256";

    /// <summary>ECDSA on curve P-256 with SHA-256.</summary>
    public const string EcdsaSha256 = "ES256";

    /// <summary>No signature: a name to refuse, accepted nowhere.</summary>
    public const string None = "none";
}
