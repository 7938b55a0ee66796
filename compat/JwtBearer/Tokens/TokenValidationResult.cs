using System.Security.Claims;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>The outcome of a validation.</summary>
public class TokenValidationResult
{
    /// <summary>The claims of a valid token as an identity; null otherwise.</summary>
    public ClaimsIdentity ClaimsIdentity { get; set; } = null!;

    /// <summary>Why the token is refused; null when it is valid.</summary>
    public Exception Exception { get; set; } = null!;

    /// <summary>The trusted issuer; null when the token is refused.</summary>
    public string Issuer { get; set; } = null!;

    /// <summary>Whether everything asked for was found true.</summary>
    public bool IsValid { get; set; }

    /// <summary>The valid token; null otherwise.</summary>
    public SecurityToken SecurityToken { get; set; } = null!;

    /// <summary>Header <c>typ</c> of a valid token; null otherwise.</summary>
    public string TokenType { get; set; } = null!;
}
