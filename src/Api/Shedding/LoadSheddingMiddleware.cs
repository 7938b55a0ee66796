using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;

namespace GrainVault.Api.Shedding;

/// <summary>
/// Sends requests away while the process has too much to do, the costly ones first: uploads, then changes and downloads, reads
/// of metadata last, and health checks and metrics never. It stands before the token check, so that a refusal costs next to nothing.
/// </summary>
internal sealed class LoadSheddingMiddleware(RequestDelegate next, RequestAdmission admission, ProcessPressure pressure, GatewayInstruments instruments)
{
    /// <summary>When a request that was sent away may come again, in seconds.</summary>
    public const int RetryAfterSeconds = 2;

    private static readonly string[] Names = ["read", "change", "upload"];

    public Task InvokeAsync(HttpContext context)
    {
        var weight = RequestWeights.Of(context);
        if (pressure.Level.Refuses(weight) && !IsOfOperations(context))
            return ShedAsync(context, weight, "pressure");
        if (weight == RequestWeight.Read)
            return next(context);
        var address = AddressKey.Of(context.Connection.RemoteIpAddress);
        return admission.TryEnter(weight, address) switch
        {
            AdmissionOutcome.Admitted => RunAsync(context, weight, address),
            AdmissionOutcome.BeyondShare => ThrottleAsync(context),
            _ => ShedAsync(context, weight, "count"),
        };
    }

    private async Task RunAsync(HttpContext context, RequestWeight weight, AddressKey address)
    {
        try
        {
            await next(context);
        }
        finally
        {
            admission.Leave(weight, address);
        }
    }

    private Task ShedAsync(HttpContext context, RequestWeight weight, string reason)
    {
        instruments.Shed(Names[(int)weight], reason);
        return new Problem(ProblemTypes.Overloaded, "This front end has too much to do; try again.") { RetryAfterSeconds = RetryAfterSeconds }
            .ExecuteAsync(context);
    }

    // 429 and not 503: the front end has room, only not for this address, and who asks too much must not look like an outage.
    private Task ThrottleAsync(HttpContext context)
    {
        instruments.Throttled("address-requests");
        return new Problem(ProblemTypes.Throttled, "There are too many requests under way from this address.") { RetryAfterSeconds = RetryAfterSeconds }
            .ExecuteAsync(context);
    }

    // What tells that there is too much to do must not go blind over it.
    private static bool IsOfOperations(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal) || context.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal);
}
