using System.Net;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>The scheme <c>Bearer</c> over a real web server: RFC 6750.</summary>
public sealed class HandlerTests
{
    private static string Good => "Bearer " + Tokens.Create(SecurityAlgorithms.HmacSha256);

    [Fact]
    public async Task Request_with_valid_token_is_served_as_its_subject()
    {
        await using var server = await BearerServer.StartAsync();

        using var response = await server.GetAsync("/me", Good);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("u-1", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic dTpw")]
    [InlineData("Token abc")]
    public async Task Request_without_token_is_challenged_without_an_error(string? authorization)
    {
        await using var server = await BearerServer.StartAsync();

        using var response = await server.GetAsync("/me", authorization);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", BearerServer.Challenge(response).ToString());
    }

    [Theory]
    [InlineData("bearer ")]
    [InlineData("BEARER ")]
    [InlineData("Bearer    ")]
    public async Task Scheme_is_read_without_regard_to_case_and_blanks(string scheme)
    {
        await using var server = await BearerServer.StartAsync();

        using var response = await server.GetAsync("/me", scheme + Tokens.Create(SecurityAlgorithms.HmacSha256) + "  ");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Token_elsewhere_than_in_the_header_is_not_read()
    {
        await using var server = await BearerServer.StartAsync();
        var token = Tokens.Create(SecurityAlgorithms.HmacSha256);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/me?access_token={token}&token={token}");
        request.Headers.Add("Cookie", $"access_token={token}; Authorization={token}");
        request.Headers.Add("X-Authorization", "Bearer " + token);

        using var response = await server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Two_tokens_in_one_request_are_refused()
    {
        await using var server = await BearerServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/me");
        request.Headers.TryAddWithoutValidation("Authorization", [Good, Good]);

        using var response = await server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "Bearer x.y.z", "error=\"invalid_token\"" },
        { "Bearer " + Tokens.Forge("""{"alg":"HS256","kid":"h9"}""", Tokens.Payload), "error=\"invalid_token\", error_description=\"The signature key was not found\"" },
        { Good[..^4] + "AAAA", "error=\"invalid_token\", error_description=\"The signature is invalid\"" },
        { "Bearer " + Forge(",\"exp\":1300819380"), "error=\"invalid_token\", error_description=\"The token expired at '03/22/2011 18:43:00'\"" },
        { "Bearer " + Forge(",\"nbf\":4102444800,\"exp\":4102444801"), "error=\"invalid_token\", error_description=\"The token is not valid before '01/01/2100 00:00:00'\"" },
        { "Bearer " + Forge(""), "error=\"invalid_token\", error_description=\"The token has no expiration\"" },
        { "Bearer " + Forge(",\"exp\":4102444800", audience: "other"), "error=\"invalid_token\", error_description=\"The audience 'other' is invalid\"" },
        { "Bearer " + Forge(",\"exp\":4102444800", issuer: "evil"), "error=\"invalid_token\", error_description=\"The issuer 'evil' is invalid\"" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Refused_token_is_challenged_with_the_reason(string authorization, string challenge)
    {
        await using var server = await BearerServer.StartAsync();

        using var response = await server.GetAsync("/me", authorization);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", BearerServer.Challenge(response).Scheme);
        Assert.Equal(challenge, BearerServer.Challenge(response).Parameter);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Reason_is_kept_back_when_details_are_off()
    {
        await using var server = await BearerServer.StartAsync(options =>
        {
            options.IncludeErrorDetails = false;
            options.Challenge = "Bearer realm=\"vault\"";
        });

        using var response = await server.GetAsync("/me", "Bearer x.y.z");

        Assert.Equal("Bearer realm=\"vault\"", BearerServer.Challenge(response).ToString());
    }

    [Fact]
    public async Task Realm_and_error_are_separated_by_a_comma()
    {
        await using var server = await BearerServer.StartAsync(options => options.Challenge = "Bearer realm=\"vault\"");

        using var response = await server.GetAsync("/me", "Bearer x.y.z");

        Assert.Equal("Bearer realm=\"vault\", error=\"invalid_token\"", BearerServer.Challenge(response).ToString());
    }

    [Fact]
    public async Task Open_route_is_served_with_a_bad_token_as_anonymous()
    {
        await using var server = await BearerServer.StartAsync();

        using var bad = await server.GetAsync("/open", "Bearer x.y.z");
        using var good = await server.GetAsync("/open", Good);

        Assert.Equal("anonymous", await bad.Content.ReadAsStringAsync());
        Assert.Equal("known", await good.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Known_caller_without_the_right_gets_403_and_no_challenge()
    {
        await using var server = await BearerServer.StartAsync();

        using var user = await server.GetAsync("/admin", Good);
        using var admin = await server.GetAsync("/admin", "Bearer " + Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(",\"role\":\"admin\"")));

        Assert.Equal(HttpStatusCode.Forbidden, user.StatusCode);
        Assert.Empty(user.Headers.WwwAuthenticate);
        Assert.Equal(HttpStatusCode.OK, admin.StatusCode);
    }

    [Fact]
    public async Task Audience_of_the_options_is_the_valid_one()
    {
        await using var server = await BearerServer.StartAsync(options =>
        {
            options.Audience = "from-options";
            options.TokenValidationParameters.ValidAudience = null;
        });

        using var right = await server.GetAsync("/me", "Bearer " + Forge(",\"exp\":4102444800", audience: "from-options"));
        using var wrong = await server.GetAsync("/me", Good);

        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
    }

    [Fact]
    public async Task Header_of_thirty_thousand_characters_is_refused_by_the_size_limit()
    {
        await using var server = await BearerServer.StartAsync(options => options.TokenHandlers[0].MaximumTokenSizeInBytes = 4096);

        using var response = await server.GetAsync(
            "/me", "Bearer " + Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith($",\"pad\":\"{new string('x', 20_000)}\"")));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Handler_that_throws_refuses_the_token_and_the_next_one_is_tried()
    {
        var refusals = 0;
        await using var server = await BearerServer.StartAsync(options => options.TokenHandlers.Insert(0, new ThrowingHandler(() => refusals++)));

        using var good = await server.GetAsync("/me", Good);
        using var bad = await server.GetAsync("/me", "Bearer x.y.z");

        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, bad.StatusCode);
        Assert.Equal(2, refusals);
    }

    private static string Forge(string more, string issuer = Tokens.Issuer, string audience = Tokens.Audience)
        => Tokens.Forge(Tokens.HmacHeader, $"{{\"sub\":\"u-1\",\"iss\":\"{issuer}\",\"aud\":\"{audience}\"{more}}}");

    private sealed class ThrowingHandler(Action called) : TokenHandler
    {
        public override Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
        {
            called();
            throw new InvalidOperationException("broken");
        }
    }
}
