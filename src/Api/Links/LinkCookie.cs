namespace GrainVault.Api.Links;

/// <summary>The cookie of a browser that has told a link's password. It goes with requests from the link's own page, never with those of other sites.</summary>
internal static class LinkCookie
{
    private const string Name = "gv-link";

    /// <summary>The proof of the password; null without one.</summary>
    public static string? ReadProof(HttpRequest request) => request.Cookies[Name] is { Length: > 0 } proof ? proof : null;

    /// <summary>Lets the browser keep the proof, for the link at this path alone.</summary>
    public static void WriteProof(HttpContext context, string root, string proof, TimeSpan lifetime) =>
        context.Response.Cookies.Append(Name, proof, new CookieOptions
        {
            Path = root,
            MaxAge = lifetime,
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
            IsEssential = true,
        });
}
