using GrainVault.Api.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.IdentityModel.JsonWebTokens;

namespace GrainVault.Api.Auth;

/// <summary>An endpoint that visitors without a token may use; a wrong token is refused there too.</summary>
internal sealed class TokenOptional
{
    /// <summary>The one instance.</summary>
    public static TokenOptional Instance { get; } = new();
}

/// <summary>The one place where the caller of a request becomes the caller of its grain calls.</summary>
internal sealed class CallerMiddleware(RequestDelegate next, RevokedLogins revoked)
{
    public Task InvokeAsync(HttpContext context)
    {
        var user = context.User;
        if (user.Identity is { IsAuthenticated: true })
        {
            if (!revoked.IsReliable)
                return new Problem(ProblemTypes.Unavailable, "Ended logins can't be looked up, so no token is trusted.") { RetryAfterSeconds = 5 }
                    .ExecuteAsync(context);
            Caller.SetUser(
                user.FindFirst(JwtRegisteredClaimNames.Sub)?.Value,
                user.FindFirst(TokenIssuer.RolesClaim)?.Value,
                user.FindFirst(JwtRegisteredClaimNames.Sid)?.Value);
            return next(context);
        }

        if (context.Request.Headers.Authorization.Count > 0 && context.GetEndpoint()?.Metadata.GetMetadata<TokenOptional>() is not null)
            return context.ChallengeAsync();
        Caller.SetUser(null, null);
        return next(context);
    }
}
