using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>Which key verifies a token: RFC 7515, 4.1.4, and rotation.</summary>
public sealed class KeyLookupTests
{
    private static readonly SymmetricSecurityKey Old = new(RandomNumberGenerator.GetBytes(32)) { KeyId = "h0" };

    [Fact]
    public async Task Tokens_of_old_and_new_key_are_accepted_while_keys_rotate()
    {
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256, Old, Keys.Hmac);

        foreach (var key in new[] { Old, Keys.Hmac })
        {
            var result = await Tokens.Handler.ValidateTokenAsync(Create(key), parameters);
            Assert.True(result.IsValid, result.Exception?.ToString());
            Assert.Same(key, result.SecurityToken.SigningKey);
        }
    }

    [Fact]
    public async Task Token_of_a_key_that_was_removed_is_refused()
        => await Tokens.AssertRefusedAsync<SecurityTokenSignatureKeyNotFoundException>(Create(Old));

    [Theory]
    [InlineData("\"kid\":\"unknown\"")]
    [InlineData("\"kid\":\"H1\"")]
    [InlineData("\"kid\":\"h1 \"")]
    [InlineData("\"kid\":\"h1\\u0000\"")]
    [InlineData("\"kid\":\"../../dev/null\"")]
    [InlineData("\"kid\":\"' OR 1=1 --\"")]
    [InlineData("\"kid\":\"\"")]
    [InlineData("\"x\":1")]
    public async Task Unknown_or_missing_key_id_is_refused_though_the_signature_is_good(string kid)
        => await Tokens.AssertRefusedAsync<SecurityTokenSignatureKeyNotFoundException>(
            Tokens.Forge($$"""{"alg":"HS256",{{kid}}}""", Tokens.Payload));

    [Fact]
    public async Task Key_id_of_one_key_with_the_signature_of_another_is_refused()
    {
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256, Old, Keys.Hmac);
        parameters.TryAllIssuerSigningKeys = true;
        var token = Tokens.Forge("""{"alg":"HS256","kid":"h0"}""", Tokens.Payload);

        await Tokens.AssertRefusedAsync(token, parameters, typeof(SecurityTokenInvalidSignatureException));
    }

    [Theory]
    [InlineData("\"kid\":\"unknown\"")]
    [InlineData("\"x\":1")]
    public async Task All_keys_are_tried_when_asked_for(string kid)
    {
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256, Old, Keys.Hmac);
        parameters.TryAllIssuerSigningKeys = true;

        var result = await Tokens.Handler.ValidateTokenAsync(Tokens.Forge($$"""{"alg":"HS256",{{kid}}}""", Tokens.Payload), parameters);

        Assert.True(result.IsValid, result.Exception?.ToString());
    }

    [Fact]
    public async Task Resolver_gives_the_key_for_the_key_id()
    {
        var asked = new List<string>();
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256, []);
        parameters.IssuerSigningKeyResolver = (_, token, kid, _) =>
        {
            asked.Add(kid);
            Assert.Equal(Tokens.Issuer, token.Issuer);
            return kid == "h1" ? [Keys.Hmac] : [];
        };

        var known = await Tokens.Handler.ValidateTokenAsync(Create(Keys.Hmac), parameters);

        Assert.True(known.IsValid, known.Exception?.ToString());
        await Tokens.AssertRefusedAsync(Create(Old), parameters, typeof(SecurityTokenSignatureKeyNotFoundException));
        Assert.Equal(["h1", "h0"], asked);
    }

    [Fact]
    public async Task Resolver_that_throws_refuses_the_token()
    {
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        parameters.IssuerSigningKeyResolver = (_, _, _, _) => throw new TimeoutException("the key store is away");

        await Tokens.AssertRefusedAsync(Create(Keys.Hmac), parameters);
    }

    [Fact]
    public async Task Token_is_refused_without_any_key()
        => await Tokens.AssertRefusedAsync(Create(Keys.Hmac), Tokens.Parameters(SecurityAlgorithms.HmacSha256, []));

    [Fact]
    public async Task Many_threads_sign_and_verify_with_the_same_keys()
    {
        var work = Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                foreach (var algorithm in Keys.Algorithms)
                {
                    var result = await Tokens.ValidateAsync(Tokens.Create(algorithm), algorithm);
                    Assert.True(result.IsValid, $"{worker} {algorithm}: {result.Exception}");
                }
            }
        }));

        await Task.WhenAll(work);
    }

    private static string Create(SecurityKey key)
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.HmacSha256);
        return Tokens.Handler.CreateToken(descriptor);
    }
}
