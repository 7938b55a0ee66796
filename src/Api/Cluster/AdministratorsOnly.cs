using GrainVault.Accounts;

namespace GrainVault.Api.Cluster;

/// <summary>
/// An endpoint for administrators, who may come with a browser: without a right to it, a browser gets the page with the form for
/// signing in.
/// </summary>
/// <param name="ContentPolicy">Content-Security-Policy of what the endpoint answers; null for the usual one.</param>
internal sealed record AdministratorsOnly(string? ContentPolicy = null);

/// <summary>Turns away who may not see an endpoint with <see cref="AdministratorsOnly"/>: 401 without a valid token, otherwise 403.</summary>
internal sealed class AdministratorsMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<AdministratorsOnly>() is not { } rule)
            return next(context);
        var response = context.Response;
        response.Headers.CacheControl = "no-store";
        if (Roles.IsAdministrator(context.User.FindFirst(Roles.Claim)?.Value))
        {
            if (rule.ContentPolicy is not null)
                response.Headers.ContentSecurityPolicy = rule.ContentPolicy;
            return next(context);
        }

        var isKnown = context.User.Identity is { IsAuthenticated: true };
        response.StatusCode = isKnown ? StatusCodes.Status403Forbidden : StatusCodes.Status401Unauthorized;
        if (!isKnown)
            response.Headers.WWWAuthenticate = "Bearer";
        // Anything else than a browser gets a problem, which is written where statuses without a body are.
        return context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            ? ClusterPage.WriteAsync(context)
            : Task.CompletedTask;
    }
}
