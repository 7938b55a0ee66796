namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>Names of claims (RFC 7519, 4.1; OpenID Connect Core 1.0, 2 and 5.1).</summary>
public struct JwtRegisteredClaimNames
{
    /// <summary>Whom the token is for.</summary>
    public const string Aud = "aud";

    /// <summary>When the user authenticated.</summary>
    public const string AuthTime = "auth_time";

    /// <summary>Email address.</summary>
    public const string Email = "email";

    /// <summary>Whether the email address was proved.</summary>
    public const string EmailVerified = "email_verified";

    /// <summary>When the token expires.</summary>
    public const string Exp = "exp";

    /// <summary>When the token was issued.</summary>
    public const string Iat = "iat";

    /// <summary>Who issued the token.</summary>
    public const string Iss = "iss";

    /// <summary>Identifier of the token.</summary>
    public const string Jti = "jti";

    /// <summary>Full name.</summary>
    public const string Name = "name";

    /// <summary>From when the token is valid.</summary>
    public const string Nbf = "nbf";

    /// <summary>Value that ties the token to a request.</summary>
    public const string Nonce = "nonce";

    /// <summary>Identifier of the session.</summary>
    public const string Sid = "sid";

    /// <summary>Whom the token is about.</summary>
    public const string Sub = "sub";

    /// <summary>Type.</summary>
    public const string Typ = "typ";
}
