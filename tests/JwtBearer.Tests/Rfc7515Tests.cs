using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>The examples of RFC 7515, appendix A, byte for byte. Their payload expired in 2011.</summary>
public sealed class Rfc7515Tests
{
    private const string Payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    private const string HmacKey =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

    private const string HmacToken =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + Payload + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    private const string RsaModulus =
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ"
        + "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2"
        + "R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD"
        + "TW9gb54h4FRWyuXpoQ";

    private const string RsaToken =
        "eyJhbGciOiJSUzI1NiJ9." + Payload
        + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU"
        + "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
        + "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
        + "cN_IoypGlUPQGe77Rw";

    private const string EcToken =
        "eyJhbGciOiJFUzI1NiJ9." + Payload
        + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    private static readonly SymmetricSecurityKey Hmac = new(Base64UrlEncoder.DecodeBytes(HmacKey));

    private static readonly RsaSecurityKey Rsa = new(new RSAParameters
    {
        Modulus = Base64UrlEncoder.DecodeBytes(RsaModulus),
        Exponent = Base64UrlEncoder.DecodeBytes("AQAB"),
    });

    private static readonly ECDsaSecurityKey Ec = new(ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint
        {
            X = Base64UrlEncoder.DecodeBytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            Y = Base64UrlEncoder.DecodeBytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
        },
    }));

    public static TheoryData<string, string> Vectors => new()
    {
        { SecurityAlgorithms.HmacSha256, HmacToken },
        { SecurityAlgorithms.RsaSha256, RsaToken },
        { SecurityAlgorithms.EcdsaSha256, EcToken },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task Vector_of_appendix_A_verifies(string algorithm, string token)
    {
        var result = await Tokens.Handler.ValidateTokenAsync(token, Parameters(algorithm));

        Assert.True(result.IsValid, result.Exception?.ToString());
        Assert.Equal("joe", result.Issuer);
        Assert.Equal("true", result.ClaimsIdentity.FindFirst("http://example.com/is_root")?.Value);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1300819380).UtcDateTime, result.SecurityToken.ValidTo);
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task Vector_of_appendix_A_is_expired(string algorithm, string token)
    {
        var parameters = Parameters(algorithm);
        parameters.ValidateLifetime = true;

        await Tokens.AssertRefusedAsync(token, parameters, typeof(SecurityTokenExpiredException));
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task Vector_with_one_changed_signature_character_is_refused(string algorithm, string token)
    {
        var at = token.LastIndexOf('.') + 5;
        var changed = token[..at] + (token[at] == 'A' ? 'B' : 'A') + token[(at + 1)..];

        await Tokens.AssertRefusedAsync(changed, Parameters(algorithm), typeof(SecurityTokenInvalidSignatureException));
    }

    [Fact]
    public async Task Unsecured_token_of_appendix_A5_is_refused()
    {
        var parameters = Parameters(SecurityAlgorithms.HmacSha256);
        parameters.ValidAlgorithms = null;

        await Tokens.AssertRefusedAsync("eyJhbGciOiJub25lIn0." + Payload + ".", parameters);
    }

    [Fact]
    public void Header_and_payload_are_read_as_the_appendix_says()
    {
        var token = Tokens.Handler.ReadJsonWebToken(HmacToken);

        Assert.Equal("HS256", token.Alg);
        Assert.Equal("JWT", token.Typ);
        Assert.Equal("joe", token.Issuer);
        Assert.Equal(Payload, token.EncodedPayload);
        Assert.True(token.GetPayloadValue<bool>("http://example.com/is_root"));
        Assert.DoesNotContain(token.EncodedSignature, token.ToString(), StringComparison.Ordinal);
    }

    private static TokenValidationParameters Parameters(string algorithm) => new()
    {
        ValidAlgorithms = [algorithm],
        IssuerSigningKeys = [Hmac, Rsa, Ec],
        ValidIssuer = "joe",
        ValidateAudience = false,
        ValidateLifetime = false,
    };
}
