using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>Lifetime, audience, issuer, type and size: RFC 7519, 4.1 and RFC 8725, 3.8 to 3.11.</summary>
public sealed class ClaimRuleTests
{
    private static readonly string Aud = $"\"aud\":\"{Tokens.Audience}\"";
    private static readonly string Iss = $"\"iss\":\"{Tokens.Issuer}\"";

    [Fact]
    public async Task Token_without_expiration_is_refused()
        => await Tokens.AssertRefusedAsync<SecurityTokenNoExpirationException>(Forge($"{Iss},{Aud}"));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1")]
    [InlineData("1300819380")]
    [InlineData("1300819380.75")]
    [InlineData("-9223372036854775808")]
    public async Task Token_of_the_past_is_refused(string expires)
        => await Tokens.AssertRefusedAsync<Exception>(Forge($"{Iss},{Aud},\"exp\":{expires}"));

    [Fact]
    public async Task Token_expired_by_less_than_the_skew_is_accepted_and_by_more_is_refused()
    {
        await AssertAcceptedAsync(Forge($"{Iss},{Aud},\"exp\":{Tokens.Now - 15}"));
        await Tokens.AssertRefusedAsync<SecurityTokenExpiredException>(Forge($"{Iss},{Aud},\"exp\":{Tokens.Now - 45}"));
    }

    [Fact]
    public async Task Token_valid_from_within_the_skew_is_accepted_and_from_later_is_refused()
    {
        await AssertAcceptedAsync(Forge($"{Iss},{Aud},\"nbf\":{Tokens.Now + 15},\"exp\":{Tokens.Now + 600}"));
        await Tokens.AssertRefusedAsync<SecurityTokenNotYetValidException>(
            Forge($"{Iss},{Aud},\"nbf\":{Tokens.Now + 45},\"exp\":{Tokens.Now + 600}"));
    }

    [Fact]
    public async Task Token_that_expires_before_it_is_valid_is_refused()
        => await Tokens.AssertRefusedAsync<SecurityTokenInvalidLifetimeException>(
            Forge($"{Iss},{Aud},\"nbf\":{Tokens.Now + 20},\"exp\":{Tokens.Now + 10}"));

    [Fact]
    public async Task Default_skew_is_five_minutes()
    {
        Assert.Equal(TimeSpan.FromMinutes(5), new TokenValidationParameters().ClockSkew);
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        parameters.ClockSkew = TokenValidationParameters.DefaultClockSkew;

        var late = await Tokens.Handler.ValidateTokenAsync(Forge($"{Iss},{Aud},\"exp\":{Tokens.Now - 280}"), parameters);
        Assert.True(late.IsValid, late.Exception?.ToString());
        await Tokens.AssertRefusedAsync(Forge($"{Iss},{Aud},\"exp\":{Tokens.Now - 320}"), parameters, typeof(SecurityTokenExpiredException));
    }

    [Fact]
    public async Task Lifetime_validator_decides_with_the_times_of_the_token()
    {
        var expires = Tokens.Now - 1000;
        (DateTime? NotBefore, DateTime? Expires) seen = default;
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        parameters.LifetimeValidator = (notBefore, end, _, _) =>
        {
            seen = (notBefore, end);
            return true;
        };

        var result = await Tokens.Handler.ValidateTokenAsync(Forge($"{Iss},{Aud},\"exp\":{expires}"), parameters);

        Assert.True(result.IsValid, result.Exception?.ToString());
        Assert.Null(seen.NotBefore);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(expires).UtcDateTime, seen.Expires);
        parameters.LifetimeValidator = (_, _, _, _) => false;
        await Tokens.AssertRefusedAsync(Forge($"{Iss},{Aud},\"exp\":{Tokens.Now + 99}"), parameters, typeof(SecurityTokenInvalidLifetimeException));
    }

    [Theory]
    [InlineData("\"aud\":\"other\"")]
    [InlineData("\"aud\":\"GRAINVAULT\"")]
    [InlineData("\"aud\":\"grainvaul\"")]
    [InlineData("\"aud\":\"grainvault2\"")]
    [InlineData("\"aud\":\"grainvault \"")]
    [InlineData("\"aud\":\"\"")]
    [InlineData("\"aud\":[]")]
    [InlineData("\"aud\":[\"\"]")]
    [InlineData("\"aud\":[\"a\",\"b\"]")]
    [InlineData("\"x\":1")]
    public async Task Token_for_another_audience_is_refused(string audience)
        => await Tokens.AssertRefusedAsync<SecurityTokenInvalidAudienceException>(Forge($"{Iss},{audience},\"exp\":{Tokens.Now + 99}"));

    [Theory]
    [InlineData("\"aud\":\"grainvault\"")]
    [InlineData("\"aud\":[\"grainvault\"]")]
    [InlineData("\"aud\":[\"other\",\"grainvault\"]")]
    [InlineData("\"aud\":\"grainvault/\"")]
    public async Task Token_for_this_audience_is_accepted(string audience)
        => await AssertAcceptedAsync(Forge($"{Iss},{audience},\"exp\":{Tokens.Now + 99}"));

    [Theory]
    [InlineData("\"iss\":\"https://evil.example\"")]
    [InlineData("\"iss\":\"https://vault.example/\"")]
    [InlineData("\"iss\":\"HTTPS://vault.example\"")]
    [InlineData("\"iss\":\"\"")]
    [InlineData("\"x\":1")]
    public async Task Token_of_another_issuer_is_refused(string issuer)
        => await Tokens.AssertRefusedAsync<SecurityTokenInvalidIssuerException>(Forge($"{issuer},{Aud},\"exp\":{Tokens.Now + 99}"));

    [Fact]
    public async Task Every_trusted_issuer_and_audience_is_accepted()
    {
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        parameters.ValidIssuer = null;
        parameters.ValidIssuers = new List<string> { "a", "b" };
        parameters.ValidAudience = null;
        parameters.ValidAudiences = new List<string> { "x", "y" };

        var result = await Tokens.Handler.ValidateTokenAsync(Forge($"\"iss\":\"b\",\"aud\":\"y\",\"exp\":{Tokens.Now + 99}"), parameters);

        Assert.True(result.IsValid, result.Exception?.ToString());
        await Tokens.AssertRefusedAsync(Forge($"\"iss\":\"c\",\"aud\":\"y\",\"exp\":{Tokens.Now + 99}"), parameters);
        await Tokens.AssertRefusedAsync(Forge($"\"iss\":\"b\",\"aud\":\"z\",\"exp\":{Tokens.Now + 99}"), parameters);
    }

    [Fact]
    public async Task Nothing_is_accepted_while_no_issuer_and_no_audience_are_configured()
    {
        var noIssuer = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        noIssuer.ValidIssuer = null;
        var noAudience = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        noAudience.ValidAudience = null;

        await Tokens.AssertRefusedAsync(Tokens.Create(SecurityAlgorithms.HmacSha256), noIssuer, typeof(SecurityTokenInvalidIssuerException));
        await Tokens.AssertRefusedAsync(Tokens.Create(SecurityAlgorithms.HmacSha256), noAudience, typeof(SecurityTokenInvalidAudienceException));
    }

    [Theory]
    [InlineData("\"typ\":\"at+jwt\"", true)]
    [InlineData("\"typ\":\"JWT\"", false)]
    [InlineData("\"typ\":\"logout+jwt\"", false)]
    [InlineData("\"x\":\"at+jwt\"", false)]
    public async Task Only_a_token_of_an_allowed_type_is_accepted(string type, bool accepted)
    {
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        parameters.ValidTypes = ["at+jwt"];

        var result = await Tokens.Handler.ValidateTokenAsync(
            Tokens.Forge($$"""{"alg":"HS256","kid":"h1",{{type}}}""", Tokens.Payload), parameters);

        Assert.Equal(accepted, result.IsValid);
        if (!accepted)
            Assert.IsType<SecurityTokenInvalidTypeException>(result.Exception);
    }

    [Fact]
    public async Task Token_above_the_size_limit_is_refused_and_at_the_limit_is_accepted()
    {
        var token = Tokens.Create(SecurityAlgorithms.HmacSha256);
        var handler = new JsonWebTokenHandler { MaximumTokenSizeInBytes = token.Length };

        var atLimit = await handler.ValidateTokenAsync(token, Tokens.Parameters(SecurityAlgorithms.HmacSha256));
        handler.MaximumTokenSizeInBytes = token.Length - 1;
        var above = await handler.ValidateTokenAsync(token, Tokens.Parameters(SecurityAlgorithms.HmacSha256));

        Assert.True(atLimit.IsValid, atLimit.Exception?.ToString());
        Assert.False(above.IsValid);
        Assert.IsAssignableFrom<ArgumentException>(above.Exception);
        Assert.Throws<ArgumentOutOfRangeException>(() => handler.MaximumTokenSizeInBytes = 0);
    }

    [Theory]
    [InlineData(200_000)]
    [InlineData(5_000_000)]
    public async Task Oversized_token_with_a_good_signature_is_refused_by_default(int paddingLength)
    {
        Assert.Equal(256_000, new JsonWebTokenHandler().MaximumTokenSizeInBytes);

        await Tokens.AssertRefusedAsync<ArgumentException>(
            Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith($",\"pad\":\"{new string('x', paddingLength)}\"")));
    }

    private static string Forge(string members) => Tokens.Forge(Tokens.HmacHeader, $"{{\"sub\":\"u-1\",{members}}}");

    private static async Task AssertAcceptedAsync(string token)
    {
        var result = await Tokens.ValidateAsync(token);
        Assert.True(result.IsValid, result.Exception?.ToString());
    }
}
