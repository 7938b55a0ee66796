using System.Net;

namespace GrainVault.JwtBearer.Tests.Bundled;

public sealed class ChallengeTests
{
    [Theory]
    [InlineData("\\r\\nSet-Cookie: a=b")]
    [InlineData("\\\"quoted\\\"")]
    [InlineData("\\u00e9")]
    public async Task Claim_that_no_header_can_carry_does_not_break_the_challenge(string audience)
    {
        await using var server = await BearerServer.StartAsync();
        var payload = $"{{\"iss\":\"{Tokens.Issuer}\",\"exp\":4102444800,\"aud\":\"{audience}\"}}";

        using var response = await server.GetAsync("/me", "Bearer " + Tokens.Forge(Tokens.HmacHeader, payload));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.StartsWith("error=\"invalid_token\"", BearerServer.Challenge(response).Parameter, StringComparison.Ordinal);
    }
}
