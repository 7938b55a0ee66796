using GrainVault.Accounts;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.Api.Auth;

/// <summary>Makes access tokens (RFC 7519, HS256) with the active key.</summary>
internal sealed class TokenIssuer(SigningKeyRing keys, AuthOptions options, TimeProvider time)
{
    /// <summary>Claim with the user's roles, separated by spaces.</summary>
    public const string RolesClaim = Roles.Claim;

    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>A token for a login, and its life in seconds.</summary>
    public (string Token, int ExpiresInSeconds) Issue(SignIn signIn)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var claims = new Dictionary<string, object>
        {
            [JwtRegisteredClaimNames.Sub] = signIn.UserId,
            [JwtRegisteredClaimNames.Sid] = signIn.LoginId,
        };
        if (signIn.Roles.Length > 0)
            claims[RolesClaim] = signIn.Roles;
        var token = _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = options.Issuer,
            Audience = options.Audience,
            IssuedAt = now,
            Expires = now + options.AccessTokenLifetime,
            Claims = claims,
            SigningCredentials = keys.Active.Credentials,
        });
        return (token, (int)options.AccessTokenLifetime.TotalSeconds);
    }
}
