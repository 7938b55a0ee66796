using System.Globalization;
using GrainVault.Api.Gateway;
using Microsoft.Extensions.Primitives;

namespace GrainVault.Api.Http;

/// <summary>
/// Headers that every response carries: nothing is sniffed, framed, embedded by other sites, or allowed to run. Cross-origin
/// pages that <c>Cors:Origins</c> names are let in by CORS, which <c>Cross-Origin-Resource-Policy</c> does not concern.
/// </summary>
internal sealed class SecurityHeadersMiddleware(RequestDelegate next, HttpOptions options)
{
    /// <summary>Policy of everything but the web app: nothing loads, and what a browser shows runs in a sandbox.</summary>
    public const string ContentPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

    private static readonly StringValues NoSniff = "nosniff";
    private static readonly StringValues Content = ContentPolicy;
    private static readonly StringValues Deny = "DENY";
    private static readonly StringValues NoReferrer = "no-referrer";
    private static readonly StringValues SameOrigin = "same-origin";
    private static readonly StringValues None = "none";
    private static readonly StringValues NoFeatures = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

    private readonly StringValues _strictTransport = options.StrictTransportMaxAge > TimeSpan.Zero
        ? string.Create(CultureInfo.InvariantCulture, $"max-age={(long)options.StrictTransportMaxAge.TotalSeconds}")
        : StringValues.Empty;

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = NoSniff;
        headers.ContentSecurityPolicy = Content;
        // For browsers that do not know frame-ancestors.
        headers.XFrameOptions = Deny;
        headers["Referrer-Policy"] = NoReferrer;
        headers["Cross-Origin-Resource-Policy"] = SameOrigin;
        headers["Cross-Origin-Opener-Policy"] = SameOrigin;
        headers["X-Permitted-Cross-Domain-Policies"] = None;
        headers["Permissions-Policy"] = NoFeatures;
        // RFC 6797, section 7.2: never over plain http.
        if (context.Request.IsHttps && _strictTransport.Count > 0)
            headers.StrictTransportSecurity = _strictTransport;
        return next(context);
    }
}
