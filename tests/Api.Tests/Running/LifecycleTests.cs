using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using GrainVault.Api.Auth;
using GrainVault.TestKit.Processes;
using Microsoft.IdentityModel.JsonWebTokens;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>What needs a system of its own: settings, restarts, and an orderly stop.</summary>
public sealed class LifecycleTests
{
    private static readonly byte[] Part = RandomNumberGenerator.GetBytes(PartSize);

    [Fact]
    public async Task Rotated_key_signs_and_the_one_before_verifies_until_its_tokens_have_ended()
    {
        await using var vault = await VaultProcess.StartAsync(VaultFixture.Settings());
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var old = user.AccessToken;

        await RestartWithAgedKeyAsync(vault, keyIndex: 0, TimeSpan.FromDays(91));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(user, old));
        using var login = await user.Http.PostAsJsonAsync("/v1/auth/login", new { email = user.Email, password = user.Password });
        user.Take(await JsonAsync(login));
        Assert.NotEqual(new JsonWebToken(old).Kid, new JsonWebToken(user.AccessToken).Kid);

        await RestartWithAgedKeyAsync(vault, keyIndex: 0, TimeSpan.FromHours(2));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(user, old));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(user, user.AccessToken));
    }

    [Fact]
    public async Task Expired_session_is_closed_and_gives_its_quota_back()
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Limits__UploadLifetime"] = "00:00:05";
        settings["GrainVault__Janitor__Period"] = "00:00:05";
        await using var vault = await VaultProcess.StartAsync(settings);
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var upload = await user.CreateUploadAsync("x", 1);
        using var put = await user.PutPartAsync(IdOf(upload), 1, [1]);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);

        await Eventually.TrueAsync(
            async () => (await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}")).GetProperty("state").GetString() == "expired",
            TimeSpan.FromSeconds(90),
            () => "the session does not expire");
        await RefusedAsync(user.CompleteAsync(IdOf(upload)), 409, "upload-closed");
        await RefusedAsync(user.PutPartAsync(IdOf(upload), 1, [1]), 409, "upload-closed");
        await Eventually.TrueAsync(
            async () => (await user.GetJsonAsync("/v1/me")).GetProperty("reservedBytes").GetInt64() == 0,
            TimeSpan.FromSeconds(90),
            () => "the quota stays reserved");
    }

    [Fact]
    public async Task Orderly_stop_lets_a_part_finish()
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Limits__BodyBytesPerSecondMin"] = "1";
        await using var vault = await VaultProcess.StartAsync(settings);
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var upload = await user.CreateUploadAsync("x", PartSize);
        using var client = await RawClient.ConnectAsync(vault.Address);
        await client.SendHeadAsync(user, $"PUT /v1/uploads/{IdOf(upload)}/parts/1", $"Content-Length: {PartSize}", "Expect: 100-continue");
        Assert.Equal(100, await client.StatusAsync());

        var stopping = vault.StopAsync();
        await Eventually.TrueAsync(
            () => Task.FromResult(vault.Log.Contains("Application is shutting down", StringComparison.Ordinal)), TimeSpan.FromSeconds(10), () => "it does not stop");
        await client.SendAsync(Part);
        Assert.Equal(200, await client.StatusAsync());
        Assert.Equal(0, await stopping);

        await vault.RestartAsync();
        Assert.Equal(PartSize, (await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}")).GetProperty("receivedBytes").GetInt64());
    }

    [Theory]
    [InlineData("GrainVault__Auth__SigningKeys__0__Secret", "dG9vIHNob3J0", "GrainVault:Auth:SigningKeys")]
    [InlineData("GrainVault__Auth__AccessTokenLifetime", "1.00:00:00", "GrainVault:Auth:AccessTokenLifetime")]
    [InlineData("GrainVault__Limits__BytesInFlightMax", "1000", "GrainVault:Limits:BytesInFlightMax")]
    [InlineData("GrainVault__Limits__SignupsPerMinute", "many", "GrainVault:Limits:SignupsPerMinute")]
    public async Task Wrong_setting_stops_the_start_with_a_line_that_names_it(string name, string value, string key)
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Auth__SigningKeys__0__Kid"] = "k";
        settings["GrainVault__Auth__SigningKeys__0__Secret"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        settings[name] = value;
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => VaultProcess.StartAsync(settings));
        Assert.Contains($"{key} is '", failure.Message, StringComparison.Ordinal);
        Assert.Contains("allowed:", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(settings["GrainVault__Auth__SigningKeys__0__Secret"], failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", failure.Message, StringComparison.Ordinal);
    }

    private static async Task RestartWithAgedKeyAsync(VaultProcess vault, int keyIndex, TimeSpan age)
    {
        Assert.Equal(0, await vault.StopAsync());
        var path = Path.Combine(vault.DataDirectory, SigningKeyFile.FileName);
        var keys = JsonNode.Parse(await File.ReadAllTextAsync(path))!.AsArray();
        keys[keyIndex]!["createdAt"] = DateTimeOffset.UtcNow - age;
        await File.WriteAllTextAsync(path, keys.ToJsonString());
        await vault.RestartAsync();
    }

    private static async Task<HttpStatusCode> StatusAsync(Account user, string token)
    {
        user.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await user.Http.GetAsync("/v1/me");
        return response.StatusCode;
    }
}
