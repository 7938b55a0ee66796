using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace GrainVault.Api.Links;

/// <summary>
/// One HTML page for a visitor of a link. It has no script, loads nothing, and its policy allows nothing but its own style and forms that lead
/// back here. Whatever comes from users passes through <see cref="Text"/>.
/// </summary>
internal sealed class LinkPage : IResult, IStatusCodeHttpResult
{
    private static readonly string Style = ReadStyle();

    private static readonly string ContentPolicy = string.Create(
        CultureInfo.InvariantCulture,
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _body = new();
    private readonly string _title;

    /// <summary>A page with a heading, which is its title too.</summary>
    public LinkPage(string title)
    {
        _title = title;
        Html("<h1 dir=\"auto\">").Text(title).Html("</h1>\n");
    }

    /// <summary>Status of the response. Default: 200.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <inheritdoc/>
    public int? StatusCode => Status;

    /// <summary>Adds markup of ours.</summary>
    public LinkPage Html(string markup)
    {
        _body.Append(markup);
        return this;
    }

    /// <summary>Adds text of anybody, for an element or a quoted attribute.</summary>
    public LinkPage Text(string text)
    {
        _body.Append(Encoder.Encode(text));
        return this;
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var bytes = Encoding.UTF8.GetBytes(
            $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex, nofollow">
            <title>{Encoder.Encode(_title)} - GrainVault</title>
            <style>{Style}</style>
            </head>
            <body>
            <main>
            {_body}</main>
            </body>
            </html>

            """);
        response.StatusCode = Status;
        response.Headers.ContentSecurityPolicy = ContentPolicy;
        response.Headers.CacheControl = LinkVisits.CacheControl;
        response.Headers["X-Robots-Tag"] = "noindex, nofollow";
        if (Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = LinkVisits.Challenge;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(httpContext.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(bytes, httpContext.RequestAborted).AsTask();
    }

    private static string ReadStyle()
    {
        using var resource = typeof(LinkPage).Assembly.GetManifestResourceStream("links/link.css")
            ?? throw new InvalidOperationException("The resource links/link.css is missing.");
        using var reader = new StreamReader(resource, Encoding.UTF8);
        // What stands in the page is what the policy names, whatever the line ends of the file.
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
