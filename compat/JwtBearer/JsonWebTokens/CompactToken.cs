using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>The three parts of a JWS in compact form (RFC 7515, 7.1) and the values that decide over it.</summary>
internal sealed class CompactToken
{
    private const int HeaderCountUsual = 3;
    private const int PayloadCountUsual = 8;

    private CompactToken(string encoded, int headerEnd, int payloadEnd, JsonMembers header, JsonMembers payload, byte[] signature)
    {
        Encoded = encoded;
        HeaderEnd = headerEnd;
        PayloadEnd = payloadEnd;
        Header = header;
        Payload = payload;
        Signature = signature;
    }

    public string Encoded { get; }

    /// <summary>Index of the first dot.</summary>
    public int HeaderEnd { get; }

    /// <summary>Index of the second dot: what stands before it is signed.</summary>
    public int PayloadEnd { get; }

    public JsonMembers Header { get; }

    public JsonMembers Payload { get; }

    public byte[] Signature { get; }

    public string Alg { get; private set; } = "";

    public string Kid { get; private set; } = "";

    public string Typ { get; private set; } = "";

    public string Issuer { get; private set; } = "";

    public string Subject { get; private set; } = "";

    public string Id { get; private set; } = "";

    public string[] Audiences { get; private set; } = [];

    public DateTime? Expires { get; private set; }

    public DateTime? NotBefore { get; private set; }

    public DateTime? IssuedAt { get; private set; }

    /// <summary>Reads a token.</summary>
    /// <exception cref="SecurityTokenMalformedException">It is not a token in compact form.</exception>
    public static CompactToken Parse(string encoded)
    {
        if (string.IsNullOrEmpty(encoded))
            throw new ArgumentNullException(nameof(encoded));
        return TryParse(encoded, out var failure) ?? throw new SecurityTokenMalformedException(failure!);
    }

    /// <summary>Reads a token; null: it is none, and <paramref name="failure"/> says why without quoting it.</summary>
    public static CompactToken? TryParse(string encoded, out string? failure)
    {
        var headerEnd = encoded.IndexOf('.');
        var payloadEnd = headerEnd < 0 ? -1 : encoded.IndexOf('.', headerEnd + 1);
        if (payloadEnd < 0 || encoded.IndexOf('.', payloadEnd + 1) >= 0)
            return Fail("The token does not have three parts.", out failure);

        if (StrictBase64Url.TryDecode(encoded.AsSpan(0, headerEnd)) is not { } header
            || StrictBase64Url.TryDecode(encoded.AsSpan((headerEnd + 1)..payloadEnd)) is not { } payload
            || StrictBase64Url.TryDecode(encoded.AsSpan(payloadEnd + 1)) is not { } signature)
            return Fail("A part of the token is not base64url.", out failure);

        if (JsonMembers.TryParse(header, HeaderCountUsual, out var reason) is not { } headerMembers)
            return Fail($"The header of the token is refused: {reason}.", out failure);
        if (JsonMembers.TryParse(payload, PayloadCountUsual, out reason) is not { } payloadMembers)
            return Fail($"The payload of the token is refused: {reason}.", out failure);

        var token = new CompactToken(encoded, headerEnd, payloadEnd, headerMembers, payloadMembers, signature);
        if (!token.ReadHeader())
            return Fail("The header of the token has a value of the wrong type, no alg, or crit.", out failure);
        if (!token.ReadPayload())
            return Fail("The payload of the token has a registered claim of the wrong type.", out failure);
        failure = null;
        return token;
    }

    private static CompactToken? Fail(string reason, out string? failure)
    {
        failure = reason;
        return null;
    }

    private bool ReadHeader()
    {
        foreach (ref readonly var member in Header.Items)
        {
            switch (member.Name)
            {
                case JwtHeaderParameterNames.Alg when member.Text is not null:
                    Alg = member.Text;
                    break;
                case JwtHeaderParameterNames.Kid when member.Text is not null:
                    Kid = member.Text;
                    break;
                case JwtHeaderParameterNames.Typ when member.Text is not null:
                    Typ = member.Text;
                    break;

                // RFC 7515, 4.1.11: "If any of the listed extension Header Parameters are not understood and
                // supported by the recipient, then the JWS is invalid"; none is supported here.
                case JwtHeaderParameterNames.Crit:
                case JwtHeaderParameterNames.Alg:
                case JwtHeaderParameterNames.Kid:
                case JwtHeaderParameterNames.Typ:
                    return false;
            }
        }

        return Alg.Length > 0;
    }

    private bool ReadPayload()
    {
        foreach (ref readonly var member in Payload.Items)
        {
            var valid = true;
            switch (member.Name)
            {
                case JwtRegisteredClaimNames.Iss:
                    valid = member.Text is not null;
                    Issuer = member.Text ?? "";
                    break;
                case JwtRegisteredClaimNames.Sub:
                    valid = member.Text is not null;
                    Subject = member.Text ?? "";
                    break;
                case JwtRegisteredClaimNames.Jti:
                    valid = member.Text is not null;
                    Id = member.Text ?? "";
                    break;
                case JwtRegisteredClaimNames.Aud:
                    valid = ReadAudiences(member);
                    break;
                case JwtRegisteredClaimNames.Exp:
                    valid = JsonClaims.TryReadTime(Payload, member, out var expires);
                    Expires = expires;
                    break;
                case JwtRegisteredClaimNames.Nbf:
                    valid = JsonClaims.TryReadTime(Payload, member, out var notBefore);
                    NotBefore = notBefore;
                    break;
                case JwtRegisteredClaimNames.Iat:
                    valid = JsonClaims.TryReadTime(Payload, member, out var issuedAt);
                    IssuedAt = issuedAt;
                    break;
            }

            if (!valid)
                return false;
        }

        return true;
    }

    private bool ReadAudiences(in JsonMember member)
    {
        if (member.Text is not null)
        {
            Audiences = [member.Text];
            return true;
        }

        if (member.Type != JsonTokenType.StartArray)
            return false;
        var audiences = new List<string>();
        var reader = new Utf8JsonReader(Payload.Raw(member));
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String)
                return false;
            audiences.Add(reader.GetString()!);
        }

        Audiences = [.. audiences];
        return true;
    }
}
