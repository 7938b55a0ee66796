using System.ComponentModel.DataAnnotations;
using System.Net;

namespace GrainVault.Silo.Telemetry;

/// <summary>What <c>/metrics</c> keeps and who may read it; section <c>GrainVault:Metrics</c>.</summary>
public sealed class MetricsOptions : IValidatableObject
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Metrics";

    /// <summary>Shortest token, in characters.</summary>
    public const int TokenLengthMin = 16;

    /// <summary>
    /// Bearer token that may read <c>/metrics</c>, for a scraper without an account: at least 16 characters. A secret.
    /// Default: none.
    /// </summary>
    public string? Token { get; set; }

    /// <summary>
    /// Networks in CIDR notation whose connections may read <c>/metrics</c> without a token. A front end behind a proxy sees the
    /// proxy's address. Default: none on front ends; the machine itself on the port of a silo, which serves no clients.
    /// </summary>
    public List<string> AllowedNetworks { get; set; } = [];

    /// <summary>Most series of one metric; what comes later is counted in one series for the rest. Default: 1,000.</summary>
    [Range(10, 100_000)]
    public int SeriesCountMax { get; set; } = 1_000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(Token) && Token.Length < TokenLengthMin)
            yield return new ValidationResult($"at least {TokenLengthMin} characters", [nameof(Token)]);
        if (AllowedNetworks.Exists(network => !IPNetwork.TryParse(network, out _)))
            yield return new ValidationResult("networks such as 10.0.0.0/8 or ::1/128", [nameof(AllowedNetworks)]);
    }
}
