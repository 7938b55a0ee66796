using System.Collections;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>Writes the payload of a new token; each name once, the first source that has it wins.</summary>
internal sealed class PayloadWriter
{
    private readonly Utf8JsonWriter _writer;
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    private PayloadWriter(Utf8JsonWriter writer) => _writer = writer;

    public static void Write(Utf8JsonWriter writer, SecurityTokenDescriptor descriptor, (DateTime Now, DateTime Expires)? defaults)
    {
        writer.WriteStartObject();
        var payload = new PayloadWriter(writer);
        payload.WriteAudiences(descriptor);
        payload.WriteOnce(JwtRegisteredClaimNames.Iss, descriptor.Issuer);
        payload.WriteTime(JwtRegisteredClaimNames.Exp, descriptor.Expires);
        payload.WriteTime(JwtRegisteredClaimNames.Iat, descriptor.IssuedAt);
        payload.WriteTime(JwtRegisteredClaimNames.Nbf, descriptor.NotBefore);
        if (descriptor.Claims is not null)
        {
            foreach (var (name, value) in descriptor.Claims)
                payload.WriteOnce(name, value);
        }

        if (descriptor.Subject is not null)
            payload.WriteSubject(descriptor.Subject);
        if (defaults is { } times)
        {
            payload.WriteTime(JwtRegisteredClaimNames.Exp, times.Expires);
            payload.WriteTime(JwtRegisteredClaimNames.Iat, times.Now);
            payload.WriteTime(JwtRegisteredClaimNames.Nbf, times.Now);
        }

        writer.WriteEndObject();
    }

    private void WriteAudiences(SecurityTokenDescriptor descriptor)
    {
        var audiences = new List<string>(descriptor.Audiences);
        if (!string.IsNullOrEmpty(descriptor.Audience))
            audiences.Insert(0, descriptor.Audience);
        if (audiences.Count == 1)
            WriteOnce(JwtRegisteredClaimNames.Aud, audiences[0]);
        else if (audiences.Count > 1)
            WriteOnce(JwtRegisteredClaimNames.Aud, audiences);
    }

    private void WriteSubject(ClaimsIdentity subject)
    {
        foreach (var group in subject.Claims.GroupBy(claim => claim.Type, StringComparer.Ordinal))
        {
            var values = group.Select(ValueOf).ToArray();
            WriteOnce(group.Key, values.Length == 1 ? values[0] : values);
        }
    }

    private static object ValueOf(Claim claim) => claim.ValueType switch
    {
        ClaimValueTypes.Boolean => bool.Parse(claim.Value),
        ClaimValueTypes.Integer or ClaimValueTypes.Integer32 or ClaimValueTypes.Integer64
            => long.Parse(claim.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        ClaimValueTypes.Double => double.Parse(claim.Value, NumberStyles.Float, CultureInfo.InvariantCulture),
        JsonClaimValueTypes.Json or JsonClaimValueTypes.JsonArray => JsonElement.Parse(claim.Value),
        _ => claim.Value,
    };

    private void WriteTime(string name, DateTime? time)
    {
        if (time is { } value)
            WriteOnce(name, Math.Max(0, new DateTimeOffset(value.ToUniversalTime()).ToUnixTimeSeconds()));
    }

    private void WriteOnce(string name, object? value)
    {
        if (value is null || !_written.Add(name))
            return;
        _writer.WritePropertyName(name);
        WriteValue(value, 1);
    }

    private void WriteValue(object? value, int depth)
    {
        if (depth > JsonMembers.DepthMax)
            throw new ArgumentException($"A claim is nested deeper than {JsonMembers.DepthMax}.");
        switch (value)
        {
            case null:
                _writer.WriteNullValue();
                break;
            case string text:
                _writer.WriteStringValue(text);
                break;
            case bool truth:
                _writer.WriteBooleanValue(truth);
                break;
            case int or long or short or byte or uint:
                _writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double or float:
                _writer.WriteNumberValue(Convert.ToDouble(value, CultureInfo.InvariantCulture));
                break;
            case decimal number:
                _writer.WriteNumberValue(number);
                break;
            case DateTime time:
                _writer.WriteStringValue(time.ToUniversalTime());
                break;
            case JsonElement json:
                json.WriteTo(_writer);
                break;
            case IEnumerable<KeyValuePair<string, object>> members:
                WriteObject(members, depth);
                break;
            case IEnumerable elements:
                WriteArray(elements, depth);
                break;
            default:
                throw new ArgumentException($"A claim of type {value.GetType()} has no JSON form.");
        }
    }

    private void WriteObject(IEnumerable<KeyValuePair<string, object>> members, int depth)
    {
        _writer.WriteStartObject();
        foreach (var (name, value) in members)
        {
            _writer.WritePropertyName(name);
            WriteValue(value, depth + 1);
        }

        _writer.WriteEndObject();
    }

    private void WriteArray(IEnumerable elements, int depth)
    {
        _writer.WriteStartArray();
        foreach (var element in elements)
            WriteValue(element, depth + 1);
        _writer.WriteEndArray();
    }
}
