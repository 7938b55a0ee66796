using System.Buffers;
using System.Security.Claims;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.IdentityModel.JsonWebTokens;

public partial class JsonWebTokenHandler
{
    private const int StackSizeBytesMax = 1024;

    /// <summary>
    /// Validates a token: size, form, algorithm, signature, lifetime, audience, issuer, type, in this order. Never
    /// throws for a bad token; <see cref="TokenValidationResult.Exception"/> says why it is refused.
    /// </summary>
    public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        try
        {
            return Task.FromResult(Validate(token, validationParameters));
        }
#pragma warning disable CA1031 // A resolver or validator of the caller may throw anything; the contract is a result.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Task.FromResult(Refuse(e));
        }
    }

    private static TokenValidationResult Refuse(Exception reason) => new() { Exception = reason };

    private TokenValidationResult Validate(string token, TokenValidationParameters parameters)
    {
        if (string.IsNullOrEmpty(token))
            return Refuse(new ArgumentNullException(nameof(token)));
        if (parameters is null)
            return Refuse(new ArgumentNullException(nameof(parameters)));
        if (token.Length > MaximumTokenSizeInBytes)
            return Refuse(TooLarge(token));
        if (CompactToken.TryParse(token, out var failure) is not { } parts)
            return Refuse(new SecurityTokenMalformedException(failure!));

        var jwt = new JsonWebToken(parts);
        if (CheckSignature(jwt, parameters) is { } badSignature)
            return Refuse(badSignature);
        if (ClaimRules.Check(parts, jwt, parameters) is { } badClaim)
            return Refuse(badClaim);

        return new TokenValidationResult
        {
            IsValid = true,
            SecurityToken = jwt,
            Issuer = parts.Issuer,
            TokenType = parts.Typ,
            ClaimsIdentity = CreateClaimsIdentity(jwt, parameters),
        };
    }

    private CaseSensitiveClaimsIdentity CreateClaimsIdentity(JsonWebToken jwt, TokenValidationParameters parameters)
    {
        var identity = new CaseSensitiveClaimsIdentity(parameters.AuthenticationType, parameters.NameClaimType, parameters.RoleClaimType)
        {
            SecurityToken = jwt,
        };
        var payload = jwt.Parts.Payload;
        var issuer = jwt.Issuer.Length == 0 ? ClaimsIdentity.DefaultIssuer : jwt.Issuer;
        foreach (ref readonly var member in payload.Items)
        {
            var type = MapInboundClaims && LongNames.TryGetValue(member.Name, out var mapped) ? mapped : member.Name;
            JsonClaims.Add(identity, payload, member, type, issuer);
        }

        return identity;
    }

    private static SecurityTokenException? CheckSignature(JsonWebToken jwt, TokenValidationParameters parameters)
    {
        var parts = jwt.Parts;
        if (parts.Signature.Length == 0)
            return new SecurityTokenInvalidSignatureException("The token is not signed.");
        if (!ClaimRules.IsEmpty(parameters.ValidAlgorithms) && !ClaimRules.Contains(parameters.ValidAlgorithms, parts.Alg))
            return new SecurityTokenInvalidAlgorithmException("The algorithm of the token is not allowed.") { InvalidAlgorithm = parts.Alg };

        // Everything before the second dot was found to be base64url, hence ASCII.
        var size = parts.PayloadEnd;
        var rented = size > StackSizeBytesMax ? ArrayPool<byte>.Shared.Rent(size) : null;
        Span<byte> input = rented is null ? stackalloc byte[StackSizeBytesMax] : rented;
        try
        {
            input = input[..Encoding.ASCII.GetBytes(parts.Encoded.AsSpan(0, size), input)];
            return FindSigner(jwt, parameters, input);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static SecurityTokenInvalidSignatureException? FindSigner(
        JsonWebToken jwt, TokenValidationParameters parameters, ReadOnlySpan<byte> input)
    {
        var kid = jwt.Kid;
        if (parameters.IssuerSigningKeyResolver is { } resolver)
        {
            var resolved = resolver(jwt.EncodedToken, jwt, kid, parameters);
            if (resolved is not null && !ClaimRules.IsEmpty(resolved))
                return TryKeys(jwt, null, resolved, input) ? null : BadSignature();
        }
        else if (kid.Length > 0 && KeyById(parameters, kid) is { } key)
        {
            return TryKey(jwt, key, input) ? null : BadSignature();
        }

        if (parameters.TryAllIssuerSigningKeys && TryKeys(jwt, parameters.IssuerSigningKey, parameters.IssuerSigningKeys, input))
            return null;
        return new SecurityTokenSignatureKeyNotFoundException("No known key made the signature of the token.");
    }

    private static SecurityTokenInvalidSignatureException BadSignature() => new("The signature of the token is wrong.");

    private static SecurityKey? KeyById(TokenValidationParameters parameters, string kid)
    {
        if (parameters.IssuerSigningKey is { } single && string.Equals(single.KeyId, kid, StringComparison.Ordinal))
            return single;
        if (parameters.IssuerSigningKeys is null)
            return null;
        foreach (var key in parameters.IssuerSigningKeys)
        {
            if (key is not null && string.Equals(key.KeyId, kid, StringComparison.Ordinal))
                return key;
        }

        return null;
    }

    private static bool TryKeys(JsonWebToken jwt, SecurityKey? first, IEnumerable<SecurityKey>? keys, ReadOnlySpan<byte> input)
    {
        if (first is not null && TryKey(jwt, first, input))
            return true;
        if (keys is null)
            return false;
        foreach (var key in keys)
        {
            if (key is not null && TryKey(jwt, key, input))
                return true;
        }

        return false;
    }

    private static bool TryKey(JsonWebToken jwt, SecurityKey key, ReadOnlySpan<byte> input)
    {
        if (!SignatureAlgorithm.Verify(jwt.Alg, key, input, jwt.Parts.Signature))
            return false;
        jwt.SigningKey = key;
        return true;
    }
}
