using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>Tokens made and read by jose.</summary>
public sealed class JoseInteropTests : IClassFixture<Jose>
{
    [Fact]
    public async Task Tokens_made_by_jose_are_accepted()
    {
        var answers = await Jose.AskAsync([.. Keys.Algorithms.Select(
            algorithm => Jose.Sign(algorithm, Jose.Jwk(algorithm), Keys.For(algorithm).Verifies.KeyId, Jose.Claims()))]);

        foreach (var (algorithm, answer) in Keys.Algorithms.Zip(answers))
        {
            var result = await Tokens.ValidateAsync(Token(answer), algorithm);

            Assert.True(result.IsValid, $"{algorithm}: {result.Exception}");
            Assert.Equal("u-1", result.ClaimsIdentity.FindFirst("sub")?.Value);
            Assert.Equal("\u00e9 \U0001F600", result.ClaimsIdentity.FindFirst("note")?.Value);
            Assert.Equal(["a", "b"], result.ClaimsIdentity.FindAll("roles").Select(claim => claim.Value));
            Assert.True(((JsonWebToken)result.SecurityToken).GetPayloadValue<bool>("flag"));
        }
    }

    [Fact]
    public async Task Tokens_made_here_are_verified_by_jose()
    {
        var answers = await Jose.AskAsync([.. Keys.Algorithms.Select(algorithm =>
        {
            var descriptor = Tokens.Descriptor(algorithm);
            descriptor.Claims!["note"] = "\u00e9 \U0001F600 <&>";
            descriptor.Claims["roles"] = new[] { "a", "b" };
            descriptor.Claims["count"] = 5_000_000_000L;
            return Jose.Verify(algorithm, Tokens.Handler.CreateToken(descriptor));
        })]);

        foreach (var (algorithm, answer) in Keys.Algorithms.Zip(answers))
        {
            Assert.Null(answer!["error"]);
            Assert.Equal(algorithm, answer["header"]!["alg"]!.GetValue<string>());
            Assert.Equal(Keys.For(algorithm).Signs.KeyId, answer["header"]!["kid"]!.GetValue<string>());
            var payload = answer["payload"]!;
            Assert.Equal("u-1", payload["sub"]!.GetValue<string>());
            Assert.Equal("\u00e9 \U0001F600 <&>", payload["note"]!.GetValue<string>());
            Assert.Equal(5_000_000_000L, payload["count"]!.GetValue<long>());
            Assert.Equal("""["a","b"]""", payload["roles"]!.ToJsonString());
        }
    }

    [Fact]
    public async Task Damaged_tokens_made_here_are_refused_by_jose_too()
    {
        var answers = await Jose.AskAsync([.. Keys.Algorithms.Select(algorithm =>
        {
            var token = Tokens.Create(algorithm);
            var at = token.LastIndexOf('.') + 3;
            return Jose.Verify(algorithm, token[..at] + (token[at] == 'A' ? 'B' : 'A') + token[(at + 1)..]);
        })]);

        Assert.All(answers, answer => Assert.Equal("ERR_JWS_SIGNATURE_VERIFICATION_FAILED", answer!["error"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Attacks_made_with_jose_are_refused()
    {
        using var otherCurve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var p384 = Jose.EcJwk("P-384", otherCurve.ExportParameters(includePrivateParameters: true));
        var attacker = new JsonObject { ["kty"] = "oct", ["k"] = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)) };
        var attacks = new (string Name, string Allowed, JsonObject Request)[]
        {
            ("unsecured", SecurityAlgorithms.HmacSha256, new JsonObject { ["action"] = "unsecured", ["claims"] = Jose.Claims() }),
            ("RSA public key as secret", SecurityAlgorithms.RsaSha256, WithSecret(Keys.RsaPair.ExportSubjectPublicKeyInfoPem(), "r1")),
            ("EC public key as secret", SecurityAlgorithms.EcdsaSha256, WithSecret(Keys.EcPair.ExportSubjectPublicKeyInfoPem(), "e1")),
            ("ES384", SecurityAlgorithms.EcdsaSha256, Jose.Sign("ES384", p384, "e1", Jose.Claims())),
            ("HS512", SecurityAlgorithms.HmacSha256, WithAlgorithm("HS512", Long(Keys.Hmac.Key))),
            ("key of the attacker in the header", SecurityAlgorithms.HmacSha256, WithHeader(attacker, "jwk", attacker.DeepClone())),
            ("unknown key id", SecurityAlgorithms.HmacSha256, Jose.Sign("HS256", Jose.Jwk("HS256"), "h2", Jose.Claims())),
            ("no key id", SecurityAlgorithms.HmacSha256, Jose.Sign("HS256", Jose.Jwk("HS256"), null, Jose.Claims())),
            ("expired", SecurityAlgorithms.HmacSha256, WithClaim("exp", Tokens.Now - 60)),
            ("not valid yet", SecurityAlgorithms.HmacSha256, WithClaim("nbf", Tokens.Now + 60)),
            ("no expiry", SecurityAlgorithms.HmacSha256, WithClaim("exp", null)),
            ("other audience", SecurityAlgorithms.HmacSha256, WithClaim("aud", "other")),
            ("other issuer", SecurityAlgorithms.HmacSha256, WithClaim("iss", "https://evil.example")),
        };

        var answers = await Jose.AskAsync([.. attacks.Select(attack => attack.Request)]);

        foreach (var (attack, answer) in attacks.Zip(answers))
        {
            foreach (var pinned in new[] { true, false })
            {
                var parameters = Tokens.Parameters(attack.Allowed);
                if (!pinned)
                    parameters.ValidAlgorithms = null;
                var result = await Tokens.Handler.ValidateTokenAsync(Token(answer), parameters);
                Assert.False(result.IsValid, attack.Name);
            }
        }
    }

    private static string Token(JsonNode? answer) => answer!["token"]!.GetValue<string>();

    private static byte[] Long(byte[] key) => [.. key, .. key];

    private static JsonObject WithSecret(string publicKeyPem, string keyId)
    {
        var request = Jose.Sign("HS256", [], keyId, Jose.Claims());
        request["secret"] = Base64Url.EncodeToString(Encoding.ASCII.GetBytes(publicKeyPem));
        return request;
    }

    private static JsonObject WithAlgorithm(string algorithm, byte[] secret)
        => Jose.Sign(algorithm, new JsonObject { ["kty"] = "oct", ["k"] = Base64Url.EncodeToString(secret) }, "h1", Jose.Claims());

    private static JsonObject WithHeader(JsonObject jwk, string name, JsonNode value)
    {
        var request = Jose.Sign("HS256", jwk, "h1", Jose.Claims());
        request["header"]![name] = value;
        return request;
    }

    private static JsonObject WithClaim(string name, JsonNode? value)
    {
        var claims = Jose.Claims();
        if (value is null)
            claims.Remove(name);
        else
            claims[name] = value;
        return Jose.Sign("HS256", Jose.Jwk("HS256"), "h1", claims);
    }
}
