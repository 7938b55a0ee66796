using System.Collections.Frozen;
using System.Security.Claims;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>
/// Makes and validates JSON Web Tokens (RFC 7519) signed with HS256, RS256 or ES256. Stricter than the official
/// handler where RFC 8725 asks for it: names given twice, <c>crit</c>, base64url that is not canonical, keys too
/// weak and unsigned tokens are refused whatever the parameters say. Safe for use by many threads.
/// </summary>
public partial class JsonWebTokenHandler : TokenHandler
{
    private static readonly FrozenDictionary<string, string> LongNames = InboundClaimTypes.Create().ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether claims get the long names of .NET, <c>sub</c> for example <see cref="ClaimTypes.NameIdentifier"/>. Default: false.</summary>
    public bool MapInboundClaims { get; set; }

    /// <summary>Reads a token without validating anything.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="token"/> is null or empty.</exception>
    /// <exception cref="ArgumentException">The token is larger than <see cref="TokenHandler.MaximumTokenSizeInBytes"/>.</exception>
    /// <exception cref="SecurityTokenMalformedException">It is not a token.</exception>
    public virtual JsonWebToken ReadJsonWebToken(string token)
    {
        if (string.IsNullOrEmpty(token))
            throw new ArgumentNullException(nameof(token));
        if (token.Length > MaximumTokenSizeInBytes)
            throw TooLarge(token);
        return new JsonWebToken(token);
    }

    /// <inheritdoc/>
    public override SecurityToken ReadToken(string token) => ReadJsonWebToken(token);

    private ArgumentException TooLarge(string token)
        => new($"The token has {token.Length} characters; allowed are {MaximumTokenSizeInBytes}.", nameof(token));
}
