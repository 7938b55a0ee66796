using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Storage;

/// <summary>
/// How states look in a store: JSON by System.Text.Json, without type names. The official providers write Newtonsoft JSON
/// with "$type", so a state that one runtime wrote is not readable by the other.
/// </summary>
internal static class GrainStateJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        IncludeFields = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    internal static byte[] Write<T>(T state) => JsonSerializer.SerializeToUtf8Bytes(state, Options);

    internal static T? Read<T>(ReadOnlySpan<byte> payload) => JsonSerializer.Deserialize<T>(payload, Options);
}
