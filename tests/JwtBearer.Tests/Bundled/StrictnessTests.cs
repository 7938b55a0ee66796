using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests.Bundled;

/// <summary>
/// What compat/JwtBearer refuses beyond the official packages, which the standards leave open. Compiled only with
/// JwtBearerPackage=bundled.
/// </summary>
public sealed class StrictnessTests
{
    [Theory]
    [InlineData("""{"alg":"HS256","alg":"HS256","kid":"h1"}""")]
    [InlineData("""{"alg":"none","alg":"HS256","kid":"h1"}""")]
    [InlineData("""{"alg":"HS256","kid":"h1","kid":"h1"}""")]
    [InlineData("""{"alg":"HS256","kid":"h1","\u0061lg":"HS256"}""")]
    [InlineData("""{"alg":"HS256","kid":"h1","x":1,"x":1}""")]
    public async Task Header_name_given_twice_is_refused(string header)
        => await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(Tokens.Forge(header, Tokens.Payload));

    [Theory]
    [InlineData(",\"sub\":\"u-2\"")]
    [InlineData(",\"\\u0073ub\":\"u-2\"")]
    [InlineData(",\"aud\":\"grainvault\"")]
    [InlineData(",\"exp\":9999999999")]
    [InlineData(",\"x\":1,\"y\":2,\"x\":1")]
    public async Task Claim_given_twice_is_refused(string more)
        => await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(more)));

    [Fact]
    public async Task Claim_given_twice_among_a_thousand_is_refused()
    {
        var many = string.Concat(Enumerable.Range(0, 1000).Select(i => $",\"c{i}\":1"));

        await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(
            Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(many + ",\"c999\":1")));
        await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(
            Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(many + ",\"c3\":1")));
    }

    [Theory]
    [InlineData("""{"alg":"HS256","kid":"h1","crit":["exp"],"exp":1}""")]
    [InlineData("""{"alg":"HS256","kid":"h1","crit":["b64"],"b64":false}""")]
    [InlineData("""{"alg":"HS256","kid":"h1","crit":[]}""")]
    [InlineData("""{"alg":"HS256","kid":"h1","crit":null}""")]
    public async Task Header_with_critical_extensions_is_refused(string header)
        => await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(Tokens.Forge(header, Tokens.Payload));

    [Theory]
    [InlineData("""{"alg":"HS256","kid":["h1"]}""")]
    [InlineData("""{"alg":"HS256","kid":"h1","typ":1}""")]
    [InlineData("""{"alg":"HS256","kid":"h1",}""")]
    [InlineData("""{"alg":"HS256","kid":"h1"}{}""")]
    [InlineData("""{"alg":"HS256","kid":"h1"} x""")]
    [InlineData("""{"alg":"HS256",/**/"kid":"h1"}""")]
    [InlineData("\ufeff{\"alg\":\"HS256\",\"kid\":\"h1\"}")]
    [InlineData("{\"alg\":\"HS256\",\"kid\":\"h1\",\"x\":\"\\ud800\"}")]
    [InlineData("{\"alg\":\"HS256\",\"kid\":\"h1\",\"x\":[\"\\ud800\"]}")]
    public async Task Header_that_readers_could_read_differently_is_refused(string header)
        => await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(Tokens.Forge(header, Tokens.Payload));

    [Theory]
    [InlineData(",\"iat\":\"1\"")]
    [InlineData(",\"nbf\":\"1\"")]
    [InlineData(",\"nbf\":null")]
    [InlineData(",\"jti\":1")]
    [InlineData(",\"x\":1,")]
    [InlineData(",\"x\":{\"\\udfff\":1}")]
    [InlineData(",\"x\":1e999,\"iat\":1e999")]
    [InlineData(",\"x\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]")]
    public async Task Payload_that_readers_could_read_differently_is_refused(string more)
        => await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(more)));

    [Theory]
    [InlineData("\"aud\":null")]
    [InlineData("\"aud\":[\"grainvault\",1]")]
    [InlineData("\"aud\":{\"a\":\"grainvault\"}")]
    [InlineData("\"aud\":\"grainvault\",\"exp\":\"9999999999\"")]
    [InlineData("\"aud\":\"grainvault\",\"exp\":null")]
    public async Task Registered_claim_of_another_type_is_refused(string members)
        => await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(
            Tokens.Forge(Tokens.HmacHeader, $"{{\"iss\":\"{Tokens.Issuer}\",{members}}}"));

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_refused()
    {
        byte[] payload = [.. Encoding.UTF8.GetBytes(Tokens.PayloadWith(",\"x\":\"?\""))];
        payload[Array.LastIndexOf(payload, (byte)'?')] = 0xff;

        await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(Tokens.Forge(Encoding.UTF8.GetBytes(Tokens.HmacHeader), payload));
    }

    [Theory]
    [InlineData('=')]
    [InlineData('+')]
    [InlineData('/')]
    public async Task Characters_of_other_base64_forms_are_refused(char c)
    {
        foreach (var token in MalformedTokenTests.Spoil(Tokens.Create(SecurityAlgorithms.HmacSha256), c))
            await Tokens.AssertRefusedAsync<SecurityTokenMalformedException>(token);
    }

    [Fact]
    public async Task Signature_has_one_spelling_only()
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        foreach (var algorithm in Keys.Algorithms)
        {
            var token = Tokens.Create(algorithm);
            foreach (var last in Alphabet.Where(c => c != token[^1]))
                await Tokens.AssertRefusedAsync(token[..^1] + last, Tokens.Parameters(algorithm));
        }
    }

    [Fact]
    public async Task Unsigned_token_is_refused_even_when_signatures_are_not_required()
    {
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        parameters.RequireSignedTokens = false;
        parameters.ValidAlgorithms = [SecurityAlgorithms.None, SecurityAlgorithms.HmacSha256];
        parameters.TryAllIssuerSigningKeys = true;
        var token = Tokens.Forge("""{"alg":"none"}""", Tokens.Payload);

        await Tokens.AssertRefusedAsync(token[..(token.LastIndexOf('.') + 1)], parameters);
        await Tokens.AssertRefusedAsync(token, parameters);
    }

    [Fact]
    public void Token_without_signing_credentials_is_not_made()
        => Assert.Throws<ArgumentException>(() => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor { Issuer = "x" }));

    [Theory]
    [InlineData("1.3.132.0.34")]
    [InlineData("1.3.132.0.10")]
    [InlineData("1.3.36.3.3.2.8.1.1.7")]
    public async Task ES256_with_another_curve_is_refused(string curve)
    {
        using var pair = ECDsa.Create(ECCurve.CreateFromValue(curve));
        var key = new ECDsaSecurityKey(pair) { KeyId = "e1" };
        var input = Base64Url.EncodeToString("""{"alg":"ES256","kid":"e1"}"""u8) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Tokens.Payload));
        var signature = pair.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256);

        await Tokens.AssertRefusedAsync(input + "." + Base64Url.EncodeToString(signature), Tokens.Parameters(SecurityAlgorithms.EcdsaSha256, key));
    }

    [Fact]
    public void RSA_key_of_1024_bits_makes_no_token()
    {
        using var weak = RSA.Create(1024);
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.RsaSha256);
        descriptor.SigningCredentials = new SigningCredentials(new RsaSecurityKey(weak), SecurityAlgorithms.RsaSha256);

        Assert.ThrowsAny<ArgumentException>(() => Tokens.Handler.CreateToken(descriptor));
    }

    [Fact]
    public async Task Weak_key_verifies_nothing()
    {
        using var pair = RSA.Create(1024);
        var rsa = new RsaSecurityKey(pair) { KeyId = "r1" };
        var hmac = new SymmetricSecurityKey(new byte[31]) { KeyId = "h1" };
        var input = Base64Url.EncodeToString("""{"alg":"RS256","kid":"r1"}"""u8) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Tokens.Payload));
        var signature = pair.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        await Tokens.AssertRefusedAsync(input + "." + Base64Url.EncodeToString(signature), Tokens.Parameters(SecurityAlgorithms.RsaSha256, rsa));
        await Tokens.AssertRefusedAsync(
            Tokens.Forge(Tokens.HmacHeader, Tokens.Payload, hmac.Key), Tokens.Parameters(SecurityAlgorithms.HmacSha256, hmac));
    }

    [Fact]
    public async Task Reason_of_a_refusal_never_quotes_the_token()
    {
        var token = Tokens.Forge(Tokens.HmacHeader, """{"iss":"secret-issuer","aud":"secret-audience","exp":1}""");
        foreach (var bad in new[] { token, token[..^2], token + ".x", token.Replace('.', ' ') })
        {
            var result = await Tokens.ValidateAsync(bad);

            Assert.DoesNotContain("secret", result.Exception.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(bad[..20], result.Exception.ToString(), StringComparison.Ordinal);
        }
    }
}
