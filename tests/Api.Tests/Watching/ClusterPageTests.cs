using System.Net;
using System.Text.Json;
using GrainVault.Api.Tests.Running;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Watching;

[Collection(RunningVault.Name)]
public sealed class ClusterPageTests(VaultFixture fixture)
{
    private const string Cookie = "grainvault-dashboard";

    [Theory]
    [InlineData("/cluster")]
    [InlineData("/dashboard")]
    [InlineData("/cluster/status")]
    public async Task Pages_are_for_administrators_alone(string path)
    {
        using var http = fixture.CreateClient();
        using var user = await fixture.SignUpAsync();

        await RefusedAsync(http.GetAsync(path), 401, "unauthorized");
        await RefusedAsync(user.Http.GetAsync(path), 403, "forbidden");
        using var response = await fixture.Administrator.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Browser_without_a_right_gets_the_form_and_nothing_of_the_cluster()
    {
        using var user = await fixture.SignUpAsync();
        // Not the client that checks that every error is a problem: this one is a page.
        using var http = fixture.Vault.CreateClient();
        foreach (var status in new[] { HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden })
        {
            http.DefaultRequestHeaders.Authorization = status == HttpStatusCode.Forbidden ? user.Http.DefaultRequestHeaders.Authorization : null;
            foreach (var path in new[] { "/cluster", "/dashboard" })
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                request.Headers.Add("Accept", "text/html,application/xhtml+xml;q=0.9");
                using var response = await http.SendAsync(request);

                Assert.Equal(status, response.StatusCode);
                Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType?.ToString());
                Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
                var page = await response.Content.ReadAsStringAsync();
                Assert.Contains("id=\"sign-in\"", page, StringComparison.Ordinal);
                Assert.DoesNotContain(Environment.MachineName + ":", page, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Page_allows_no_inline_script_no_frame_and_no_other_origin()
    {
        using var response = await fixture.Administrator.Http.GetAsync("/cluster");
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        var page = await response.Content.ReadAsStringAsync();

        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("style=", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("://", page, StringComparison.Ordinal);
        using var http = fixture.CreateClient();
        foreach (var (file, type) in new[] { ("page.js", "text/javascript"), ("page.css", "text/css") })
        {
            using var part = await http.GetAsync($"/cluster/{file}");
            Assert.Equal(type, part.Content.Headers.ContentType?.MediaType);
            Assert.DoesNotContain("://", await part.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Status_shows_this_process_its_activations_and_the_latency_of_its_calls()
    {
        using var user = await fixture.SignUpAsync();
        await user.PutFileAsync("seen on the page", [1, 2, 3]);
        JsonElement status = default;
        await Eventually.TrueAsync(
            async () =>
            {
                status = await fixture.Administrator.GetJsonAsync("/cluster/status");
                return Methods(status).Any(method => method.GetProperty("method").GetString() == "WriteFileAsync");
            },
            TimeSpan.FromSeconds(30),
            () => status.ToString());

        var process = Assert.Single(status.GetProperty("processes").EnumerateArray());
        Assert.Equal($"{Environment.MachineName}:{fixture.Vault.Pid}", process.GetProperty("name").GetString());
        Assert.Equal(("frontEndWithSilo", "running"), (process.GetProperty("role").GetString(), process.GetProperty("state").GetString()));
        Assert.InRange(process.GetProperty("ageSeconds").GetDouble(), 0, 10);
        Assert.True(process.GetProperty("memoryBytes").GetInt64() > 10 << 20);
        Assert.Equal((1, 1), (status.GetProperty("siloCount").GetInt32(), status.GetProperty("frontEndCount").GetInt32()));
        Assert.Equal(16, status.GetProperty("reminderCount").GetInt64());
        Assert.Contains(status.GetProperty("activations").EnumerateArray(), type => type.GetProperty("grainType").GetString() == "JanitorGrain" && type.GetProperty("count").GetInt64() == 16);
        var call = Methods(status).First(method => method.GetProperty("method").GetString() == "WriteFileAsync");
        Assert.Equal("IPartWriterGrain", call.GetProperty("grain").GetString());
        Assert.True(call.GetProperty("callsPerSecond").GetDouble() > 0);
        Assert.InRange(call.GetProperty("p50Seconds").GetDouble(), 1e-6, call.GetProperty("p99Seconds").GetDouble());
    }

    [Fact]
    public async Task Cookie_of_a_session_opens_the_pages_for_reading_and_nothing_else()
    {
        using var administrator = await LogInAgainAsync();
        using var begun = await administrator.Http.PostAsync("/dashboard/session", null);
        Assert.Equal(HttpStatusCode.NoContent, begun.StatusCode);
        var cookies = begun.Headers.GetValues("Set-Cookie").ToList();
        Assert.Equal(["path=/cluster", "path=/dashboard"], cookies.Select(cookie => cookie.Split("; ").Single(part => part.StartsWith("path", StringComparison.Ordinal))));
        Assert.All(cookies, cookie => Assert.EndsWith("; samesite=strict; httponly", cookie, StringComparison.Ordinal));
        Assert.All(cookies, cookie => Assert.DoesNotContain("; secure", cookie, StringComparison.Ordinal));
        var value = cookies[0].Split(';')[0];
        Assert.StartsWith($"{Cookie}=", value, StringComparison.Ordinal);

        foreach (var path in new[] { "/cluster", "/dashboard", "/cluster/status" })
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(HttpMethod.Get, path, value));
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/v1/me"), (HttpMethod.Get, "/v1/files"), (HttpMethod.Get, "/metrics"), (HttpMethod.Post, "/dashboard/session"), (HttpMethod.Post, "/v1/auth/logout") })
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(method, path, value));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(HttpMethod.Get, "/cluster", value + "x"));

        // A login that was ended takes its cookie with it.
        (await administrator.Http.PostAsync("/v1/auth/logout", null)).Dispose();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(HttpMethod.Get, "/cluster/status", value));
    }

    [Fact]
    public async Task Session_is_refused_to_other_users_and_visitors_and_ends_with_empty_cookies()
    {
        using var user = await fixture.SignUpAsync();
        using var http = fixture.CreateClient();
        using var refused = await user.Http.PostAsync("/dashboard/session", null);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.False(refused.Headers.Contains("Set-Cookie"));
        await RefusedAsync(http.PostAsync("/dashboard/session", null), 401, "unauthorized");

        using var ended = await http.DeleteAsync("/dashboard/session");

        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.All(ended.Headers.GetValues("Set-Cookie"), cookie => Assert.StartsWith($"{Cookie}=; expires=Thu, 01 Jan 1970", cookie, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https", true)]
    [InlineData("http, https", true)]
    [InlineData("http", false)]
    public async Task Cookie_goes_over_https_alone_where_a_proxy_says_that_browsers_come_by_https(string scheme, bool isSecure)
    {
        using var administrator = await LogInAgainAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/dashboard/session");
        request.Headers.Add("X-Forwarded-Proto", scheme);
        using var begun = await administrator.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, begun.StatusCode);
        Assert.All(begun.Headers.GetValues("Set-Cookie"), cookie => Assert.Equal(isSecure, cookie.Contains("; secure", StringComparison.Ordinal)));
    }

    private static IEnumerable<JsonElement> Methods(JsonElement status) => status.GetProperty("methods").EnumerateArray();

    private async Task<Account> LogInAgainAsync()
    {
        var account = new Account(fixture.CreateClient(), fixture.Administrator.Email, fixture.Administrator.Password);
        using var response = await account.PostAsync("/v1/auth/login", new { email = account.Email, password = account.Password });
        account.Take(await JsonAsync(response));
        return account;
    }

    private async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, string cookie)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, UseProxy = false }) { BaseAddress = fixture.Address };
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Cookie", cookie);
        using var response = await http.SendAsync(request);
        return response.StatusCode;
    }
}
