using System.Text.Json;
using System.Text.Json.Serialization;

namespace GrainVault.Api.Auth;

/// <summary>A key in the key file.</summary>
internal sealed record StoredSigningKey(string Kid, string Secret, DateTimeOffset CreatedAt);

/// <summary>Reader and writer of the key file.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(List<StoredSigningKey>))]
internal sealed partial class SigningKeyJson : JsonSerializerContext;
