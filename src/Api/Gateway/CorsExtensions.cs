using GrainVault.Api.Http;
using GrainVault.Silo.Options;

namespace GrainVault.Api.Gateway;

/// <summary>Cross-origin requests by configuration.</summary>
internal static class CorsExtensions
{
    /// <summary>
    /// Response headers that clients of the API, of tus 1.0 and of IETF resumable uploads read; a browser hides every header
    /// that is not named (Fetch standard, section 3.3.5).
    /// </summary>
    public static IReadOnlyList<string> ExposedAlways { get; } =
    [
        "ETag", "Location", "Retry-After", "Accept-Ranges", "Content-Range", "Content-Disposition", "Last-Modified", "Allow", RequestIdMiddleware.Header,
        "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
        "Content-Digest", "Repr-Digest", Links.LinkTicketHeaders.Header,
        "Upload-Offset", "Upload-Length", "Upload-Complete", "Upload-Limit", "Upload-Metadata", "Upload-Expires", "Upload-Defer-Length", "Upload-Concat",
        "Upload-Draft-Interop-Version", "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm",
    ];

    /// <summary>Reads <c>GrainVault:Cors</c>.</summary>
    public static void AddGatewayCors(this WebApplicationBuilder builder)
    {
        var settings = builder.AddGrainVaultOptions<CorsSettings>(CorsSettings.Section);
        if (!settings.IsOn)
            return;
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy =>
        {
            policy.WithOrigins([.. settings.Origins]);
            policy.SetIsOriginAllowedToAllowWildcardSubdomains();
            if (settings.Origins.Contains(CorsSettings.Any))
                policy.AllowAnyOrigin();
            policy.AllowAnyHeader().AllowAnyMethod();
            policy.WithExposedHeaders([.. ExposedAlways, .. settings.ExposedHeaders]);
            policy.SetPreflightMaxAge(settings.PreflightMaxAge);
            if (settings.AllowCredentials)
                policy.AllowCredentials();
            else
                policy.DisallowCredentials();
        }));
    }

    /// <summary>
    /// Answers preflights and marks answers. It stands before routing and tokens: a preflight carries no token, and costs no
    /// grain call.
    /// </summary>
    public static void UseGatewayCors(this WebApplication app)
    {
        if (app.Services.GetRequiredService<CorsSettings>().IsOn)
            app.UseCors();
    }
}
