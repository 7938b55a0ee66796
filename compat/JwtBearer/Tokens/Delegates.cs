namespace Microsoft.IdentityModel.Tokens;

/// <summary>Gives the keys that may have signed a token; its <c>kid</c> is null or empty when the header has none.</summary>
public delegate IEnumerable<SecurityKey> IssuerSigningKeyResolver(
    string token, SecurityToken securityToken, string kid, TokenValidationParameters validationParameters);

/// <summary>
/// Decides over the lifetime instead of the built-in rule, which it replaces completely: a missing expiry
/// (<paramref name="expires"/> null) is then its business too.
/// </summary>
public delegate bool LifetimeValidator(
    DateTime? notBefore, DateTime? expires, SecurityToken securityToken, TokenValidationParameters validationParameters);
