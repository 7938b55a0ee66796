using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>Attacks on algorithm, key and signature: RFC 8725, 2.1 to 2.5 and 3.1 to 3.5.</summary>
public sealed class AlgorithmAttackTests
{
    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("NONE")]
    [InlineData("nOnE")]
    [InlineData("")]
    [InlineData("hs256")]
    [InlineData("HS1")]
    [InlineData("HS256 ")]
    [InlineData("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")]
    public async Task Other_algorithm_name_is_refused_with_and_without_signature(string algorithm)
    {
        var header = $$"""{"alg":"{{algorithm}}","kid":"h1","typ":"JWT"}""";
        var signed = Tokens.Forge(header, Tokens.Payload);
        var unsigned = signed[..(signed.LastIndexOf('.') + 1)];

        await Tokens.AssertRefusedAsync(signed, Tokens.Parameters(SecurityAlgorithms.HmacSha256));
        await Tokens.AssertRefusedAsync(unsigned, Tokens.Parameters(SecurityAlgorithms.HmacSha256));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("NONE")]
    public async Task Unsigned_token_is_refused_even_when_every_algorithm_is_allowed(string algorithm)
    {
        var parameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
        parameters.ValidAlgorithms = null;
        parameters.TryAllIssuerSigningKeys = true;
        var signed = Tokens.Forge($$"""{"alg":"{{algorithm}}","kid":"h1"}""", Tokens.Payload);

        await Tokens.AssertRefusedAsync(signed[..(signed.LastIndexOf('.') + 1)], parameters);
        await Tokens.AssertRefusedAsync(signed, parameters);
    }

    [Fact]
    public async Task Header_without_algorithm_is_refused()
        => await Tokens.AssertRefusedAsync(
            Tokens.Forge("""{"kid":"h1","typ":"JWT"}""", Tokens.Payload), Tokens.Parameters(SecurityAlgorithms.HmacSha256));

    public static TheoryData<string, byte[]> PublicKeysAsSecrets => new()
    {
        { SecurityAlgorithms.RsaSha256, Encoding.ASCII.GetBytes(Keys.RsaPair.ExportSubjectPublicKeyInfoPem()) },
        { SecurityAlgorithms.RsaSha256, Encoding.ASCII.GetBytes(Keys.RsaPair.ExportSubjectPublicKeyInfoPem() + "\n") },
        { SecurityAlgorithms.RsaSha256, Encoding.ASCII.GetBytes(Keys.RsaPair.ExportRSAPublicKeyPem()) },
        { SecurityAlgorithms.RsaSha256, Keys.RsaPair.ExportSubjectPublicKeyInfo() },
        { SecurityAlgorithms.RsaSha256, Keys.RsaPair.ExportParameters(false).Modulus! },
        { SecurityAlgorithms.EcdsaSha256, Encoding.ASCII.GetBytes(Keys.EcPair.ExportSubjectPublicKeyInfoPem()) },
        { SecurityAlgorithms.EcdsaSha256, Keys.EcPair.ExportSubjectPublicKeyInfo() },
        { SecurityAlgorithms.EcdsaSha256, Keys.EcPair.ExportParameters(false).Q.X! },
    };

    [Theory]
    [MemberData(nameof(PublicKeysAsSecrets))]
    public async Task Public_key_is_no_secret_for_HMAC(string algorithm, byte[] publicKey)
    {
        var key = Keys.For(algorithm).Verifies;
        var token = Tokens.Forge($$"""{"alg":"HS256","kid":"{{key.KeyId}}"}""", Tokens.Payload, publicKey);
        var anyAlgorithm = Tokens.Parameters(algorithm);
        anyAlgorithm.ValidAlgorithms = null;
        anyAlgorithm.TryAllIssuerSigningKeys = true;

        await Tokens.AssertRefusedAsync(token, Tokens.Parameters(algorithm));
        await Tokens.AssertRefusedAsync(token, anyAlgorithm);
    }

    [Theory]
    [InlineData(SecurityAlgorithms.HmacSha256)]
    [InlineData(SecurityAlgorithms.RsaSha256)]
    [InlineData(SecurityAlgorithms.EcdsaSha256)]
    public async Task Good_token_of_an_algorithm_that_is_not_allowed_is_refused(string algorithm)
    {
        foreach (var allowed in Keys.Algorithms.Where(other => other != algorithm))
        {
            var parameters = Tokens.Parameters(allowed, Keys.Hmac, Keys.RsaPublic, Keys.EcPublic);

            await Tokens.AssertRefusedAsync(Tokens.Create(algorithm), parameters, typeof(SecurityTokenException));
        }
    }

    [Fact]
    public async Task Header_that_names_another_algorithm_than_the_signature_is_refused()
    {
        var input = Base64Url.EncodeToString("""{"alg":"ES256","kid":"e1"}"""u8) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Tokens.Payload));
        var signature = Keys.RsaPair.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var parameters = Tokens.Parameters(SecurityAlgorithms.EcdsaSha256, Keys.EcPublic, Keys.RsaPublic);
        parameters.TryAllIssuerSigningKeys = true;

        await Tokens.AssertRefusedAsync(input + "." + Base64Url.EncodeToString(signature), parameters);
    }

    [Fact]
    public async Task Key_in_the_header_is_never_used()
    {
        var attacker = RandomNumberGenerator.GetBytes(32);
        var jwk = $$"""{"kty":"oct","k":"{{Base64Url.EncodeToString(attacker)}}","kid":"h1"}""";
        var header = $$"""{"alg":"HS256","kid":"h1","jwk":{{jwk}},"jku":"http://127.0.0.1:1/keys","x5u":"http://127.0.0.1:1/cert"}""";

        await Tokens.AssertRefusedAsync<SecurityTokenInvalidSignatureException>(Tokens.Forge(header, Tokens.Payload, attacker));
    }

    [Fact]
    public async Task ES256_signature_in_DER_is_refused()
    {
        var token = SignEc(Keys.EcPair, DSASignatureFormat.Rfc3279DerSequence);

        await Tokens.AssertRefusedAsync(token, Tokens.Parameters(SecurityAlgorithms.EcdsaSha256));
    }

    [Theory]
    [InlineData(0, 64)]
    [InlineData(255, 64)]
    [InlineData(0, 63)]
    [InlineData(0, 65)]
    [InlineData(0, 128)]
    [InlineData(0, 1)]
    public async Task ES256_signature_of_constant_bytes_is_refused(byte value, int sizeBytes)
    {
        var token = Tokens.Create(SecurityAlgorithms.EcdsaSha256);
        var signature = Enumerable.Repeat(value, sizeBytes).ToArray();

        await Tokens.AssertRefusedAsync(
            token[..(token.LastIndexOf('.') + 1)] + Base64Url.EncodeToString(signature), Tokens.Parameters(SecurityAlgorithms.EcdsaSha256));
    }

    [Theory]
    [InlineData(SecurityAlgorithms.HmacSha256)]
    [InlineData(SecurityAlgorithms.RsaSha256)]
    [InlineData(SecurityAlgorithms.EcdsaSha256)]
    public async Task Signature_cut_extended_or_of_another_token_is_refused(string algorithm)
    {
        var token = Tokens.Create(algorithm);
        var dot = token.LastIndexOf('.') + 1;
        var signature = Base64Url.DecodeFromChars(token.AsSpan(dot));
        var other = Tokens.Handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = "other",
            SigningCredentials = new SigningCredentials(Keys.For(algorithm).Signs, algorithm),
        });

        foreach (var bad in new[] { signature[..^1], signature[1..], signature[..1], [.. signature, 0], [0, .. signature], [.. signature, .. signature] })
            await Tokens.AssertRefusedAsync(token[..dot] + Base64Url.EncodeToString(bad), Tokens.Parameters(algorithm));
        await Tokens.AssertRefusedAsync(token[..dot] + other[(other.LastIndexOf('.') + 1)..], Tokens.Parameters(algorithm));
        await Tokens.AssertRefusedAsync(token[..dot], Tokens.Parameters(algorithm));
        await Tokens.AssertRefusedAsync(token[..(dot - 1)], Tokens.Parameters(algorithm));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(31)]
    public void HMAC_key_shorter_than_its_hash_makes_no_token(int sizeBytes)
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(new byte[sizeBytes]), SecurityAlgorithms.HmacSha256);

        Assert.ThrowsAny<ArgumentException>(() => Tokens.Handler.CreateToken(descriptor));
    }

    [Fact]
    public void Key_of_another_type_than_the_algorithm_makes_no_token()
    {
        var descriptor = Tokens.Descriptor(SecurityAlgorithms.HmacSha256);
        descriptor.SigningCredentials = new SigningCredentials(Keys.Rsa, SecurityAlgorithms.HmacSha256);

        Assert.Throws<NotSupportedException>(() => Tokens.Handler.CreateToken(descriptor));
    }

    private static string SignEc(ECDsa key, DSASignatureFormat format = DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
    {
        var input = Base64Url.EncodeToString("""{"alg":"ES256","kid":"e1"}"""u8) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Tokens.Payload));
        return input + "." + Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, format));
    }
}
