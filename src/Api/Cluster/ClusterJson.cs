using System.Text.Json.Serialization;
using GrainVault.Api.Http;
using GrainVault.Cluster;

namespace GrainVault.Api.Cluster;

/// <summary>The JSON of the cluster's page.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(LowerCaseEnum<ProcessRole>), typeof(LowerCaseEnum<ProcessState>), typeof(UtcTime)])]
[JsonSerializable(typeof(ClusterStatus))]
internal sealed partial class ClusterJson : JsonSerializerContext;
