using System.Net;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

public sealed class HandlerTests
{
    [Fact]
    public async Task Request_with_valid_token_is_served_as_its_subject()
    {
        await using var server = await BearerServer.StartAsync();

        using var response = await server.GetAsync("/me", "Bearer " + Tokens.Create(SecurityAlgorithms.HmacSha256));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("u-1", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Request_without_token_is_challenged_without_an_error()
    {
        await using var server = await BearerServer.StartAsync();

        using var response = await server.GetAsync("/me", null);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", BearerServer.Challenge(response).ToString());
    }
}
