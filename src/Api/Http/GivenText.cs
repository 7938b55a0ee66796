using System.Text.Json;
using System.Text.Json.Serialization;

namespace GrainVault.Api.Http;

/// <summary>A text member of a body that may be left out, and for which <c>null</c> means something else than that.</summary>
/// <param name="IsGiven">The member stands in the body.</param>
/// <param name="Value">Its value.</param>
[JsonConverter(typeof(GivenTextConverter))]
internal readonly record struct GivenText(bool IsGiven, string? Value);

/// <summary>Reads a string or <c>null</c>; what is left out never comes here.</summary>
internal sealed class GivenTextConverter : JsonConverter<GivenText>
{
    public override bool HandleNull => true;

    public override GivenText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Null => new GivenText(true, null),
        JsonTokenType.String => new GivenText(true, reader.GetString()),
        // The reader completes the message with the path of the member.
        _ => throw new JsonException(),
    };

    public override void Write(Utf8JsonWriter writer, GivenText value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
