using System.Security.Claims;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>What a token must satisfy. Set up once; unchanged while in use.</summary>
public class TokenValidationParameters
{
    /// <summary>Default of <see cref="AuthenticationType"/>.</summary>
    public static readonly string DefaultAuthenticationType = "AuthenticationTypes.Federation";

    /// <summary>Default of <see cref="ClockSkew"/>: 5 minutes.</summary>
    public static readonly TimeSpan DefaultClockSkew = TimeSpan.FromSeconds(300);

    /// <summary>Default of <see cref="TokenHandler.MaximumTokenSizeInBytes"/>, in bytes.</summary>
    public const int DefaultMaximumTokenSizeInBytes = 256_000;

    private TimeSpan _clockSkew = DefaultClockSkew;

    /// <summary>Creates parameters that demand a signature, an expiry, an issuer and an audience.</summary>
    public TokenValidationParameters()
    {
    }

    /// <summary>Copies <paramref name="other"/>.</summary>
    protected TokenValidationParameters(TokenValidationParameters other)
    {
        ArgumentNullException.ThrowIfNull(other);
        AuthenticationType = other.AuthenticationType;
        _clockSkew = other._clockSkew;
        IgnoreTrailingSlashWhenValidatingAudience = other.IgnoreTrailingSlashWhenValidatingAudience;
        IssuerSigningKey = other.IssuerSigningKey;
        IssuerSigningKeyResolver = other.IssuerSigningKeyResolver;
        IssuerSigningKeys = other.IssuerSigningKeys;
        LifetimeValidator = other.LifetimeValidator;
        NameClaimType = other.NameClaimType;
        RequireExpirationTime = other.RequireExpirationTime;
        RequireSignedTokens = other.RequireSignedTokens;
        RoleClaimType = other.RoleClaimType;
        TryAllIssuerSigningKeys = other.TryAllIssuerSigningKeys;
        ValidAlgorithms = other.ValidAlgorithms;
        ValidateAudience = other.ValidateAudience;
        ValidateIssuer = other.ValidateIssuer;
        ValidateIssuerSigningKey = other.ValidateIssuerSigningKey;
        ValidateLifetime = other.ValidateLifetime;
        ValidAudience = other.ValidAudience;
        ValidAudiences = other.ValidAudiences;
        ValidIssuer = other.ValidIssuer;
        ValidIssuers = other.ValidIssuers;
        ValidTypes = other.ValidTypes;
    }

    /// <summary>Authentication type of the identity that a valid token gives.</summary>
    public string AuthenticationType { get; set; } = DefaultAuthenticationType;

    /// <summary>How far the clocks of issuer and reader may differ. Default: 5 minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public TimeSpan ClockSkew
    {
        get => _clockSkew;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            _clockSkew = value;
        }
    }

    /// <summary>Whether <c>x</c> and <c>x/</c> are the same audience. Default: true.</summary>
    public bool IgnoreTrailingSlashWhenValidatingAudience { get; set; } = true;

    /// <summary>The key that signs.</summary>
    public SecurityKey? IssuerSigningKey { get; set; }

    /// <summary>Finds keys by <c>kid</c>; when set, the keys listed here are used only if it gives none.</summary>
    public IssuerSigningKeyResolver? IssuerSigningKeyResolver { get; set; }

    /// <summary>The keys that may sign: several while keys are rotated.</summary>
    public IEnumerable<SecurityKey>? IssuerSigningKeys { get; set; }

    /// <summary>Replaces the lifetime rule, for example with one that reads a <see cref="TimeProvider"/>.</summary>
    public LifetimeValidator? LifetimeValidator { get; set; }

    /// <summary>Claim that becomes <see cref="ClaimsIdentity.Name"/>.</summary>
    public string NameClaimType { get; set; } = ClaimsIdentity.DefaultNameClaimType;

    /// <summary>Whether a token must have <c>exp</c>. Default: true.</summary>
    public bool RequireExpirationTime { get; set; } = true;

    /// <summary>Whether a token must be signed. Default: true. Unsigned tokens are refused even when this is false.</summary>
    public bool RequireSignedTokens { get; set; } = true;

    /// <summary>Claim that <see cref="ClaimsPrincipal.IsInRole"/> reads.</summary>
    public string RoleClaimType { get; set; } = ClaimsIdentity.DefaultRoleClaimType;

    /// <summary>Whether all keys are tried when none has the token's <c>kid</c>. Default: true.</summary>
    public bool TryAllIssuerSigningKeys { get; set; } = true;

    /// <summary>The algorithms allowed (RFC 8725, 3.1); null or empty: every one that fits the key.</summary>
    public IEnumerable<string>? ValidAlgorithms { get; set; }

    /// <summary>Whether the audience is checked. Default: true.</summary>
    public bool ValidateAudience { get; set; } = true;

    /// <summary>Whether the issuer is checked. Default: true.</summary>
    public bool ValidateIssuer { get; set; } = true;

    /// <summary>Whether the key itself is checked. Default: false; only certificates, which are not supported, have rules.</summary>
    public bool ValidateIssuerSigningKey { get; set; }

    /// <summary>Whether <c>nbf</c> and <c>exp</c> are checked. Default: true.</summary>
    public bool ValidateLifetime { get; set; } = true;

    /// <summary>The audience that is this service.</summary>
    public string? ValidAudience { get; set; }

    /// <summary>Further audiences that are this service.</summary>
    public IEnumerable<string>? ValidAudiences { get; set; }

    /// <summary>The trusted issuer.</summary>
    public string? ValidIssuer { get; set; }

    /// <summary>Further trusted issuers.</summary>
    public IEnumerable<string>? ValidIssuers { get; set; }

    /// <summary>Values of header <c>typ</c> allowed (RFC 8725, 3.11); null or empty: any.</summary>
    public IEnumerable<string>? ValidTypes { get; set; }

    /// <summary>A copy; lists and delegates are shared.</summary>
    public virtual TokenValidationParameters Clone() => new(this);
}
