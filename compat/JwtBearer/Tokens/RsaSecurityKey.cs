using System.Security.Cryptography;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>An RSA key, for RS256.</summary>
public class RsaSecurityKey : AsymmetricSecurityKey
{
    /// <summary>Wraps an RSA object, which the caller goes on owning and must not dispose while the key is in use.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="rsa"/> is null.</exception>
    public RsaSecurityKey(RSA rsa)
    {
        ArgumentNullException.ThrowIfNull(rsa);
        Rsa = rsa;
        Provider = rsa;
    }

    /// <summary>Imports the parameters.</summary>
    /// <exception cref="CryptographicException">The parameters are not an RSA key.</exception>
    public RsaSecurityKey(RSAParameters rsaParameters)
    {
        Parameters = rsaParameters;
        Provider = RSA.Create(rsaParameters);
    }

    /// <inheritdoc/>
    public override int KeySize => Provider.KeySize;

    /// <inheritdoc/>
    public override PrivateKeyStatus PrivateKeyStatus
        => Rsa is not null ? PrivateKeyStatus.Unknown
            : Parameters.D is not null ? PrivateKeyStatus.Exists : PrivateKeyStatus.DoesNotExist;

    /// <summary>What the key was made from, when that was parameters.</summary>
    public RSAParameters Parameters { get; }

    /// <summary>What the key was made from, when that was an RSA object; otherwise null.</summary>
    public RSA? Rsa { get; }

    /// <summary>Does the work. Its own lock: instance members of RSA are not promised to be thread-safe.</summary>
    internal RSA Provider { get; }
}
