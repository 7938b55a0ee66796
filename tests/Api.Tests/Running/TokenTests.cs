using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using GrainVault.Api.Auth;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

[Collection(RunningVault.Name)]
public sealed class TokenTests(VaultFixture fixture)
{
    [Fact]
    public async Task Forged_truncated_expired_and_foreign_tokens_are_401()
    {
        using var user = await fixture.SignUpAsync();
        var key = KeyOf(fixture);
        var token = user.AccessToken;
        var claims = new Dictionary<string, object> { ["sub"] = user.UserId, ["sid"] = "l-00000000-0000-7000-8000-000000000000" };
        var parts = token.Split('.');
        var tokens = new[]
        {
            token[..^1], token[..(token.Length / 2)], token + "A", token.Replace('.', ' '), "x", ".", "..", "a.b.c", new string('a', 5000),
            $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{parts[1]}.", $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{parts[1]}.{parts[2]}",
            Create(SigningKey.Create(DateTimeOffset.UtcNow), claims), Create(key, claims, expires: DateTime.UtcNow.AddMinutes(-2)),
            Create(key, claims, issuer: "somebody"), Create(key, claims, audience: "something"),
            Create(key, new Dictionary<string, object> { ["sub"] = user.UserId }), Create(new SigningKey("other-kid", Convert.FromBase64String(key.SecretBase64), default), claims),
        };
        foreach (var forged in tokens)
        {
            user.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", forged);
            await RefusedAsync(user.Http.GetAsync("/v1/me"), 401, "unauthorized");
            // Where no token is needed, a wrong one is refused all the same.
            await RefusedAsync(user.Http.GetAsync("/v1/files/f-00000000-0000-7000-8000-000000000000"), 401, "unauthorized");
        }

        user.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Create(key, claims));
        Assert.Equal(HttpStatusCode.OK, (await user.Http.GetAsync("/v1/me")).StatusCode);
        user.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", token);
        await RefusedAsync(user.Http.GetAsync("/v1/me"), 401, "unauthorized");
    }

    [Fact]
    public async Task Token_ends_while_the_process_runs()
    {
        using var user = await fixture.SignUpAsync();
        var claims = new Dictionary<string, object> { ["sub"] = user.UserId, ["sid"] = "l-00000000-0000-7000-8000-000000000000" };
        // Alive only by the clock skew that is tolerated, 5 s.
        user.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Create(KeyOf(fixture), claims, expires: DateTime.UtcNow.AddSeconds(-3)));
        Assert.Equal(HttpStatusCode.OK, (await user.Http.GetAsync("/v1/me")).StatusCode);
        await TestKit.Processes.Eventually.TrueAsync(
            async () => (await user.Http.GetAsync("/v1/me")).StatusCode == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(10), () => "the token does not end");
    }

    [Fact]
    public async Task Token_and_refresh_token_and_password_reach_no_log()
    {
        using var user = await fixture.SignUpAsync();
        await user.GetJsonAsync("/v1/me?access_token=" + user.AccessToken);
        await RefusedAsync(user.PostJsonAsync("/v1/auth/login", $$"""{"password":"{{user.Password}}","extra":1}"""), 400, "invalid");
        await RefusedAsync(user.PostAsync("/v1/auth/refresh", new { refreshToken = user.RefreshToken + "x" }), 401, "bad-credentials");
        var log = fixture.Vault.Log;
        foreach (var secret in new[] { user.AccessToken, user.RefreshToken, user.Password, KeyOf(fixture).SecretBase64 })
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
    }

    /// <summary>A token that was good until two minutes ago.</summary>
    internal static string ExpiredToken(VaultFixture fixture, string userId) => Create(
        KeyOf(fixture),
        new Dictionary<string, object> { ["sub"] = userId, ["sid"] = "l-00000000-0000-7000-8000-000000000000" },
        expires: DateTime.UtcNow.AddMinutes(-2));

    private static SigningKey KeyOf(VaultFixture fixture)
    {
        var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(fixture.Vault.DataDirectory, SigningKeyFile.FileName))).RootElement[0];
        return new SigningKey(file.GetProperty("kid").GetString()!, file.GetProperty("secret").GetBytesFromBase64(), file.GetProperty("createdAt").GetDateTimeOffset());
    }

    private static string Create(
        SigningKey key, Dictionary<string, object> claims, DateTime? expires = null, string issuer = "grainvault", string audience = "grainvault") =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            Expires = expires ?? DateTime.UtcNow.AddMinutes(5),
            Claims = claims,
            SigningCredentials = key.Credentials,
        });

    private static string Encode(string json) => Base64UrlEncoder.Encode(json);
}
