using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;

namespace GrainVault.Api.Files;

/// <summary>
/// Requests that name somebody by an address tell by their answer, as a signup does, whether it has an account: guesses count for the budget
/// of signups, others are given back.
/// </summary>
internal sealed class AddressGuesses(RateLimiter limiter, GatewayInstruments instruments)
{
    /// <summary>Takes one from the budget when the user is named by an address. A problem when there is none left.</summary>
    public async Task<(Problem? Problem, RateDecision Taken)> TakeAsync(HttpContext context, string user)
    {
        if (!user.Contains('@', StringComparison.Ordinal))
            return (null, RateDecision.Admitted(0));
        var taken = await limiter.SignUps.TakeAsync(context.Connection.RemoteIpAddress);
        if (taken.IsAdmitted)
            return (null, taken);
        instruments.Throttled("signup");
        RateLimitHeaders.Write(context.Response, limiter.SignUps.Budget, taken);
        return (RateLimitHeaders.Refusal(taken, "There were too many attempts to share with people who are not here, or to sign up, from this address."), taken);
    }

    /// <summary>Gives it back: the answer told nothing that the caller did not know.</summary>
    public void Return(HttpContext context, RateDecision taken) => limiter.SignUps.Return(context.Connection.RemoteIpAddress, taken);
}
