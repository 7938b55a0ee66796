using System.Net;
using System.Text.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.Links;

/// <summary>What owners and visitors of links do over HTTP.</summary>
internal static class LinkClient
{
    /// <summary>Id and token of a new link.</summary>
    public static async Task<(string Id, string Token)> MakeLinkAsync(this Account owner, string entry, object? body = null)
    {
        using var response = body is null ? await owner.Http.PostAsync($"/v1/files/{entry}/links", null) : await owner.PostAsync($"/v1/files/{entry}/links", body);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.True(response.Headers.CacheControl!.NoStore);
        var link = await JsonAsync(response);
        return (IdOf(link), TokenOf(link));
    }

    public static string TokenOf(JsonElement link)
    {
        var url = new Uri(link.GetProperty("url").GetString()!);
        Assert.Matches("^/s/[A-Za-z0-9_-]{43}$", url.AbsolutePath);
        return url.AbsolutePath["/s/".Length..];
    }

    /// <summary>Sends a request of a visitor, who has no cookies.</summary>
    public static Task<HttpResponseMessage> VisitAsync(this HttpClient http, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return http.SendAsync(request);
    }

    public static Task<HttpResponseMessage> VisitAsync(this HttpClient http, string path, params (string Name, string Value)[] headers) =>
        http.VisitAsync(HttpMethod.Get, path, headers);
}
