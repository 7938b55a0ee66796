using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>Keys made once for the whole run; all are of the smallest size allowed.</summary>
internal static class Keys
{
    public static readonly string[] Algorithms =
        [SecurityAlgorithms.HmacSha256, SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256];

    public static readonly SymmetricSecurityKey Hmac = new(RandomNumberGenerator.GetBytes(32)) { KeyId = "h1" };

    public static readonly RSA RsaPair = RSA.Create(2048);

    public static readonly RsaSecurityKey Rsa = new(RsaPair) { KeyId = "r1" };

    public static readonly RsaSecurityKey RsaPublic = new(RsaPair.ExportParameters(includePrivateParameters: false)) { KeyId = "r1" };

    public static readonly ECDsa EcPair = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static readonly ECDsaSecurityKey Ec = new(EcPair) { KeyId = "e1" };

    public static readonly ECDsaSecurityKey EcPublic =
        new(ECDsa.Create(EcPair.ExportParameters(includePrivateParameters: false))) { KeyId = "e1" };

    /// <summary>The pair of keys for an algorithm: one that signs, one that verifies.</summary>
    public static (SecurityKey Signs, SecurityKey Verifies) For(string algorithm) => algorithm switch
    {
        SecurityAlgorithms.HmacSha256 => (Hmac, Hmac),
        SecurityAlgorithms.RsaSha256 => (Rsa, RsaPublic),
        SecurityAlgorithms.EcdsaSha256 => (Ec, EcPublic),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };
}
