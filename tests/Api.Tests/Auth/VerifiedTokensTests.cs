using GrainVault.Api.Auth;
using GrainVault.TestKit;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.Api.Tests.Auth;

public sealed class VerifiedTokensTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow;

    [Fact]
    public async Task Token_is_verified_once_and_again_after_the_keys_changed()
    {
        var (handler, verified, ring, parameters) = Create();
        var token = TokenOf(ring);
        Assert.True((await handler.ValidateTokenAsync(token, parameters)).IsValid);
        Assert.Equal(1, verified.Count);
        Assert.NotNull(verified.Find(token, ring.Generation));

        ring.Replace([SigningKey.Create(Start)]);
        Assert.Null(verified.Find(token, ring.Generation));
        Assert.Equal(0, verified.Count);
        Assert.False((await handler.ValidateTokenAsync(token, parameters)).IsValid);
    }

    [Fact]
    public async Task Key_that_no_longer_signs_verifies_until_it_leaves_the_ring()
    {
        var (handler, _, ring, parameters) = Create();
        var old = ring.Active;
        var token = TokenOf(ring);
        ring.Replace([SigningKey.Create(Start), old]);
        Assert.True((await handler.ValidateTokenAsync(token, parameters)).IsValid);
        Assert.True((await handler.ValidateTokenAsync(TokenOf(ring), parameters)).IsValid);
    }

    [Fact]
    public async Task Refused_token_is_not_remembered()
    {
        var (handler, verified, ring, parameters) = Create();
        var token = TokenOf(ring);
        Assert.False((await handler.ValidateTokenAsync(token[..^3] + "AAA", parameters)).IsValid);
        Assert.Equal(0, verified.Count);
    }

    [Fact]
    public async Task Token_is_dropped_at_its_end()
    {
        var time = new ManualTime();
        var (handler, _, ring, parameters) = Create();
        var verified = new VerifiedTokens(10, TimeSpan.FromSeconds(5), time);
        var token = TokenOf(ring, time.GetUtcNow().UtcDateTime.AddMinutes(15));
        parameters.ValidateLifetime = false;
        verified.Add(token, await handler.ValidateTokenAsync(token, parameters), ring.Generation);
        time.Advance(TimeSpan.FromMinutes(15));
        Assert.NotNull(verified.Find(token, ring.Generation));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(verified.Find(token, ring.Generation));
    }

    [Fact]
    public async Task Memory_is_bounded()
    {
        var (handler, verified, ring, parameters) = Create(countMax: 16);
        for (var i = 0; i < 100; i++)
            await handler.ValidateTokenAsync(TokenOf(ring, sub: $"u-{i}"), parameters);
        Assert.InRange(verified.Count, 1, 16);
    }

    private static (CachingTokenHandler Handler, VerifiedTokens Verified, SigningKeyRing Ring, TokenValidationParameters Parameters) Create(int countMax = 100)
    {
        var ring = new SigningKeyRing();
        ring.Replace([SigningKey.Create(Start)]);
        var verified = new VerifiedTokens(countMax, TimeSpan.Zero, TimeProvider.System);
        var parameters = new TokenValidationParameters
        {
            ValidateIssuer = false,
            ValidateAudience = false,
            TryAllIssuerSigningKeys = false,
            IssuerSigningKeyResolver = (_, _, kid, _) => ring.Find(kid),
        };
        return (new CachingTokenHandler(verified, ring), verified, ring, parameters);
    }

    private static string TokenOf(SigningKeyRing ring, DateTime? expires = null, string sub = "u-1") =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Expires = expires ?? DateTime.UtcNow.AddMinutes(15),
            Claims = new Dictionary<string, object> { ["sub"] = sub },
            SigningCredentials = ring.Active.Credentials,
        });
}
