using System.Globalization;
using System.Net;
using GrainVault.Api.Tests.Running.Links;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>A system with small budgets.</summary>
public sealed class SmallBudgetsFixture : IAsyncLifetime
{
    public const int PerSecond = 20;
    public const int FailedLogins = 5;
    public const int Signups = 5;
    public const int FailedLinkPasswords = 3;

    internal VaultProcess Vault { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Limits__RequestsPerSecondPerUser"] = PerSecond.ToString(CultureInfo.InvariantCulture);
        settings["GrainVault__Limits__RequestsPerSecondPerAddress"] = PerSecond.ToString(CultureInfo.InvariantCulture);
        settings["GrainVault__Limits__FailedLoginsPerMinutePerAddress"] = FailedLogins.ToString(CultureInfo.InvariantCulture);
        settings["GrainVault__Limits__FailedLinkPasswordsPerMinutePerAddress"] = FailedLinkPasswords.ToString(CultureInfo.InvariantCulture);
        settings["GrainVault__Limits__SignupsPerMinute"] = Signups.ToString(CultureInfo.InvariantCulture);
        settings["GrainVault__Proxies__Known__0"] = "127.0.0.1";
        Vault = await VaultProcess.StartAsync(settings);
    }

    public async Task DisposeAsync() => await Vault.DisposeAsync();
}

public sealed class RateLimitTests(SmallBudgetsFixture fixture) : IClassFixture<SmallBudgetsFixture>
{
    private int _client;

    [Fact]
    public async Task User_beyond_the_rate_gets_429_with_the_time_to_come_back_and_others_are_served()
    {
        using var user = await SignUpAsync();
        using var other = await SignUpAsync();
        using (var first = await user.Http.GetAsync("/v1/me"))
        {
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);
            Assert.Equal("20", Value(first, "RateLimit-Limit"));
            Assert.Equal("19", Value(first, "RateLimit-Remaining"));
            Assert.Equal("1", Value(first, "RateLimit-Reset"));
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => user.Http.GetAsync("/v1/me")));
        var refused = answers.Where(answer => answer.StatusCode == HttpStatusCode.TooManyRequests).ToList();
        Assert.NotEmpty(refused);
        Assert.Equal(200, refused.Count + answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        foreach (var answer in refused)
        {
            Assert.Equal("throttled", await ProblemAsync(answer));
            Assert.Equal("0", Value(answer, "RateLimit-Remaining"));
            Assert.Equal(Value(answer, "RateLimit-Reset"), answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        }

        Assert.Equal(HttpStatusCode.OK, (await other.Http.GetAsync("/v1/me")).StatusCode);
        await Eventually.TrueAsync(
            async () => (await user.Http.GetAsync("/v1/me")).StatusCode == HttpStatusCode.OK, TimeSpan.FromSeconds(10), () => "the budget does not recover");
    }

    [Fact]
    public async Task Address_without_a_token_is_limited_and_health_checks_and_other_addresses_are_not()
    {
        using var flood = Client();
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => flood.GetAsync("/v1/me")));
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.Unauthorized);

        var health = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => flood.GetAsync("/healthz/live")));
        Assert.All(health, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        using var other = Client();
        Assert.Equal(HttpStatusCode.Unauthorized, (await other.GetAsync("/v1/me")).StatusCode);
    }

    [Fact]
    public async Task Failed_logins_of_one_address_are_limited_over_all_accounts_and_successful_ones_are_not()
    {
        using var user = await SignUpAsync();
        using var http = Client();
        for (var i = 0; i < SmallBudgetsFixture.FailedLogins + 3; i++)
            Assert.Equal(HttpStatusCode.OK, (await LogInAsync(http, user.Email, user.Password)).StatusCode);
        for (var i = 0; i < SmallBudgetsFixture.FailedLogins; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await LogInAsync(http, $"nobody{i}@example.org", "some long password")).StatusCode);

        using var refused = await LogInAsync(http, "nobody@example.org", "some long password");
        Assert.Equal("429 throttled", $"{(int)refused.StatusCode} {await ProblemAsync(refused)}");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        using var elsewhere = Client();
        Assert.Equal(HttpStatusCode.OK, (await LogInAsync(elsewhere, user.Email, user.Password)).StatusCode);
    }

    [Fact]
    public async Task Guesses_who_has_an_account_are_limited_also_by_way_of_shares()
    {
        using var friend = await SignUpAsync();
        using var user = await SignUpAsync();
        var file = IdOf(await user.PutFileAsync("x", [1]));
        Task<HttpResponseMessage> ShareAsync(string email) =>
            user.Http.PutAsync($"/v1/files/{file}/shares/{email}", new StringContent("""{"role":"viewer"}""", null, "application/json"));
        var guesses = 0;
        // The signup was the first that counts.
        await Eventually.TrueAsync(
            async () =>
            {
                using var guess = await ShareAsync($"nobody{guesses}@example.org");
                guesses++;
                return guess.StatusCode == HttpStatusCode.TooManyRequests;
            },
            TimeSpan.FromSeconds(20),
            () => "nobody stops the guesses");
        Assert.InRange(guesses, 2, 2 * SmallBudgetsFixture.Signups);

        Assert.Equal(HttpStatusCode.OK, (await ShareAsync(friend.UserId)).StatusCode);
        using var other = await SignUpAsync();
        var theirs = IdOf(await other.PutFileAsync("x", [1]));
        for (var i = 0; i < SmallBudgetsFixture.Signups + 3; i++)
        {
            using var right = await other.Http.PutAsync($"/v1/files/{theirs}/shares/{friend.Email}", new StringContent("""{"role":"viewer"}""", null, "application/json"));
            Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        }
    }

    [Fact]
    public async Task Wrong_passwords_of_links_are_limited_for_an_address_over_all_links_and_right_ones_are_not()
    {
        using var user = await SignUpAsync();
        var file = IdOf(await user.PutFileAsync("x", [1]));
        var (_, first) = await user.MakeLinkAsync(file, new { password = "right" });
        var (_, second) = await user.MakeLinkAsync(file, new { password = "right" });
        using var guesser = Client();
        Task<HttpResponseMessage> TryAsync(HttpClient http, string token, string password) => http.VisitAsync($"/s/{token}/content", ("X-Link-Password", password));
        for (var i = 0; i < SmallBudgetsFixture.FailedLinkPasswords + 2; i++)
            Assert.Equal(HttpStatusCode.OK, (await TryAsync(guesser, first, "right")).StatusCode);
        for (var i = 0; i < SmallBudgetsFixture.FailedLinkPasswords; i++)
            await RefusedAsync(TryAsync(guesser, i == 0 ? first : second, $"guess {i}"), 401, "bad-credentials");

        using var refused = await TryAsync(guesser, first, "right");
        Assert.Equal("429 throttled", $"{(int)refused.StatusCode} {await ProblemAsync(refused)}");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        using var elsewhere = Client();
        Assert.Equal(HttpStatusCode.OK, (await TryAsync(elsewhere, first, "right")).StatusCode);
    }

    private Task<Account> SignUpAsync() => Account.SignUpAsync(Client());

    // Each client has an address of its own.
    private HttpClient Client()
    {
        var http = VaultFixture.CreateClient(fixture.Vault);
        http.DefaultRequestHeaders.Add("X-Forwarded-For", $"198.51.{Random.Shared.Next(256)}.{Interlocked.Increment(ref _client)}");
        return http;
    }

    private static Task<HttpResponseMessage> LogInAsync(HttpClient http, string email, string password) =>
        http.PostAsync("/v1/auth/login", new StringContent($$"""{"email":"{{email}}","password":"{{password}}"}""", null, "application/json"));

    private static string Value(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));
}
