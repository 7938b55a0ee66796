using System.Net;
using System.Text.Json;

namespace GrainVault.Api.Tests.Running;

/// <summary>
/// Holds every answer of the running system against what section "HTTP API" promises for all of them: a request id, never 500,
/// and a problem as the body of every error.
/// </summary>
internal sealed class ContractHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        await CheckAsync(response, request.Method == HttpMethod.Head, cancellationToken);
        return response;
    }

    public static async Task CheckAsync(HttpResponseMessage response, bool isHead, CancellationToken cancellationToken)
    {
        Assert.NotEqual(HttpStatusCode.InternalServerError, response.StatusCode);
        // What the HTTP parser itself refuses never becomes a request.
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestUriTooLong or HttpStatusCode.RequestHeaderFieldsTooLarge
            && response.Content.Headers.ContentLength == 0 && !response.Headers.Contains("X-Request-Id"))
            return;

        var requestId = Assert.Single(response.Headers.GetValues("X-Request-Id"));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.False(response.Headers.Contains("Server"));
        if ((int)response.StatusCode < 400 || isHead || response.RequestMessage?.RequestUri?.AbsolutePath.StartsWith("/healthz", StringComparison.Ordinal) == true)
            return;

        // Pages of links are for people.
        if (response.Content.Headers.ContentType?.MediaType == "text/html" && response.RequestMessage?.RequestUri?.Segments is [_, "s/", _])
            return;

        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        await response.Content.LoadIntoBufferAsync(cancellationToken);
        var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)).RootElement;
        Assert.Equal((int)response.StatusCode, problem.GetProperty("status").GetInt32());
        Assert.Matches("^[a-z-]+$", problem.GetProperty("type").GetString());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("traceId").GetString());
        Assert.Equal(requestId, problem.GetProperty("requestId").GetString());
        if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
            Assert.NotNull(response.Headers.RetryAfter?.Delta);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
            Assert.NotEmpty(response.Headers.WwwAuthenticate);
    }
}
