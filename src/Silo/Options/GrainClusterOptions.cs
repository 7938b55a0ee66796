using System.ComponentModel.DataAnnotations;
using System.Net;

namespace GrainVault.Silo.Options;

/// <summary>How this process takes part in a cluster.</summary>
public enum ClusterMode
{
    /// <summary>A cluster of this one process.</summary>
    Embedded,

    /// <summary>A silo that joins a cluster, with or without a front end in the same process.</summary>
    Cohost,

    /// <summary>A front end without a silo.</summary>
    Client,
}

/// <summary>The cluster; section <c>GrainVault:Cluster</c>.</summary>
public sealed class GrainClusterOptions : IValidatableObject
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Cluster";

    /// <summary>Default: <c>embedded</c>.</summary>
    public ClusterMode Mode { get; set; } = ClusterMode.Embedded;

    /// <summary>Name of this deployment of the cluster. The bundled actor runtime appends <c>-bundled</c>. Default: <c>grainvault</c>.</summary>
    [Required(ErrorMessage = "a name of 1 to 100 letters, digits, '-', '_' and '.'")]
    [RegularExpression("[A-Za-z0-9._-]{1,100}", ErrorMessage = "a name of 1 to 100 letters, digits, '-', '_' and '.'")]
    public string ClusterId { get; set; } = "grainvault";

    /// <summary>Name under which reminders and grain state are kept; must never change. Default: <c>grainvault</c>.</summary>
    [Required(ErrorMessage = "a name of 1 to 100 letters, digits, '-', '_' and '.'")]
    [RegularExpression("[A-Za-z0-9._-]{1,100}", ErrorMessage = "a name of 1 to 100 letters, digits, '-', '_' and '.'")]
    public string ServiceId { get; set; } = "grainvault";

    /// <summary>Port for other silos; 0 takes a free one, which only a cluster of one can afford. Default: 0.</summary>
    [Range(0, 65_535)]
    public int SiloPort { get; set; }

    /// <summary>Port for front ends without a silo; 0 takes a free one. Default: 0.</summary>
    [Range(0, 65_535)]
    public int GatewayPort { get; set; }

    /// <summary>Address under which others reach this silo. Default: found by the runtime.</summary>
    public string? AdvertisedIp { get; set; }

    /// <summary>Longest wait for the answer of a grain; after it the outcome is unknown. Default: 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Most calls that wait for one activation before more are refused with 503. Default: 1,000.</summary>
    [Range(1, 1_000_000)]
    public int EnqueuedRequestCountMax { get; set; } = 1_000;

    /// <summary>Time after which an unused activation is dropped from memory. Default: 15 min.</summary>
    [Range(typeof(TimeSpan), "00:01:01", "1.00:00:00")]
    public TimeSpan ActivationIdleMax { get; set; } = TimeSpan.FromMinutes(15);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(AdvertisedIp) && !IPAddress.TryParse(AdvertisedIp, out _))
            yield return new ValidationResult("an IP address", [nameof(AdvertisedIp)]);
        if (Mode != ClusterMode.Embedded)
            yield return new ValidationResult("embedded (clusters of several processes are not available in this version)", [nameof(Mode)]);
    }
}
