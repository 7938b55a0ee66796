using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

[Collection(RunningVault.Name)]
public sealed class AccountTests(VaultFixture fixture)
{
    private static readonly TimeSpan RevokedWithin = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Profile_shows_the_account_and_its_quota()
    {
        using var user = await fixture.SignUpAsync();
        var me = await user.GetJsonAsync("/v1/me");
        Assert.Equal((user.UserId, user.Email), (me.GetProperty("userId").GetString(), me.GetProperty("email").GetString()));
        Assert.Equal((0, 0, 100L << 30), (me.GetProperty("usedBytes").GetInt64(), me.GetProperty("reservedBytes").GetInt64(), me.GetProperty("quotaBytes").GetInt64()));
        Assert.Matches("^u-[0-9a-f-]{36}$", user.UserId);
    }

    [Fact]
    public async Task Email_is_unique_without_regard_to_case()
    {
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(user.PostAsync("/v1/auth/signup", new { email = user.Email.ToUpperInvariant(), password = "another password" }), 409, "email-taken");
        using var login = await user.PostAsync("/v1/auth/login", new { email = user.Email.ToUpperInvariant(), password = user.Password });
        Assert.Equal(HttpStatusCode.OK, login.StatusCode);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("password123")]
    public async Task Weak_password_is_refused(string password)
    {
        using var http = fixture.CreateClient();
        await RefusedAsync(http.PostAsJsonAsync("/v1/auth/signup", new { email = $"{Guid.NewGuid():n}@x.org", password }), 400, "weak-password");
        await RefusedAsync(http.PostAsJsonAsync("/v1/auth/signup", new { email = $"{Guid.NewGuid():n}@x.org", password = new string('x', 257) }), 400, "weak-password");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a@")]
    [InlineData("no-at")]
    [InlineData("a@b@c")]
    [InlineData("a b@c.org")]
    [InlineData("a\u0000@c.org")]
    [InlineData("a\r\n@c.org")]
    public async Task Malformed_email_is_refused(string email)
    {
        using var http = fixture.CreateClient();
        await RefusedAsync(http.PostAsJsonAsync("/v1/auth/signup", new { email, password = "long enough password" }), 400, "invalid");
    }

    [Fact]
    public async Task Unknown_user_and_wrong_password_get_the_same_answer()
    {
        using var user = await fixture.SignUpAsync();
        var wrong = await RefusedAsync(user.PostAsync("/v1/auth/login", new { email = user.Email, password = "not the password" }), 401, "bad-credentials");
        var unknown = await RefusedAsync(user.PostAsync("/v1/auth/login", new { email = "nobody-" + user.Email, password = "not the password" }), 401, "bad-credentials");
        foreach (var member in new[] { "title", "detail", "status" })
            Assert.Equal(wrong.GetProperty(member).ToString(), unknown.GetProperty(member).ToString());
        Assert.Equal(wrong.EnumerateObject().Select(member => member.Name), unknown.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task Failed_logins_of_one_account_are_limited()
    {
        using var user = await fixture.SignUpAsync();
        HttpStatusCode status;
        var failures = 0;
        do
        {
            using var response = await user.PostAsync("/v1/auth/login", new { email = user.Email, password = "not the password" });
            status = response.StatusCode;
        }
        while (status == HttpStatusCode.Unauthorized && ++failures <= 20);
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Equal(10, failures);
    }

    [Fact]
    public async Task Refresh_rotates_and_reuse_of_an_old_token_ends_the_login()
    {
        using var user = await fixture.SignUpAsync();
        var old = user.RefreshToken;
        user.Take(await RefreshAsync(user, old));
        Assert.NotEqual(old, user.RefreshToken);
        user.Take(await RefreshAsync(user, user.RefreshToken));
        Assert.Equal(user.UserId, (await user.GetJsonAsync("/v1/me")).GetProperty("userId").GetString());

        await RefusedAsync(user.PostAsync("/v1/auth/refresh", new { refreshToken = old }), 401, "bad-credentials");
        await RefusedAsync(user.PostAsync("/v1/auth/refresh", new { refreshToken = user.RefreshToken }), 401, "bad-credentials");
        await RevokedAsync(user);
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("l-00000000-0000-7000-8000-000000000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("l-00000000-0000-7000-8000-000000000000.")]
    public async Task Unknown_refresh_token_is_refused(string refreshToken)
    {
        using var http = fixture.CreateClient();
        await RefusedAsync(http.PostAsJsonAsync("/v1/auth/refresh", new { refreshToken }), 401, "bad-credentials");
    }

    [Fact]
    public async Task Logout_ends_this_login_and_no_other()
    {
        using var user = await fixture.SignUpAsync();
        using var second = fixture.CreateClient();
        using var login = await second.PostAsJsonAsync("/v1/auth/login", new { email = user.Email, password = user.Password });
        var other = await JsonAsync(login);
        using var logout = await user.Http.PostAsync("/v1/auth/logout", null);
        Assert.Equal(HttpStatusCode.NoContent, logout.StatusCode);

        await RevokedAsync(user);
        await RefusedAsync(user.PostAsync("/v1/auth/refresh", new { refreshToken = user.RefreshToken }), 401, "bad-credentials");
        second.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", other.GetProperty("accessToken").GetString());
        using var me = await second.GetAsync("/v1/me");
        Assert.Equal(HttpStatusCode.OK, me.StatusCode);
    }

    [Fact]
    public async Task Change_of_password_ends_all_logins_and_starts_a_new_one()
    {
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(user.PostAsync("/v1/auth/password", new { currentPassword = "not the password", newPassword = "a new password" }), 401, "bad-credentials");
        await RefusedAsync(user.PostAsync("/v1/auth/password", new { currentPassword = user.Password, newPassword = "short" }), 400, "weak-password");
        using var changed = await user.PostAsync("/v1/auth/password", new { currentPassword = user.Password, newPassword = "a new password" });
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        await RevokedAsync(user);
        user.Take(await JsonAsync(changed));
        await user.GetJsonAsync("/v1/me");
        await RefusedAsync(user.PostAsync("/v1/auth/login", new { email = user.Email, password = user.Password }), 401, "bad-credentials");
    }

    [Fact]
    public async Task Visitor_gets_401_everywhere_but_where_no_token_is_needed()
    {
        using var http = fixture.CreateClient();
        foreach (var (method, path) in new[]
        {
            ("GET", "/v1/me"), ("GET", "/v1/files"), ("POST", "/v1/files?name=a"), ("GET", "/v1/uploads"), ("POST", "/v1/uploads"),
            ("GET", "/v1/uploads/x"), ("PUT", "/v1/uploads/x/parts/1"), ("POST", "/v1/uploads/x/complete"), ("DELETE", "/v1/uploads/x"),
            ("DELETE", "/v1/files/x"), ("GET", "/v1/files/by-path/x"), ("POST", "/v1/auth/logout"), ("POST", "/v1/auth/password"),
        })
        {
            await RefusedAsync(http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path)), 401, "unauthorized");
        }

        await RefusedAsync(http.GetAsync("/v1/files/f-00000000-0000-7000-8000-000000000000"), 404, "not-found");
    }

    private static async Task<JsonElement> RefreshAsync(Account user, string refreshToken)
    {
        using var response = await user.PostAsync("/v1/auth/refresh", new { refreshToken });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.Headers.CacheControl?.NoStore);
        return await JsonAsync(response);
    }

    private static Task RevokedAsync(Account user) => Eventually.TrueAsync(
        async () =>
        {
            using var response = await user.Http.GetAsync("/v1/me");
            return response.StatusCode == HttpStatusCode.Unauthorized;
        },
        RevokedWithin,
        () => "the ended login still works");
}
