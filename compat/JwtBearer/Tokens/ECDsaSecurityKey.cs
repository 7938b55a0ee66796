using System.Security.Cryptography;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>An elliptic-curve key, for ES256 (curve P-256 only).</summary>
public class ECDsaSecurityKey : AsymmetricSecurityKey
{
    private const string P256Oid = "1.2.840.10045.3.1.7";

    private readonly Lazy<bool> _isP256;

    /// <summary>Wraps an ECDsa object, which the caller goes on owning and must not dispose while the key is in use.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="ecdsa"/> is null.</exception>
    public ECDsaSecurityKey(ECDsa ecdsa)
    {
        ArgumentNullException.ThrowIfNull(ecdsa);
        ECDsa = ecdsa;
        _isP256 = new Lazy<bool>(() => HasCurveP256(ecdsa));
    }

    /// <summary>What the key was made from.</summary>
    public ECDsa ECDsa { get; }

    /// <inheritdoc/>
    public override int KeySize => ECDsa.KeySize;

    /// <inheritdoc/>
    public override PrivateKeyStatus PrivateKeyStatus => PrivateKeyStatus.Unknown;

    /// <summary>Whether the curve is P-256. Size alone does not tell: secp256k1 and brainpoolP256r1 have 256 bits too.</summary>
    internal bool IsP256 => _isP256.Value;

    private static bool HasCurveP256(ECDsa ecdsa)
    {
        if (ecdsa.KeySize != 256)
            return false;
        var curve = ecdsa.ExportParameters(includePrivateParameters: false).Curve;
        // Windows gives the curve a name and no OID value.
        return curve.IsNamed && (curve.Oid.Value == P256Oid
            || curve.Oid.FriendlyName is "nistP256" or "ECDSA_P256");
    }
}
