using System.Net;
using GrainVault.TestKit.Processes;

namespace GrainVault.Api.Tests.Running;

/// <summary>A front end behind a proxy that it knows, with pages of one other origin.</summary>
public sealed class GatewayFixture : IAsyncLifetime
{
    public const string Origin = "https://app.example.org";

    internal VaultProcess Vault { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Cors__Origins__0"] = Origin;
        settings["GrainVault__Cors__ExposedHeaders__0"] = "X-Own";
        settings["GrainVault__Proxies__Known__0"] = "127.0.0.0/8";
        settings["GrainVault__Limits__SignupsPerMinute"] = "2";
        Vault = await VaultProcess.StartAsync(settings);
    }

    public async Task DisposeAsync() => await Vault.DisposeAsync();
}

public sealed class GatewayTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task Preflight_is_answered_without_a_token_and_says_what_a_page_may_do()
    {
        using var http = VaultFixture.CreateClient(fixture.Vault);
        using var preflight = Request(HttpMethod.Options, "/v1/uploads/up-x/parts/1", GatewayFixture.Origin);
        preflight.Headers.Add("Access-Control-Request-Method", "PUT");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,content-type,x-checksum-sha256");
        using var response = await http.SendAsync(preflight);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(GatewayFixture.Origin, Value(response, "Access-Control-Allow-Origin"));
        Assert.Contains("PUT", Value(response, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.Contains("x-checksum-sha256", Value(response, "Access-Control-Allow-Headers"), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("3600", Value(response, "Access-Control-Max-Age"));
        Assert.Equal("", Value(response, "Access-Control-Allow-Credentials"));
        Assert.Equal("", Value(response, "RateLimit-Limit"));
    }

    [Fact]
    public async Task Page_of_the_origin_reads_answers_and_errors_with_their_headers_and_other_origins_read_none()
    {
        using var http = VaultFixture.CreateClient(fixture.Vault);
        using (var response = await http.SendAsync(Request(HttpMethod.Get, "/v1/me", GatewayFixture.Origin)))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal(GatewayFixture.Origin, Value(response, "Access-Control-Allow-Origin"));
            var exposed = Value(response, "Access-Control-Expose-Headers").Split(',', StringSplitOptions.TrimEntries);
            foreach (var name in new[] { "ETag", "Location", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "Upload-Offset", "Tus-Resumable", "X-Own" })
                Assert.Contains(name, exposed);
        }

        using var other = await http.SendAsync(Request(HttpMethod.Get, "/v1/me", "https://evil.example.org"));
        Assert.Equal("", Value(other, "Access-Control-Allow-Origin"));
        Assert.Equal("", Value(other, "Access-Control-Expose-Headers"));
    }

    [Fact]
    public async Task Every_answer_carries_the_security_headers_and_https_alone_the_strict_transport()
    {
        using var http = VaultFixture.CreateClient(fixture.Vault);
        foreach (var path in new[] { "/healthz/live", "/v1/me", "/nothing" })
        {
            using var plain = await http.GetAsync(path);
            Assert.Equal("nosniff", Value(plain, "X-Content-Type-Options"));
            Assert.Contains("frame-ancestors 'none'", Value(plain, "Content-Security-Policy"), StringComparison.Ordinal);
            Assert.Equal("DENY", Value(plain, "X-Frame-Options"));
            Assert.Equal("no-referrer", Value(plain, "Referrer-Policy"));
            Assert.Equal("same-origin", Value(plain, "Cross-Origin-Resource-Policy"));
            Assert.Equal("same-origin", Value(plain, "Cross-Origin-Opener-Policy"));
            Assert.Equal("none", Value(plain, "X-Permitted-Cross-Domain-Policies"));
            Assert.NotEqual("", Value(plain, "Permissions-Policy"));
            Assert.Equal("", Value(plain, "Strict-Transport-Security"));
            using var secure = Request(HttpMethod.Get, path, origin: null);
            secure.Headers.Add("X-Forwarded-For", "192.0.2.1");
            secure.Headers.Add("X-Forwarded-Proto", "https");
            Assert.Equal("max-age=31536000", Value(await http.SendAsync(secure), "Strict-Transport-Security"));
        }
    }

    [Fact]
    public async Task Clients_behind_a_known_proxy_are_counted_by_their_own_address()
    {
        using var http = VaultFixture.CreateClient(fixture.Vault);
        for (var i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.Created, await SignUpFromAsync(http, "198.51.100.1"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await SignUpFromAsync(http, "198.51.100.1"));
        Assert.Equal(HttpStatusCode.Created, await SignUpFromAsync(http, "198.51.100.2"));
        // What the client wrote itself stands before what the proxy added, and is not believed.
        Assert.Equal(HttpStatusCode.TooManyRequests, await SignUpFromAsync(http, "203.0.113.9, 198.51.100.1"));
    }

    [Fact]
    public async Task Clients_of_unknown_proxies_are_counted_by_the_connection()
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Limits__SignupsPerMinute"] = "1";
        await using var vault = await VaultProcess.StartAsync(settings);
        using var http = VaultFixture.CreateClient(vault);
        Assert.Equal(HttpStatusCode.Created, await SignUpFromAsync(http, "198.51.100.1"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await SignUpFromAsync(http, "198.51.100.2"));
    }

    private static async Task<HttpStatusCode> SignUpFromAsync(HttpClient http, string forwardedFor)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/auth/signup")
        {
            Content = new StringContent($$"""{"email":"{{Guid.NewGuid():n}}@example.org","password":"long enough password"}""", null, "application/json"),
        };
        request.Headers.Add("X-Forwarded-For", forwardedFor);
        using var response = await http.SendAsync(request);
        return response.StatusCode;
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string? origin)
    {
        var request = new HttpRequestMessage(method, path);
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        return request;
    }

    private static string Value(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : "";
}
