using System.Security.Claims;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>How claims go into a token and what comes out.</summary>
public sealed class ClaimValueTests
{
    [Fact]
    public async Task Claims_of_every_JSON_type_come_back()
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.Claims!["text"] = "a \"b\" \\ \u00e9 \U0001F600";
        descriptor.Claims["yes"] = true;
        descriptor.Claims["int"] = 42;
        descriptor.Claims["long"] = 5_000_000_000L;
        descriptor.Claims["list"] = new[] { "x", "y" };
        descriptor.Claims["object"] = new Dictionary<string, object> { ["k"] = "v" };

        var result = await Tokens.ValidateAsync(Tokens.Handler.CreateToken(descriptor));

        Assert.True(result.IsValid, result.Exception?.ToString());
        var identity = result.ClaimsIdentity;
        Assert.Equal("a \"b\" \\ \u00e9 \U0001F600", identity.FindFirst("text")?.Value);
        Assert.Equal("true", identity.FindFirst("yes")?.Value);
        Assert.Equal(ClaimValueTypes.Boolean, identity.FindFirst("yes")?.ValueType);
        Assert.Equal("42", identity.FindFirst("int")?.Value);
        Assert.Equal("5000000000", identity.FindFirst("long")?.Value);
        Assert.Equal(["x", "y"], identity.FindAll("list").Select(claim => claim.Value));
        Assert.Equal("v", JsonDocument.Parse(identity.FindFirst("object")!.Value).RootElement.GetProperty("k").GetString());
        Assert.All(identity.Claims, claim => Assert.Equal(Tokens.Issuer, claim.Issuer));
    }

    [Fact]
    public async Task Claims_of_an_identity_come_back_and_several_of_one_type_become_an_array()
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.Claims = null;
        descriptor.Subject = new ClaimsIdentity([new Claim("sub", "u-2"), new Claim("role", "a"), new Claim("role", "b"), new Claim("n", "7", ClaimValueTypes.Integer64)]);

        var token = Tokens.Handler.CreateToken(descriptor);
        var result = await Tokens.ValidateAsync(token);

        Assert.True(result.IsValid, result.Exception?.ToString());
        Assert.Equal("u-2", ((JsonWebToken)result.SecurityToken).Subject);
        Assert.Equal(["a", "b"], result.ClaimsIdentity.FindAll("role").Select(claim => claim.Value));
        Assert.Equal(7, Tokens.Handler.ReadJsonWebToken(token).GetPayloadValue<long>("n"));
    }

    [Fact]
    public async Task Name_and_role_are_the_claims_that_the_parameters_name()
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.Claims!["roles"] = new[] { "admin", "user" };
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        parameters.NameClaimType = "sub";
        parameters.RoleClaimType = "roles";

        var result = await Tokens.Handler.ValidateTokenAsync(Tokens.Handler.CreateToken(descriptor), parameters);
        var principal = new ClaimsPrincipal(result.ClaimsIdentity);

        Assert.Equal("u-1", principal.Identity?.Name);
        Assert.True(principal.IsInRole("admin"));
        Assert.False(principal.IsInRole("root"));
    }

    [Theory]
    [InlineData(false, "sub", "role")]
    [InlineData(true, ClaimTypes.NameIdentifier, ClaimTypes.Role)]
    public async Task Claims_get_long_names_only_when_mapping_is_on(bool map, string subjectType, string roleType)
    {
        var handler = new JsonWebTokenHandler { MapInboundClaims = map };
        var token = Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(",\"role\":\"admin\""));

        var result = await handler.ValidateTokenAsync(token, Tokens.Parameters(SecurityAlgorithms.HmacSha256));

        Assert.Equal("u-1", result.ClaimsIdentity.FindFirst(subjectType)?.Value);
        Assert.Equal("admin", result.ClaimsIdentity.FindFirst(roleType)?.Value);
        Assert.Equal("u-1", ((JsonWebToken)result.SecurityToken).Subject);
    }

    [Fact]
    public async Task Claim_names_differ_by_case()
    {
        var result = await Tokens.ValidateAsync(Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(",\"SUB\":\"u-evil\",\"Role\":\"admin\"")));

        Assert.True(result.IsValid, result.Exception?.ToString());
        Assert.Equal("u-1", result.ClaimsIdentity.FindFirst("sub")?.Value);
        Assert.Null(result.ClaimsIdentity.FindFirst("role"));
        Assert.Single(result.ClaimsIdentity.FindAll("sub"));
        Assert.False(result.ClaimsIdentity.HasClaim("sub", "u-evil"));
    }

    [Fact]
    public async Task Claim_given_twice_never_counts_with_its_first_value()
    {
        // RFC 7519, 4: refuse, "or use a JSON parser that returns only the lexically last duplicate member name".
        var result = await Tokens.ValidateAsync(Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(",\"sub\":\"u-2\"")));

        Assert.DoesNotContain(result.ClaimsIdentity?.FindAll("sub") ?? [], claim => claim.Value == "u-1");
        Assert.NotEqual(result.IsValid, result.Exception is not null);
    }

    [Fact]
    public void New_token_has_the_times_of_its_descriptor_or_the_defaults()
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.Expires = new DateTime(2100, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        descriptor.NotBefore = new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        descriptor.IssuedAt = new DateTime(2021, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        var explicitTimes = Tokens.Handler.ReadJsonWebToken(Tokens.Handler.CreateToken(descriptor));
        (descriptor.Expires, descriptor.NotBefore, descriptor.IssuedAt) = (null, null, null);
        var before = DateTime.UtcNow.AddSeconds(-1);
        var defaults = Tokens.Handler.ReadJsonWebToken(Tokens.Handler.CreateToken(descriptor));

        Assert.Equal(new DateTime(2100, 1, 2, 3, 4, 5, DateTimeKind.Utc), explicitTimes.ValidTo);
        Assert.Equal(new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc), explicitTimes.ValidFrom);
        Assert.Equal(new DateTime(2021, 1, 2, 3, 4, 5, DateTimeKind.Utc), explicitTimes.IssuedAt);
        Assert.InRange(defaults.ValidTo, before.AddMinutes(60), DateTime.UtcNow.AddMinutes(60));
        Assert.InRange(defaults.IssuedAt, before, DateTime.UtcNow);
        Assert.InRange(defaults.ValidFrom, before, DateTime.UtcNow);
    }

    [Fact]
    public void Header_has_algorithm_key_id_and_type()
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.TokenType = "at+jwt";

        var token = Tokens.Handler.ReadJsonWebToken(Tokens.Handler.CreateToken(descriptor));

        Assert.Equal(("HS256", "h1", "at+jwt"), (token.Alg, token.Kid, token.Typ));
        Assert.Equal("JWT", Tokens.Handler.ReadJsonWebToken(Tokens.Create(SecurityAlgorithms.HmacSha256)).Typ);
    }

    [Fact]
    public void Several_audiences_become_an_array()
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.Audiences.Add("second");

        var token = Tokens.Handler.ReadJsonWebToken(Tokens.Handler.CreateToken(descriptor));

        Assert.Equal([Tokens.Audience, "second"], token.Audiences.Order());
    }

    [Fact]
    public void Member_of_the_descriptor_wins_over_its_claims_and_those_over_the_subject()
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.Claims!["iss"] = "claims";
        descriptor.Claims["sub"] = "claims";
        descriptor.Subject = new ClaimsIdentity([new Claim("sub", "subject"), new Claim("only", "subject")]);

        var token = Tokens.Handler.ReadJsonWebToken(Tokens.Handler.CreateToken(descriptor));

        Assert.Equal(Tokens.Issuer, token.Issuer);
        Assert.Equal("claims", token.Subject);
        Assert.Equal("subject", token.GetPayloadValue<string>("only"));
        Assert.Single(token.Claims, claim => claim.Type == "sub");
    }

    [Fact]
    public void Reading_checks_the_form_only()
    {
        var token = Tokens.Handler.ReadJsonWebToken(Tokens.Forge("""{"alg":"HS256"}""", """{"sub":"x","list":["a","b"]}""", new byte[32]));

        Assert.Equal("x", token.Subject);
        Assert.Equal(DateTime.MinValue, token.ValidTo);
        Assert.Empty(token.Audiences);
        Assert.Equal(["a", "b"], token.Claims.Where(claim => claim.Type == "list").Select(claim => claim.Value));
        Assert.True(token.TryGetClaim("sub", out var claim) && claim.Value == "x");
        Assert.False(token.TryGetPayloadValue<string>("absent", out _));
        Assert.ThrowsAny<ArgumentException>(() => token.GetPayloadValue<string>("absent"));
        Assert.ThrowsAny<ArgumentException>(() => Tokens.Handler.ReadJsonWebToken("a.b.c"));
        Assert.Throws<ArgumentNullException>(() => Tokens.Handler.ReadJsonWebToken(""));
    }

    [Fact]
    public void Base64url_has_no_padding_and_reverses()
    {
        Assert.Equal("_-4", Base64UrlEncoder.Encode([0xff, 0xee]));
        Assert.Equal([0xff, 0xee], Base64UrlEncoder.DecodeBytes("_-4"));
        Assert.Equal("\u00e9", Base64UrlEncoder.Decode(Base64UrlEncoder.Encode("\u00e9")));
        Assert.Throws<FormatException>(() => Base64UrlEncoder.DecodeBytes("a"));
    }
}
