namespace Microsoft.IdentityModel.Tokens;

/// <summary>A token that was read; whether it can be trusted is for a <see cref="TokenHandler"/> to say.</summary>
public abstract class SecurityToken
{
    /// <summary>Claim <c>jti</c>; empty when absent.</summary>
    public abstract string Id { get; }

    /// <summary>Claim <c>iss</c>; empty when absent.</summary>
    public abstract string Issuer { get; }

    /// <summary>A key that came with the token; null: none.</summary>
    public abstract SecurityKey? SecurityKey { get; }

    /// <summary>The key whose signature was verified; null before that.</summary>
    public abstract SecurityKey? SigningKey { get; set; }

    /// <summary>Claim <c>nbf</c> in UTC; <see cref="DateTime.MinValue"/> when absent.</summary>
    public abstract DateTime ValidFrom { get; }

    /// <summary>Claim <c>exp</c> in UTC; <see cref="DateTime.MinValue"/> when absent.</summary>
    public abstract DateTime ValidTo { get; }

    /// <summary>The token with its signature, which is a credential: never for a log.</summary>
    public virtual string UnsafeToString() => ToString() ?? "";
}
