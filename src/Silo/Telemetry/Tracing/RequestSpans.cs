using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace GrainVault.Silo.Telemetry.Tracing;

/// <summary>
/// Says on the span of a request what it was: method, route and status. Never the path or the query, which may hold secrets.
/// Nothing is traced of requests that only watch.
/// </summary>
internal sealed class RequestSpans : IStartupFilter
{
    private static readonly string[] Watching = ["/healthz", "/metrics", "/cluster", "/dashboard"];

    private static readonly string[] KnownMethods =
    [
        HttpMethods.Connect, HttpMethods.Delete, HttpMethods.Get, HttpMethods.Head, HttpMethods.Options, HttpMethods.Patch, HttpMethods.Post,
        HttpMethods.Put, HttpMethods.Trace,
    ];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(InvokeAsync);
        next(app);
    };

    private static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is not { IsAllDataRequested: true } span)
        {
            await next(context);
            return;
        }

        if (Array.Exists(Watching, path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal)))
        {
            // Calls that follow ask their parent whether they are traced.
            span.IsAllDataRequested = false;
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            await next(context);
            return;
        }

        try
        {
            await next(context);
        }
        finally
        {
            Describe(span, context);
        }
    }

    private static void Describe(Activity span, HttpContext context)
    {
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        if (route is { Length: > 1 })
            route = route.TrimEnd('/');
        var method = HttpMethods.GetCanonicalizedValue(context.Request.Method);
        // Names must be few: any other method is a client's invention.
        var known = Array.IndexOf(KnownMethods, method) >= 0 ? method : "_OTHER";
        span.DisplayName = route is null ? known : $"{known} {route}";
        span.SetTag("http.request.method", known);
        span.SetTag("http.route", route);
        span.SetTag("http.response.status_code", context.Response.StatusCode);
        span.SetTag("url.scheme", context.Request.Scheme);
        span.SetTag("grainvault.request_id", context.TraceIdentifier);
        if (context.Response.StatusCode >= StatusCodes.Status500InternalServerError)
            span.SetStatus(ActivityStatusCode.Error);
    }
}
