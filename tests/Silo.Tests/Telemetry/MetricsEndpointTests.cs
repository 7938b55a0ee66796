using System.Net;
using System.Security.Claims;
using GrainVault.Accounts;
using GrainVault.Silo.Telemetry;
using GrainVault.Silo.Telemetry.Metrics;
using Microsoft.AspNetCore.Http;

namespace GrainVault.Silo.Tests.Telemetry;

public sealed class MetricsEndpointTests
{
    private const string Token = "a token of enough characters";

    [Theory]
    [InlineData("127.0.0.1", null, false, null, 401)]
    [InlineData("127.0.0.1", null, true, null, 200)]
    [InlineData("::ffff:127.0.0.1", null, true, null, 200)]
    [InlineData("192.0.2.1", null, true, null, 401)]
    [InlineData("127.0.0.1", "10.0.0.0/8", true, null, 401)]
    [InlineData("10.9.8.7", "10.0.0.0/8", false, null, 200)]
    [InlineData("192.0.2.1", null, false, "Bearer " + Token, 200)]
    [InlineData("192.0.2.1", null, false, "bearer  " + Token, 200)]
    [InlineData("192.0.2.1", null, false, "Bearer " + Token + "x", 401)]
    [InlineData("192.0.2.1", null, false, "Bearer ", 401)]
    [InlineData("192.0.2.1", null, false, "Basic " + Token, 401)]
    public void Metrics_answer_who_has_the_token_or_an_allowed_address(string address, string? network, bool answersThisMachine, string? authorization, int status)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        if (authorization is not null)
            context.Request.Headers.Authorization = authorization;

        Assert.Equal(status, Ask(context, network, answersThisMachine));
    }

    [Theory]
    [InlineData("admin", 200)]
    [InlineData("editor admin", 200)]
    [InlineData("administrator", 403)]
    [InlineData("", 403)]
    public void Metrics_answer_administrators_and_no_other_user(string roles, int status)
    {
        var context = new DefaultHttpContext { User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(Roles.Claim, roles)], "test")) };

        Assert.Equal(status, Ask(context, network: null, answersThisMachine: false));
    }

    [Fact]
    public void Without_a_configured_token_an_empty_one_opens_nothing()
    {
        using var collector = new MetricsCollector(10);
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = "Bearer ";

        var result = new MetricsEndpoint(collector, new MetricsOptions { Token = "" }, answersThisMachine: false).Get(context);

        Assert.Equal(401, ((IStatusCodeHttpResult)result).StatusCode);
    }

    private static int Ask(HttpContext context, string? network, bool answersThisMachine)
    {
        using var collector = new MetricsCollector(10);
        var options = new MetricsOptions { Token = Token, AllowedNetworks = network is null ? [] : [network] };
        var result = new MetricsEndpoint(collector, options, answersThisMachine).Get(context);
        return (result as IStatusCodeHttpResult)?.StatusCode ?? 200;
    }
}
