namespace GrainVault.Api.Http;

/// <summary>URLs of this front end, as its clients reach it.</summary>
internal static class PublicUrl
{
    /// <summary>A URL as it is when it has a host, otherwise below the address that the request came to.</summary>
    public static string Of(HttpRequest request, string url) =>
        url.StartsWith('/') ? $"{request.Scheme}://{request.Host}{request.PathBase}{url}" : url;
}
