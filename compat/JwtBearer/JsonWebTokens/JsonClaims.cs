using System.Buffers.Text;
using System.Globalization;
using System.Security.Claims;
using System.Text;
using System.Text.Json;

namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>Turns JSON values into claims, and numbers into times.</summary>
internal static class JsonClaims
{
    private static readonly long SecondsMax = (long)(DateTime.MaxValue - DateTime.UnixEpoch).TotalSeconds;

    /// <summary>Adds a claim for a single value, and one for each element of an array.</summary>
    public static void Add(ClaimsIdentity identity, JsonMembers members, in JsonMember member, string type, string issuer)
    {
        if (member.Type != JsonTokenType.StartArray)
        {
            identity.AddClaim(Create(type, member.Type, members.TextOf(member), issuer, identity));
            return;
        }

        var raw = members.Raw(member);
        var reader = new Utf8JsonReader(raw);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var elementType = reader.TokenType;
            var start = (int)reader.TokenStartIndex;
            var text = elementType == JsonTokenType.String ? reader.GetString()! : null;
            reader.Skip();
            text ??= Encoding.UTF8.GetString(raw[start..(int)reader.BytesConsumed]);
            identity.AddClaim(Create(type, elementType, text, issuer, identity));
        }
    }

    /// <summary>A NumericDate (RFC 7519, 2) as UTC, held within the range of DateTime; false for anything but a number.</summary>
    public static bool TryReadTime(JsonMembers members, in JsonMember member, out DateTime time)
    {
        time = default;
        if (member.Type != JsonTokenType.Number)
            return false;
        var raw = members.Raw(member);
        if (!Utf8Parser.TryParse(raw, out long seconds, out var used) || used != raw.Length)
        {
            if (!double.TryParse(raw, NumberStyles.Float, CultureInfo.InvariantCulture, out var fraction) || !double.IsFinite(fraction))
                return false;
            seconds = (long)Math.Clamp(Math.Floor(fraction), 0, SecondsMax);
        }

        time = DateTime.UnixEpoch.AddSeconds(Math.Clamp(seconds, 0, SecondsMax));
        return true;
    }

    private static Claim Create(string type, JsonTokenType jsonType, string text, string issuer, ClaimsIdentity subject)
    {
        var (value, valueType) = jsonType switch
        {
            JsonTokenType.String => (text, ClaimValueTypes.String),
            JsonTokenType.True => ("true", ClaimValueTypes.Boolean),
            JsonTokenType.False => ("false", ClaimValueTypes.Boolean),
            JsonTokenType.Null => ("", JsonClaimValueTypes.JsonNull),
            JsonTokenType.StartObject => (text, JsonClaimValueTypes.Json),
            JsonTokenType.StartArray => (text, JsonClaimValueTypes.JsonArray),
            _ => (text, NumberType(text)),
        };
        return new Claim(type, value, valueType, issuer, issuer, subject);
    }

    private static string NumberType(string text)
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return ClaimValueTypes.Double;
        return number is >= int.MinValue and <= int.MaxValue ? ClaimValueTypes.Integer : ClaimValueTypes.Integer64;
    }
}
