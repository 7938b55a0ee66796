using System.Security.Claims;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>
/// A JSON Web Token in compact form (RFC 7515, 7.1), read and not verified. Encrypted tokens are not supported.
/// </summary>
public class JsonWebToken : SecurityToken
{
    private readonly CompactToken _parts;
    private ClaimsIdentity? _claims;

    /// <summary>Reads a token.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="jwtEncodedString"/> is null or empty.</exception>
    /// <exception cref="SecurityTokenMalformedException">It is not a token in compact form.</exception>
    public JsonWebToken(string jwtEncodedString)
        : this(CompactToken.Parse(jwtEncodedString))
    {
    }

    internal JsonWebToken(CompactToken parts) => _parts = parts;

    /// <summary>Header <c>alg</c>.</summary>
    public string Alg => _parts.Alg;

    /// <summary>Header <c>kid</c>; empty when absent.</summary>
    public string Kid => _parts.Kid;

    /// <summary>Header <c>typ</c>; empty when absent.</summary>
    public string Typ => _parts.Typ;

    /// <summary>Claim <c>sub</c>; empty when absent.</summary>
    public string Subject => _parts.Subject;

    /// <inheritdoc/>
    public override string Id => _parts.Id;

    /// <inheritdoc/>
    public override string Issuer => _parts.Issuer;

    /// <summary>Claim <c>aud</c>; none when absent.</summary>
    public IEnumerable<string> Audiences => _parts.Audiences;

    /// <summary>Claim <c>iat</c> in UTC; <see cref="DateTime.MinValue"/> when absent.</summary>
    public DateTime IssuedAt => _parts.IssuedAt ?? DateTime.MinValue;

    /// <inheritdoc/>
    public override DateTime ValidFrom => _parts.NotBefore ?? DateTime.MinValue;

    /// <inheritdoc/>
    public override DateTime ValidTo => _parts.Expires ?? DateTime.MinValue;

    /// <inheritdoc/>
    public override SecurityKey? SecurityKey => null;

    /// <inheritdoc/>
    public override SecurityKey? SigningKey { get; set; }

    /// <summary>Whether there is a signature, of whatever worth.</summary>
    public bool IsSigned => _parts.Signature.Length > 0;

    /// <summary>The whole token: a credential, never for a log.</summary>
    public string EncodedToken => _parts.Encoded;

    /// <summary>The header as base64url.</summary>
    public string EncodedHeader => _parts.Encoded[.._parts.HeaderEnd];

    /// <summary>The payload as base64url.</summary>
    public string EncodedPayload => _parts.Encoded[(_parts.HeaderEnd + 1).._parts.PayloadEnd];

    /// <summary>The signature as base64url.</summary>
    public string EncodedSignature => _parts.Encoded[(_parts.PayloadEnd + 1)..];

    /// <summary>The claims, one for each element of an array; their issuer is what the token says.</summary>
    public virtual IEnumerable<Claim> Claims => (_claims ??= CreateClaims()).Claims;

    internal CompactToken Parts => _parts;

    /// <summary>The first claim of that type.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public Claim GetClaim(string key)
        => TryGetClaim(key, out var claim) ? claim : throw new ArgumentException($"There is no claim '{key}'.", nameof(key));

    /// <summary>The first claim of that type, if any.</summary>
    public bool TryGetClaim(string key, out Claim value)
    {
        foreach (var claim in Claims)
        {
            if (string.Equals(claim.Type, key, StringComparison.Ordinal))
            {
                value = claim;
                return true;
            }
        }

        value = null!;
        return false;
    }

    /// <summary>A claim's value as a <typeparamref name="T"/>.</summary>
    /// <exception cref="ArgumentException">There is none, or it is no <typeparamref name="T"/>.</exception>
    public T GetPayloadValue<T>(string key)
        => TryGetPayloadValue<T>(key, out var value) ? value : throw new ArgumentException($"There is no such claim '{key}'.", nameof(key));

    /// <summary>A claim's value as a <typeparamref name="T"/>, if it is one.</summary>
    public bool TryGetPayloadValue<T>(string key, out T value) => TryGet(_parts.Payload, key, out value);

    /// <summary>A header's value as a <typeparamref name="T"/>.</summary>
    /// <exception cref="ArgumentException">There is none, or it is no <typeparamref name="T"/>.</exception>
    public T GetHeaderValue<T>(string key)
        => TryGetHeaderValue<T>(key, out var value) ? value : throw new ArgumentException($"There is no such header '{key}'.", nameof(key));

    /// <summary>A header's value as a <typeparamref name="T"/>, if it is one.</summary>
    public bool TryGetHeaderValue<T>(string key, out T value) => TryGet(_parts.Header, key, out value);

    /// <summary>Header and payload, without the signature that makes them a credential.</summary>
    public override string ToString() => _parts.Encoded[.._parts.PayloadEnd];

    /// <inheritdoc/>
    public override string UnsafeToString() => _parts.Encoded;

    private static bool TryGet<T>(JsonMembers members, string key, out T value)
    {
        value = default!;
        if (string.IsNullOrEmpty(key) || !members.TryFind(key, out var member))
            return false;
        if (typeof(T) == typeof(string))
        {
            if (member.Type == JsonTokenType.Null)
                return true;
            value = (T)(object)members.TextOf(member);
            return true;
        }

        try
        {
            value = JsonSerializer.Deserialize<T>(members.Raw(member))!;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private ClaimsIdentity CreateClaims()
    {
        var claims = new ClaimsIdentity();
        var issuer = Issuer.Length == 0 ? ClaimsIdentity.DefaultIssuer : Issuer;
        foreach (ref readonly var member in _parts.Payload.Items)
            JsonClaims.Add(claims, _parts.Payload, member, member.Name, issuer);
        return claims;
    }
}
