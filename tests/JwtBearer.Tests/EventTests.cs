using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>What an application can do at each step.</summary>
public sealed class EventTests
{
    private static string Good => "Bearer " + Tokens.Create(SecurityAlgorithms.HmacSha256);

    [Fact]
    public async Task Message_event_may_give_the_token()
    {
        await using var server = await BearerServer.StartAsync(options => options.Events = new JwtBearerEvents
        {
            OnMessageReceived = context =>
            {
                context.Token = context.Request.Query["ticket"];
                return Task.CompletedTask;
            },
        });

        using var response = await server.GetAsync("/me?ticket=" + Tokens.Create(SecurityAlgorithms.HmacSha256), null);
        using var bad = await server.GetAsync("/me?ticket=x", Good);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, bad.StatusCode);
    }

    [Fact]
    public async Task Message_event_may_decide_by_itself()
    {
        await using var server = await BearerServer.StartAsync(options => options.Events = new JwtBearerEvents
        {
            OnMessageReceived = context =>
            {
                if (context.Request.Headers.ContainsKey("X-Anonymous"))
                    context.NoResult();
                else
                    context.Fail("closed today");
                return Task.CompletedTask;
            },
        });
        using var anonymous = new HttpRequestMessage(HttpMethod.Get, "/me");
        anonymous.Headers.Add("X-Anonymous", "1");
        anonymous.Headers.TryAddWithoutValidation("Authorization", Good);

        using var refused = await server.GetAsync("/me", Good);
        using var none = await server.Client.SendAsync(anonymous);

        Assert.Equal("error=\"invalid_token\"", BearerServer.Challenge(refused).Parameter);
        Assert.Null(BearerServer.Challenge(none).Parameter);
    }

    [Fact]
    public async Task Validated_event_sees_token_and_principal_and_may_refuse()
    {
        await using var server = await BearerServer.StartAsync(options => options.Events = new JwtBearerEvents
        {
            OnTokenValidated = context =>
            {
                var token = Assert.IsType<JsonWebToken>(context.SecurityToken);
                Assert.Equal("u-1", context.Principal?.FindFirst("sub")?.Value);
                if (token.TryGetPayloadValue<string>("sid", out var session) && session == "revoked")
                    context.Fail("revoked");
                return Task.CompletedTask;
            },
        });

        using var good = await server.GetAsync("/me", Good);
        using var revoked = await server.GetAsync("/me", "Bearer " + Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(",\"sid\":\"revoked\"")));

        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, revoked.StatusCode);
        Assert.Equal("error=\"invalid_token\"", BearerServer.Challenge(revoked).Parameter);
    }

    [Fact]
    public async Task Failed_event_sees_the_reason_and_may_replace_the_failure()
    {
        Exception? seen = null;
        await using var server = await BearerServer.StartAsync(options => options.Events = new JwtBearerEvents
        {
            OnAuthenticationFailed = context =>
            {
                seen = context.Exception;
                if (context.Request.Query.ContainsKey("lenient"))
                    context.NoResult();
                return Task.CompletedTask;
            },
        });

        using var lenient = await server.GetAsync("/me?lenient", "Bearer x.y.z");
        Assert.IsAssignableFrom<ArgumentException>(seen);
        using var strict = await server.GetAsync("/me", Good + "A");

        Assert.Null(BearerServer.Challenge(lenient).Parameter);
        Assert.StartsWith("error=\"invalid_token\"", BearerServer.Challenge(strict).Parameter, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Challenge_event_may_write_the_answer()
    {
        await using var server = await BearerServer.StartAsync(options => options.Events = new JwtBearerEvents
        {
            OnChallenge = context =>
            {
                context.HandleResponse();
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                context.Response.ContentType = "application/problem+json";
                return context.Response.WriteAsync(context.AuthenticateFailure is null ? "{\"type\":\"no-token\"}" : "{\"type\":\"bad-token\"}");
            },
        });

        using var none = await server.GetAsync("/me", null);
        using var bad = await server.GetAsync("/me", "Bearer x.y.z");

        Assert.Equal(HttpStatusCode.Unauthorized, bad.StatusCode);
        Assert.Equal("application/problem+json", bad.Content.Headers.ContentType?.MediaType);
        Assert.Empty(bad.Headers.WwwAuthenticate);
        Assert.Equal("{\"type\":\"no-token\"}", await none.Content.ReadAsStringAsync());
        Assert.Equal("{\"type\":\"bad-token\"}", await bad.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Challenge_event_may_change_the_error()
    {
        await using var server = await BearerServer.StartAsync(options => options.Events = new JwtBearerEvents
        {
            OnChallenge = context =>
            {
                context.Error = "insufficient_scope";
                context.ErrorDescription = null;
                context.ErrorUri = "https://vault.example/errors";
                return Task.CompletedTask;
            },
        });

        using var response = await server.GetAsync("/me", "Bearer x.y.z");

        Assert.Equal("error=\"insufficient_scope\", error_uri=\"https://vault.example/errors\"", BearerServer.Challenge(response).Parameter);
    }

    [Fact]
    public async Task Forbidden_event_may_write_the_body()
    {
        await using var server = await BearerServer.StartAsync(options => options.Events = new JwtBearerEvents
        {
            OnForbidden = context => context.Response.WriteAsync("not yours"),
        });

        using var response = await server.GetAsync("/admin", Good);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("not yours", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Events_may_be_overridden_in_a_class()
    {
        await using var server = await BearerServer.StartAsync(options => options.Events = new RefusingEvents());

        using var response = await server.GetAsync("/me", Good);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Token_is_kept_with_the_ticket_only_when_asked_for(bool save)
    {
        await using var server = await BearerServer.StartAsync(
            options => options.SaveToken = save,
            app => app.MapGet("/token", async (HttpContext context) => await context.GetTokenAsync("access_token") ?? "none"));

        using var response = await server.GetAsync("/token", Good);

        Assert.Equal(save, (await response.Content.ReadAsStringAsync()).Contains('.'));
    }

    [Fact]
    public async Task Ticket_expires_with_the_token()
    {
        await using var server = await BearerServer.StartAsync(map: app => app.MapGet("/expiry", async (HttpContext context) =>
            (await context.AuthenticateAsync()).Properties?.ExpiresUtc?.ToUnixTimeSeconds().ToString() ?? "none"));

        using var response = await server.GetAsync("/expiry", "Bearer " + Tokens.Forge(
            Tokens.HmacHeader, $"{{\"iss\":\"{Tokens.Issuer}\",\"aud\":\"{Tokens.Audience}\",\"exp\":4102444800}}"));

        Assert.Equal("4102444800", await response.Content.ReadAsStringAsync());
    }

    private sealed class RefusingEvents : JwtBearerEvents
    {
        public override Task TokenValidated(TokenValidatedContext context)
        {
            context.Fail("never");
            return base.TokenValidated(context);
        }
    }
}
