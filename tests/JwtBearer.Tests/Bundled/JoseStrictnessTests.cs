using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests.Bundled;

public sealed class JoseStrictnessTests : IClassFixture<Jose>
{
    [Fact]
    public async Task Token_made_by_jose_with_a_critical_extension_is_refused()
    {
        var request = Jose.Sign("HS256", Jose.Jwk("HS256"), "h1", Jose.Claims());
        request["header"]!["urn:x"] = 1;
        request["header"]!["crit"] = new JsonArray("urn:x");
        request["crit"] = new JsonObject { ["urn:x"] = true };

        var answers = await Jose.AskAsync(request);

        await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(answers[0]!["token"]!.GetValue<string>());
    }

    [Fact]
    public async Task Token_made_by_jose_with_an_algorithm_that_is_not_supported_is_refused_though_all_are_allowed()
    {
        var answers = await Jose.AskAsync(Jose.Sign("PS256", Jose.Jwk("RS256"), "r1", Jose.Claims()));
        var parameters = Tokens.Parameters(SecurityAlgorithms.RsaSha256);
        parameters.ValidAlgorithms = null;

        await Tokens.AssertRefusedAsync(answers[0]!["token"]!.GetValue<string>(), parameters);
    }
}
