using GrainVault.Api.Gateway;
using GrainVault.Api.Http;

namespace GrainVault.Api.Shedding;

/// <summary>
/// Holds each user to a share of the costly requests under way, so that one account, from however many addresses, leaves room for
/// the others. It stands behind the rate of requests: what that refuses takes no place here.
/// </summary>
internal sealed class UserShareMiddleware(RequestDelegate next, RequestAdmission admission, GatewayInstruments instruments)
{
    public Task InvokeAsync(HttpContext context)
    {
        var weight = RequestWeights.Of(context);
        if (weight == RequestWeight.Read || Caller.UserId is not { } user)
            return next(context);
        return admission.Users.TryEnter(weight, user) ? RunAsync(context, weight, user) : RefuseAsync(context);
    }

    private async Task RunAsync(HttpContext context, RequestWeight weight, string user)
    {
        try
        {
            await next(context);
        }
        finally
        {
            admission.Users.Leave(weight, user);
        }
    }

    private Task RefuseAsync(HttpContext context)
    {
        instruments.Throttled("user-requests");
        return new Problem(ProblemTypes.Throttled, "You have too many requests under way.") { RetryAfterSeconds = LoadSheddingMiddleware.RetryAfterSeconds }
            .ExecuteAsync(context);
    }
}
