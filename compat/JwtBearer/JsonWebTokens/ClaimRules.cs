using Microsoft.IdentityModel.Tokens;

namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>What the claims of a token with a good signature must satisfy (RFC 7519, 4.1; RFC 8725, 3.8 to 3.11).</summary>
internal static class ClaimRules
{
    /// <summary>Null: everything holds; otherwise the first rule that does not.</summary>
    public static SecurityTokenException? Check(CompactToken token, JsonWebToken jwt, TokenValidationParameters parameters)
        => CheckLifetime(token, jwt, parameters)
            ?? CheckAudience(token.Audiences, parameters)
            ?? CheckIssuer(token.Issuer, parameters)
            ?? (SecurityTokenException?)CheckType(token.Typ, parameters);

    /// <summary>Whether a list is null or empty.</summary>
    public static bool IsEmpty<T>(IEnumerable<T>? items) => items is null || !(items.TryGetNonEnumeratedCount(out var count) ? count > 0 : items.Any());

    /// <summary>Whether a list has a text, compared byte by byte.</summary>
    public static bool Contains(IEnumerable<string>? items, string text)
        => items switch
        {
            null => false,
            string[] array => Array.IndexOf(array, text) >= 0,
            _ => items.Contains(text, StringComparer.Ordinal),
        };

    private static SecurityTokenException? CheckLifetime(CompactToken token, JsonWebToken jwt, TokenValidationParameters parameters)
    {
        var (notBefore, expires) = (token.NotBefore, token.Expires);
        if (parameters.LifetimeValidator is { } validator)
        {
            return validator(notBefore, expires, jwt, parameters)
                ? null
                : new SecurityTokenInvalidLifetimeException("The lifetime of the token is refused.") { NotBefore = notBefore, Expires = expires };
        }

        if (!parameters.ValidateLifetime)
            return null;
        if (expires is null && parameters.RequireExpirationTime)
            return new SecurityTokenNoExpirationException("The token has no expiration.");
        if (notBefore > expires)
            return new SecurityTokenInvalidLifetimeException("The token expires before it is valid.") { NotBefore = notBefore, Expires = expires };

        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var skew = parameters.ClockSkew;
        if (notBefore is { } start && start - now > skew)
            return new SecurityTokenNotYetValidException("The token is not valid yet.") { NotBefore = start };
        if (expires is { } end && now - end > skew)
            return new SecurityTokenExpiredException("The token has expired.") { Expires = end };
        return null;
    }

    private static SecurityTokenInvalidAudienceException? CheckAudience(string[] audiences, TokenValidationParameters parameters)
    {
        if (!parameters.ValidateAudience)
            return null;
        foreach (var audience in audiences)
        {
            if (string.IsNullOrWhiteSpace(audience))
                continue;
            if (parameters.ValidAudience is { } valid && SameAudience(audience, valid, parameters))
                return null;
            if (parameters.ValidAudiences is not { } others)
                continue;
            foreach (var other in others)
            {
                if (other is not null && SameAudience(audience, other, parameters))
                    return null;
            }
        }

        return new SecurityTokenInvalidAudienceException("The token is not for this audience.")
        {
            InvalidAudience = string.Join(", ", audiences),
        };
    }

    private static bool SameAudience(string audience, string valid, TokenValidationParameters parameters)
    {
        if (string.Equals(audience, valid, StringComparison.Ordinal))
            return true;
        if (!parameters.IgnoreTrailingSlashWhenValidatingAudience)
            return false;
        return audience.Length == valid.Length + 1 ? IsWithSlash(audience, valid)
            : valid.Length == audience.Length + 1 && IsWithSlash(valid, audience);
    }

    private static bool IsWithSlash(string longer, string shorter)
        => longer[^1] == '/' && longer.AsSpan(0, shorter.Length).SequenceEqual(shorter);

    private static SecurityTokenInvalidIssuerException? CheckIssuer(string issuer, TokenValidationParameters parameters)
    {
        if (!parameters.ValidateIssuer)
            return null;
        if (!string.IsNullOrWhiteSpace(issuer)
            && (string.Equals(issuer, parameters.ValidIssuer, StringComparison.Ordinal) || Contains(parameters.ValidIssuers, issuer)))
            return null;
        return new SecurityTokenInvalidIssuerException("The issuer of the token is not trusted.") { InvalidIssuer = issuer };
    }

    private static SecurityTokenInvalidTypeException? CheckType(string type, TokenValidationParameters parameters)
    {
        if (IsEmpty(parameters.ValidTypes) || Contains(parameters.ValidTypes, type))
            return null;
        return new SecurityTokenInvalidTypeException("The type of the token is not allowed.") { InvalidType = type };
    }
}
