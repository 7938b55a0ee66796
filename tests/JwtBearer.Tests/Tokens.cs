using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>Makes tokens: proper ones with the handler under test, and any bytes at all with a good signature.</summary>
internal static class Tokens
{
    public const string Issuer = "https://vault.example";
    public const string Audience = "grainvault";
    public const string HmacHeader = """{"alg":"HS256","kid":"h1","typ":"JWT"}""";

    public static readonly JsonWebTokenHandler Handler = new();

    public static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>A payload that every rule accepts.</summary>
    public static string Payload => PayloadWith("");

    /// <summary>A good payload and more members, each with a comma before it.</summary>
    public static string PayloadWith(string more)
        => $$"""{"iss":"{{Issuer}}","aud":"{{Audience}}","sub":"u-1","exp":{{Now + 600}}{{more}}}""";

    public static SecurityTokenDescriptor Descriptor(string algorithm) => new()
    {
        Issuer = Issuer,
        Audience = Audience,
        Expires = DateTime.UtcNow.AddMinutes(10),
        Claims = new Dictionary<string, object> { [JwtRegisteredClaimNames.Sub] = "u-1" },
        SigningCredentials = new SigningCredentials(Keys.For(algorithm).Signs, algorithm),
    };

    public static string Create(string algorithm) => Handler.CreateToken(Descriptor(algorithm));

    public static TokenValidationParameters Parameters(string algorithm) => Parameters(algorithm, Keys.For(algorithm).Verifies);

    /// <summary>What the Api asks for: one algorithm, one issuer, one audience, keys by their id.</summary>
    public static TokenValidationParameters Parameters(string algorithm, params SecurityKey[] keys) => new()
    {
        ValidAlgorithms = [algorithm],
        ValidIssuer = Issuer,
        ValidAudience = Audience,
        IssuerSigningKeys = keys,
        TryAllIssuerSigningKeys = false,
        ClockSkew = TimeSpan.FromSeconds(30),
    };

    public static Task<TokenValidationResult> ValidateAsync(string token, string algorithm = SecurityAlgorithms.HmacSha256)
        => Handler.ValidateTokenAsync(token, Parameters(algorithm));

    /// <summary>A token with exactly this header and payload, and a good HMAC over them.</summary>
    public static string Forge(string header, string payload, byte[]? secret = null)
        => Forge(Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes(payload), secret);

    public static string Forge(byte[] header, byte[] payload, byte[]? secret = null)
        => Sign(Base64Url.EncodeToString(header) + "." + Base64Url.EncodeToString(payload), secret);

    /// <summary>Any text before the second dot, with a good HMAC over it.</summary>
    public static string Sign(string input, byte[]? secret = null)
        => input + "." + Base64Url.EncodeToString(HMACSHA256.HashData(secret ?? Keys.Hmac.Key, Encoding.UTF8.GetBytes(input)));

    /// <summary>Asserts a refusal, and that the reason is given without quoting the token.</summary>
    public static async Task AssertRefusedAsync(string token, TokenValidationParameters parameters, Type? reason = null)
    {
        var result = await Handler.ValidateTokenAsync(token, parameters);

        Assert.False(result.IsValid);
        Assert.NotNull(result.Exception);
        Assert.Null(result.ClaimsIdentity);
        if (reason is not null)
            Assert.IsAssignableFrom(reason, result.Exception);
    }

    public static Task AssertRefusedAsync<TReason>(string token)
        => AssertRefusedAsync(token, Parameters(SecurityAlgorithms.HmacSha256), typeof(TReason));
}
