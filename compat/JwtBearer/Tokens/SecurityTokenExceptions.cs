namespace Microsoft.IdentityModel.Tokens;

/// <summary>Something is wrong with a token.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenException(string message) : Exception(message);

/// <summary>A token is refused.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenValidationException(string message) : SecurityTokenException(message);

/// <summary>What was given is no token.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenArgumentException(string message) : ArgumentException(message);

/// <summary>A token can not be read: wrong parts, base64url, UTF-8 or JSON, or a name twice.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenMalformedException(string message) : SecurityTokenArgumentException(message);

/// <summary>The signature is missing, or not made by the key over these bytes.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenInvalidSignatureException(string message) : SecurityTokenValidationException(message);

/// <summary>No known key made the signature.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenSignatureKeyNotFoundException(string message) : SecurityTokenInvalidSignatureException(message);

/// <summary>The algorithm is not allowed.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenInvalidAlgorithmException(string message) : SecurityTokenValidationException(message)
{
    /// <summary>Header <c>alg</c> of the token.</summary>
    public string? InvalidAlgorithm { get; set; }
}

/// <summary>The header <c>typ</c> is not allowed.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenInvalidTypeException(string message) : SecurityTokenValidationException(message)
{
    /// <summary>Header <c>typ</c> of the token.</summary>
    public string? InvalidType { get; set; }
}

/// <summary>The token is for somebody else.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenInvalidAudienceException(string message) : SecurityTokenValidationException(message)
{
    /// <summary>The audiences of the token, separated by commas.</summary>
    public string? InvalidAudience { get; set; }
}

/// <summary>The token is from somebody else.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenInvalidIssuerException(string message) : SecurityTokenValidationException(message)
{
    /// <summary>The issuer of the token.</summary>
    public string? InvalidIssuer { get; set; }
}

/// <summary>The lifetime makes no sense, or a <see cref="LifetimeValidator"/> refuses it.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenInvalidLifetimeException(string message) : SecurityTokenValidationException(message)
{
    /// <summary>Claim <c>nbf</c>, in UTC.</summary>
    public DateTime? NotBefore { get; set; }

    /// <summary>Claim <c>exp</c>, in UTC.</summary>
    public DateTime? Expires { get; set; }
}

/// <summary>The token has expired.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenExpiredException(string message) : SecurityTokenValidationException(message)
{
    /// <summary>Claim <c>exp</c>, in UTC.</summary>
    public DateTime Expires { get; set; }
}

/// <summary>The token is not valid yet.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenNotYetValidException(string message) : SecurityTokenValidationException(message)
{
    /// <summary>Claim <c>nbf</c>, in UTC.</summary>
    public DateTime NotBefore { get; set; }
}

/// <summary>The token would be valid for ever.</summary>
/// <param name="message">What is wrong; never contains the token.</param>
public class SecurityTokenNoExpirationException(string message) : SecurityTokenValidationException(message);
