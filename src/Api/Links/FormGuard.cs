using System.Security.Cryptography;
using System.Text;
using GrainVault.Links;

namespace GrainVault.Api.Links;

/// <summary>
/// Lets only our own pages send our forms: a form repeats a random value that the browser has in a cookie, which it sends with nothing that
/// another site began. Where the browser says that another site did, that decides.
/// </summary>
internal static class FormGuard
{
    /// <summary>Name of the form's field.</summary>
    public const string Field = "form";

    private const string Cookie = "gv-form";

    /// <summary>The value for a form: that of the browser's cookie, or a new one, which it gets.</summary>
    public static string Issue(HttpContext context, string root)
    {
        if (context.Request.Cookies[Cookie] is { } kept && LinkTokens.IsToken(kept))
            return kept;
        var value = LinkTokens.New();
        context.Response.Cookies.Append(Cookie, value, new CookieOptions
        {
            Path = root,
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
            IsEssential = true,
        });
        return value;
    }

    /// <summary>True for a form of ours.</summary>
    /// <param name="request">The request.</param>
    /// <param name="field">Value of the form's field.</param>
    public static bool IsOurs(HttpRequest request, string? field)
    {
        // W3C Fetch Metadata; browsers send it to hosts they trust the way to, and no page can.
        if (request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "same-origin")
            return false;
        return field is not null && request.Cookies[Cookie] is { } kept && LinkTokens.IsToken(kept)
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(field), Encoding.UTF8.GetBytes(kept));
    }
}
