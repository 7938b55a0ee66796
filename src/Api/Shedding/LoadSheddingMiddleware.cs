using GrainVault.Api.Gateway;
using GrainVault.Api.Http;

namespace GrainVault.Api.Shedding;

/// <summary>
/// Sends requests away while the process has too much to do, the costly ones first: uploads, then changes and downloads, reads
/// of metadata last, and health checks and metrics never. It stands before the token check, so that a refusal costs next to nothing.
/// </summary>
internal sealed class LoadSheddingMiddleware(RequestDelegate next, RequestAdmission admission, ProcessPressure pressure, GatewayInstruments instruments)
{
    private const int RetryAfterSeconds = 2;

    private static readonly string[] Names = ["read", "change", "upload"];

    public Task InvokeAsync(HttpContext context)
    {
        var weight = RequestWeights.Of(context);
        if (pressure.Level.Refuses(weight) && !IsOfOperations(context))
            return RefuseAsync(context, weight, "pressure");
        if (weight == RequestWeight.Read)
            return next(context);
        return admission.TryEnter(weight) ? RunAsync(context, weight) : RefuseAsync(context, weight, "count");
    }

    private async Task RunAsync(HttpContext context, RequestWeight weight)
    {
        try
        {
            await next(context);
        }
        finally
        {
            admission.Leave(weight);
        }
    }

    private Task RefuseAsync(HttpContext context, RequestWeight weight, string reason)
    {
        instruments.Shed(Names[(int)weight], reason);
        return new Problem(ProblemTypes.Overloaded, "This front end has too much to do; try again.") { RetryAfterSeconds = RetryAfterSeconds }
            .ExecuteAsync(context);
    }

    // What tells that there is too much to do must not go blind over it.
    private static bool IsOfOperations(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal) || context.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal);
}
