using System.Security.Claims;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>What goes into a new token. Members given here win over <see cref="Claims"/>, and those over <see cref="Subject"/>.</summary>
public class SecurityTokenDescriptor
{
    /// <summary>Claim <c>aud</c>.</summary>
    public string? Audience { get; set; }

    /// <summary>Further values of claim <c>aud</c>.</summary>
    public IList<string> Audiences { get; } = [];

    /// <summary>Claim <c>exp</c>, in UTC; null: <see cref="TokenHandler.TokenLifetimeInMinutes"/> after now.</summary>
    public DateTime? Expires { get; set; }

    /// <summary>Claim <c>iss</c>.</summary>
    public string? Issuer { get; set; }

    /// <summary>Claim <c>iat</c>, in UTC; null: now.</summary>
    public DateTime? IssuedAt { get; set; }

    /// <summary>Claim <c>nbf</c>, in UTC; null: now.</summary>
    public DateTime? NotBefore { get; set; }

    /// <summary>Header <c>typ</c>; null: <c>JWT</c>.</summary>
    public string? TokenType { get; set; }

    /// <summary>Claims by name: string, bool, number, DateTime, JsonElement, dictionary or a sequence of these.</summary>
    public IDictionary<string, object>? Claims { get; set; }

    /// <summary>Key and algorithm; required.</summary>
    public SigningCredentials? SigningCredentials { get; set; }

    /// <summary>Claims as an identity; several of one type become an array.</summary>
    public ClaimsIdentity? Subject { get; set; }
}
