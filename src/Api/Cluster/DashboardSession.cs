using System.Globalization;
using GrainVault.Accounts;
using GrainVault.Api.Http;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.IdentityModel.JsonWebTokens;

namespace GrainVault.Api.Cluster;

/// <summary>
/// Lets a browser load pages for administrators, which it does without an Authorization header: a cookie holds the access token,
/// for reading these pages and nothing else, no longer than the token lives. No script can read it, no other site can send it.
/// </summary>
internal static class DashboardSession
{
    /// <summary>Name of the cookie.</summary>
    public const string CookieName = "grainvault-dashboard";

    private const string BearerPrefix = "Bearer ";

    /// <summary>The paths below which the cookie is sent and counts.</summary>
    private static readonly string[] Paths = ["/cluster", "/dashboard"];

    /// <summary>Takes the token from the cookie, for reading the pages, where there is no header.</summary>
    public static Task ReadToken(MessageReceivedContext context)
    {
        var request = context.Request;
        if (request.Headers.Authorization.Count == 0
            && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            && Array.Exists(Paths, path => request.Path.StartsWithSegments(path, StringComparison.Ordinal)))
        {
            context.Token = request.Cookies[CookieName];
        }

        return Task.CompletedTask;
    }

    /// <summary>Sets the cookie from the token in the header, which no other site can make a browser send.</summary>
    public static IResult Begin(HttpContext context, TimeProvider time)
    {
        if (!Roles.IsAdministrator(context.User.FindFirst(Roles.Claim)?.Value))
            return new Problem(ProblemTypes.Forbidden, "The pages of the cluster are for administrators.");
        var token = context.Request.Headers.Authorization.ToString()[BearerPrefix.Length..].Trim();
        var expiresAt = long.Parse(context.User.FindFirst(JwtRegisteredClaimNames.Exp)!.Value, CultureInfo.InvariantCulture);
        var life = DateTimeOffset.FromUnixTimeSeconds(expiresAt) - time.GetUtcNow();
        foreach (var path in Paths)
            context.Response.Cookies.Append(CookieName, token, Options(context, path, life));
        return NoContent(context);
    }

    /// <summary>Removes the cookie.</summary>
    public static IResult End(HttpContext context)
    {
        foreach (var path in Paths)
            context.Response.Cookies.Delete(CookieName, Options(context, path, life: null));
        return NoContent(context);
    }

    private static IResult NoContent(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.NoContent();
    }

    private static CookieOptions Options(HttpContext context, string path, TimeSpan? life) => new()
    {
        Path = path,
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = IsPublicSchemeHttps(context.Request),
        MaxAge = life,
    };

    // A known proxy's word makes the request https. For the cookie the word of an unknown one is enough: who lies about it keeps
    // the cookie from nobody but himself. On plain http, as on the machine itself, a browser would drop a cookie that is Secure.
    private static bool IsPublicSchemeHttps(HttpRequest request) =>
        request.IsHttps
        || request.Headers[ForwardedHeadersDefaults.XForwardedProtoHeaderName].ToString()
            .Split(',', StringSplitOptions.TrimEntries).Contains(Uri.UriSchemeHttps, StringComparer.OrdinalIgnoreCase);
}
