namespace Microsoft.IdentityModel.Tokens;

/// <summary>A key that signs or verifies tokens.</summary>
public abstract class SecurityKey
{
    /// <summary>Size of the key in bits.</summary>
    public abstract int KeySize { get; }

    /// <summary>Identifier that goes into the header as <c>kid</c> (RFC 7515, 4.1.4); null: none is written.</summary>
    public virtual string? KeyId { get; set; }

    /// <summary>Names the type and the identifier, never key material.</summary>
    public override string ToString() => $"{GetType()}, KeyId: '{KeyId}'";
}

/// <summary>Whether a key object holds its private half.</summary>
public enum PrivateKeyStatus
{
    /// <summary>The private key is there.</summary>
    Exists,

    /// <summary>Only the public key is there.</summary>
    DoesNotExist,

    /// <summary>Only an attempt to sign can tell.</summary>
    Unknown,
}

/// <summary>A key with a public and perhaps a private half.</summary>
public abstract class AsymmetricSecurityKey : SecurityKey
{
    /// <summary>Whether this object can sign.</summary>
    public abstract PrivateKeyStatus PrivateKeyStatus { get; }
}
