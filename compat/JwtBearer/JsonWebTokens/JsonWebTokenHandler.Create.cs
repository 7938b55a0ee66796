using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.IdentityModel.JsonWebTokens;

public partial class JsonWebTokenHandler
{
    /// <summary>Makes a signed token in compact form.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="tokenDescriptor"/> is null.</exception>
    /// <exception cref="ArgumentException">There are no signing credentials, or a claim has a value of no JSON type.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The key is too weak for the algorithm.</exception>
    /// <exception cref="NotSupportedException">The algorithm is not supported, or not with this type of key.</exception>
    public virtual string CreateToken(SecurityTokenDescriptor tokenDescriptor)
    {
        ArgumentNullException.ThrowIfNull(tokenDescriptor);
        var credentials = tokenDescriptor.SigningCredentials
            ?? throw new ArgumentException("Signing credentials are missing; unsigned tokens are not made here.", nameof(tokenDescriptor));

        var json = new ArrayBufferWriter<byte>(512);
        WriteHeader(json, credentials, tokenDescriptor.TokenType);
        var signingInput = Base64Url.EncodeToString(json.WrittenSpan);
        json.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(json))
            PayloadWriter.Write(writer, tokenDescriptor, DefaultTimes());
        signingInput += "." + Base64Url.EncodeToString(json.WrittenSpan);

        var signature = SignatureAlgorithm.Sign(credentials.Algorithm, credentials.Key, Encoding.ASCII.GetBytes(signingInput));
        return signingInput + "." + Base64Url.EncodeToString(signature);
    }

    private static void WriteHeader(ArrayBufferWriter<byte> json, SigningCredentials credentials, string? type)
    {
        using var writer = new Utf8JsonWriter(json);
        writer.WriteStartObject();
        writer.WriteString(JwtHeaderParameterNames.Alg, credentials.Algorithm);
        if (!string.IsNullOrEmpty(credentials.Kid))
            writer.WriteString(JwtHeaderParameterNames.Kid, credentials.Kid);
        writer.WriteString(JwtHeaderParameterNames.Typ, string.IsNullOrEmpty(type) ? "JWT" : type);
        writer.WriteEndObject();
    }

    private (DateTime Now, DateTime Expires)? DefaultTimes()
    {
        if (!SetDefaultTimesOnTokenCreation)
            return null;
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        return (now, now.AddMinutes(TokenLifetimeInMinutes));
    }
}
