using System.ComponentModel.DataAnnotations;

namespace GrainVault.Silo.Telemetry;

/// <summary>How spans travel to the collector.</summary>
public enum OtlpProtocol
{
    /// <summary>Protobuf over HTTP; collectors listen on port 4318.</summary>
    Http,

    /// <summary>gRPC; collectors listen on port 4317.</summary>
    Grpc,
}

/// <summary>Traces; section <c>GrainVault:Telemetry</c>.</summary>
public sealed class TelemetryOptions : IValidatableObject
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Telemetry";

    /// <summary>
    /// Address of an OpenTelemetry collector, for example <c>http://collector:4318</c>. Default: none; then the standard
    /// variables (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and its like) decide, and without them nothing is traced.
    /// </summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary>How spans travel to <see cref="OtlpEndpoint"/>. Default: <c>http</c>.</summary>
    public OtlpProtocol OtlpProtocol { get; set; } = OtlpProtocol.Http;

    /// <summary>
    /// Share of the requests without a trace of their own that are traced; a request that brings one is traced as that one says.
    /// Default: 1.
    /// </summary>
    [Range(0.0, 1.0)]
    public double SamplingRatio { get; set; } = 1;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(OtlpEndpoint)
            && (!Uri.TryCreate(OtlpEndpoint, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)))
        {
            yield return new ValidationResult("an http or https address such as http://collector:4318", [nameof(OtlpEndpoint)]);
        }
    }
}
