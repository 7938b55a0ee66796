using System.Security.Claims;
using GrainVault.Accounts;
using GrainVault.Api.Auth;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.IdentityModel.JsonWebTokens;

namespace GrainVault.Api.Accounts;

/// <summary><c>/v1/auth</c> and <c>/v1/me</c>.</summary>
internal static class AccountEndpoints
{
    /// <summary>Characters of the secret half of a refresh token: 32 bytes in base64url.</summary>
    private const int RefreshSecretLength = 43;

    /// <summary>Adds the endpoints.</summary>
    public static void MapAccounts(this IEndpointRouteBuilder app)
    {
        var auth = app.MapGroup("/v1/auth").WithTags("Accounts").Refuses(400, 408, 413, 415, 429, 503);
        auth.MapPost("/signup", SignUpAsync).WithSummary("Creates an account and logs in.").Refuses(409);
        auth.MapPost("/login", LogInAsync).WithSummary("Logs in.").Refuses(401);
        auth.MapPost("/refresh", RefreshAsync).WithSummary("Takes a refresh token and gives the next; one that was used before ends the login.").Refuses(401);
        auth.MapPost("/logout", LogOutAsync).WithSummary("Ends the login of the access token.").RequireAuthorization().Refuses(401);
        auth.MapPost("/password", ChangePasswordAsync).WithSummary("Changes the password, ends all logins and starts a new one.")
            .RequireAuthorization().Refuses(401);
        app.MapGet("/v1/me", GetProfileAsync).WithTags("Accounts").WithSummary("The caller's account and quota.").RequireAuthorization().Refuses(401, 429, 503);
    }

    private static async Task<Results<Created<TokenAnswer>, Problem>> SignUpAsync(
        JsonBody<SignUpRequest> body,
        HttpContext context,
        IGrainFactory grains,
        GrainCalls calls,
        TokenIssuer tokens,
        RateLimiter limiter,
        GatewayInstruments instruments)
    {
        var taken = await limiter.SignUps.TakeAsync(context.Connection.RemoteIpAddress);
        RateLimitHeaders.Write(context.Response, limiter.SignUps.Budget, taken);
        if (!taken.IsAdmitted)
        {
            instruments.Throttled("signup");
            return RateLimitHeaders.Refusal(taken, "There were too many signups from this address.");
        }

        var request = body.Value;
        var command = new SignUpCommand(Ids.New(Ids.User), request.Email, request.Password, request.DisplayName);
        var result = await calls.RepeatableAsync(
            (Grain: grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(request.Email)), command), static (call, token) => call.Grain.SignUpAsync(call.command, token));
        return result.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Created("/v1/me", Answer(context, tokens, result.SignIn!));
    }

    private static async Task<Results<Ok<TokenAnswer>, Problem>> LogInAsync(
        JsonBody<LogInRequest> body,
        HttpContext context,
        IGrainFactory grains,
        GrainCalls calls,
        TokenIssuer tokens,
        RateLimiter limiter,
        GatewayInstruments instruments)
    {
        // Taken before the attempt and given back when the password was right: guesses that run at once all count.
        var address = context.Connection.RemoteIpAddress;
        var taken = await limiter.LogIns.TakeAsync(address);
        RateLimitHeaders.Write(context.Response, limiter.LogIns.Budget, taken);
        if (!taken.IsAdmitted)
        {
            instruments.Throttled("login");
            return RateLimitHeaders.Refusal(taken, "There were too many failed logins from this address.");
        }

        var grain = grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(body.Value.Email));
        // A repeat of a wrong guess would count twice.
        var command = new LogInCommand(body.Value.Email, body.Value.Password);
        var result = await calls.OnceAsync((grain, command), static (call, token) => call.grain.LogInAsync(call.command, token));
        if (result.Refusal is not { Reason: RefusalReason.BadCredentials })
            limiter.LogIns.Return(address, taken);
        return Result(context, tokens, result);
    }

    private static async Task<Results<Ok<TokenAnswer>, Problem>> RefreshAsync(
        JsonBody<RefreshRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls, TokenIssuer tokens)
    {
        var token = body.Value.RefreshToken;
        var dot = token.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || token.Length - dot - 1 != RefreshSecretLength || !Ids.IsValid(Ids.Login, token[..dot]))
            return new Problem(ProblemTypes.BadCredentials, "The refresh token is not valid.");
        // Never twice: a token that was used before ends the login.
        var login = grains.GetGrain<ILoginGrain>(token[..dot]);
        return Result(context, tokens, await calls.OnceAsync((login, token), static (call, end) => call.login.RefreshAsync(call.token, end)));
    }

    private static async Task<Results<NoContent, Problem>> LogOutAsync(
        OptionalJsonBody<LogOutRequest> body,
        ClaimsPrincipal user,
        IGrainFactory grains,
        GrainCalls calls,
        RevokedLogins revoked,
        AuthOptions options,
        TimeProvider time)
    {
        _ = body;
        var login = user.FindFirstValue(JwtRegisteredClaimNames.Sid)!;
        var result = await calls.RepeatableAsync(grains.GetGrain<ILoginGrain>(login), static (grain, token) => grain.EndAsync(token));
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        // This process need not wait for the next poll.
        revoked.Add(login, time.GetUtcNow() + options.AccessTokenLifetime + options.ClockSkew);
        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<TokenAnswer>, Problem>> ChangePasswordAsync(
        JsonBody<PasswordRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls, TokenIssuer tokens) =>
        Result(context, tokens, await calls.OnceAsync(
            (User: grains.CallingUser(), body.Value),
            static (call, token) => call.User.ChangePasswordAsync(call.Value.CurrentPassword, call.Value.NewPassword, token)));

    private static async Task<Results<Ok<ProfileAnswer>, Problem>> GetProfileAsync(IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        var result = await calls.RepeatableAsync(grains.CallingUser(), static (user, token) => user.GetProfileAsync(token), cancellationToken);
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(ProfileAnswer.From(result.Profile!));
    }

    private static Results<Ok<TokenAnswer>, Problem> Result(HttpContext context, TokenIssuer tokens, SignInResult result) =>
        result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(Answer(context, tokens, result.SignIn!));

    private static TokenAnswer Answer(HttpContext context, TokenIssuer tokens, SignIn signIn)
    {
        context.Response.Headers.CacheControl = "no-store";
        var (token, expiresIn) = tokens.Issue(signIn);
        return new TokenAnswer(signIn.UserId, token, signIn.RefreshToken, expiresIn);
    }
}
