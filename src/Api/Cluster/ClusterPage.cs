using System.Security.Cryptography;

namespace GrainVault.Api.Cluster;

/// <summary>The cluster's page: one HTML file with one script and one style sheet, which hold nothing that is secret.</summary>
internal static class ClusterPage
{
    /// <summary>The page loads its own two files and asks its own server, and nothing else.</summary>
    public const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly byte[] Html = Read("cluster.html");

    /// <summary>The script.</summary>
    public static PageFile Script { get; } = new("cluster.js", "text/javascript; charset=utf-8");

    /// <summary>The style sheet.</summary>
    public static PageFile Style { get; } = new("cluster.css", "text/css; charset=utf-8");

    /// <summary>Writes the page with whatever status the response has.</summary>
    public static Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.Headers.ContentSecurityPolicy = ContentPolicy;
        response.Headers.CacheControl = "no-store";
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = Html.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(Html, context.RequestAborted).AsTask();
    }

    private static byte[] Read(string name)
    {
        using var resource = typeof(ClusterPage).Assembly.GetManifestResourceStream($"cluster/{name}")
            ?? throw new InvalidOperationException($"The resource cluster/{name} is missing.");
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>A file of the page, with an ETag, so that a browser asks again and gets a new release at once.</summary>
    internal sealed class PageFile(string name, string contentType)
    {
        private readonly byte[] _bytes = Read(name);

        public IResult Get(HttpContext context)
        {
            context.Response.Headers.CacheControl = "no-cache";
            var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(_bytes).AsSpan(0, 8))}\"";
            return TypedResults.Bytes(_bytes, contentType, entityTag: new Microsoft.Net.Http.Headers.EntityTagHeaderValue(tag));
        }
    }
}
