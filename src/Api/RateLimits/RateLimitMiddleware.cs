using GrainVault.Api.Gateway;
using GrainVault.RateLimits;

namespace GrainVault.Api.RateLimits;

/// <summary>
/// Holds each user, and each address that sends no valid token, to the rate of requests that all front ends together allow.
/// Health checks come as often as their operator wants.
/// </summary>
internal sealed class RateLimitMiddleware(RequestDelegate next, RateLimiter limiter, GatewayInstruments instruments)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (Caller.UserId is { } user)
        {
            return limiter.Users.TryTake(user, out var ofUser, out var deciding)
                ? GoOn(context, limiter.Users.Budget, ofUser)
                : WaitAsync(context, limiter.Users.Budget, deciding);
        }

        if (context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal))
            return next(context);
        return limiter.Addresses.TryTake(AddressKey.Of(context.Connection.RemoteIpAddress), out var ofAddress, out var hearing)
            ? GoOn(context, limiter.Addresses.Budget, ofAddress)
            : WaitAsync(context, limiter.Addresses.Budget, hearing);
    }

    private async Task WaitAsync(HttpContext context, RateBudget budget, Task<RateDecision> deciding) => await GoOn(context, budget, await deciding);

    private Task GoOn(HttpContext context, RateBudget budget, in RateDecision decision)
    {
        RateLimitHeaders.Write(context.Response, budget, decision);
        if (decision.IsAdmitted)
            return next(context);
        var isUser = Caller.UserId is not null;
        instruments.Throttled(isUser ? "user" : "address");
        return RateLimitHeaders.Refusal(decision, isUser ? "You send too many requests." : "There are too many requests from this address.")
            .ExecuteAsync(context);
    }
}
