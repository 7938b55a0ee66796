using Microsoft.IdentityModel.JsonWebTokens;

namespace GrainVault.JwtBearer.Tests;

public sealed class RoundTripTests
{
    public static TheoryData<string> Algorithms => [.. Keys.Algorithms];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Token_made_here_is_accepted_here(string algorithm)
    {
        var result = await Tokens.ValidateAsync(Tokens.Create(algorithm), algorithm);

        Assert.True(result.IsValid, result.Exception?.ToString());
        Assert.Null(result.Exception);
        Assert.Equal("u-1", result.ClaimsIdentity.FindFirst(JwtRegisteredClaimNames.Sub)?.Value);
        Assert.True(result.ClaimsIdentity.IsAuthenticated);
        Assert.Equal(Tokens.Issuer, result.Issuer);
        var jwt = Assert.IsType<JsonWebToken>(result.SecurityToken);
        Assert.Equal(algorithm, jwt.Alg);
        Assert.Equal(Keys.For(algorithm).Signs.KeyId, jwt.Kid);
        Assert.Equal(Keys.For(algorithm).Verifies, jwt.SigningKey);
    }
}
