using Microsoft.Extensions.Primitives;

namespace GrainVault.Api.Links;

/// <summary>
/// How the ticket of a counted download travels: the response that was counted carries it in a header, for programs, and in a cookie, for
/// browsers; what goes on with the download sends it in the same header, in the query, or as the cookie.
/// </summary>
internal static class LinkTicketHeaders
{
    /// <summary>Header of responses and requests.</summary>
    public const string Header = "X-Download-Ticket";

    /// <summary>Parameter of the query.</summary>
    public const string Parameter = "ticket";

    private const string Cookie = "gv-ticket";

    /// <summary>
    /// The ticket of a request; null without one. A browser sends the cookie by itself, also with what is a new download: it counts for
    /// ranges alone.
    /// </summary>
    public static string? Read(HttpRequest request) =>
        One(request.Headers[Header]) ?? One(request.Query[Parameter]) ?? (request.Headers.Range.Count > 0 ? request.Cookies[Cookie] : null);

    /// <summary>Gives the ticket to the client, for this path alone.</summary>
    public static void Write(HttpContext context, string ticket, TimeSpan lifetime)
    {
        context.Response.Headers[Header] = ticket;
        context.Response.Cookies.Append(Cookie, ticket, new CookieOptions
        {
            Path = context.Request.PathBase + context.Request.Path,
            MaxAge = lifetime,
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
            IsEssential = true,
        });
    }

    private static string? One(StringValues values) => values is [{ Length: > 0 } value] ? value : null;
}
