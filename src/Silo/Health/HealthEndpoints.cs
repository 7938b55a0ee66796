namespace GrainVault.Silo.Health;

/// <summary>The endpoints for supervisors and load balancers; they need no token.</summary>
public static class HealthEndpoints
{
    private const string RetryAfterSeconds = "1";

    /// <summary>
    /// Maps <c>GET /healthz/live</c>, which answers 200 as long as the process handles requests, and
    /// <c>GET /healthz/ready</c>, which answers 200 or 503 with a <see cref="HealthReport"/>.
    /// </summary>
    public static IEndpointRouteBuilder MapGrainVaultHealth(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/healthz").AllowAnonymous();
        group.MapGet("/live", () => TypedResults.Ok(new { status = "live" }));
        group.MapGet("/ready", ReadyAsync);
        return endpoints;
    }

    private static async Task<IResult> ReadyAsync(HealthService health, HttpContext context)
    {
        var report = await health.CheckAsync(context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        if (report.IsReady)
            return TypedResults.Ok(report);
        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        return TypedResults.Json(report, statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
