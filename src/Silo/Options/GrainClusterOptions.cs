using System.ComponentModel.DataAnnotations;
using System.Net;

namespace GrainVault.Silo.Options;

/// <summary>The cluster; section <c>GrainVault:Cluster</c>.</summary>
public sealed class GrainClusterOptions : IValidatableObject
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Cluster";

    /// <summary>Shortest cluster secret, in characters.</summary>
    public const int SecretLengthMin = 32;

    /// <summary>Most secrets of earlier times that are still accepted.</summary>
    public const int PreviousSecretCountMax = 3;

    private const string SecretAllowed = "at least 32 random characters, the same in every process of the cluster (openssl rand -hex 32)";

    /// <summary>Default: <c>embedded</c>; <c>src/Silo</c> with a connection string of its own defaults to <c>cohost</c>.</summary>
    public ClusterMode Mode { get; set; } = ClusterMode.Embedded;

    /// <summary>Name of this deployment of the cluster. The bundled actor runtime appends <c>-bundled</c>. Default: <c>grainvault</c>.</summary>
    [Required(ErrorMessage = "a name of 1 to 100 letters, digits, '-', '_' and '.'")]
    [RegularExpression("[A-Za-z0-9._-]{1,100}", ErrorMessage = "a name of 1 to 100 letters, digits, '-', '_' and '.'")]
    public string ClusterId { get; set; } = "grainvault";

    /// <summary>Name under which reminders and grain state are kept; must never change. Default: <c>grainvault</c>.</summary>
    [Required(ErrorMessage = "a name of 1 to 100 letters, digits, '-', '_' and '.'")]
    [RegularExpression("[A-Za-z0-9._-]{1,100}", ErrorMessage = "a name of 1 to 100 letters, digits, '-', '_' and '.'")]
    public string ServiceId { get; set; } = "grainvault";

    /// <summary>
    /// What every process of the cluster holds and nobody else: a connection on a silo's ports starts with a proof of it.
    /// At least 32 characters. Required outside embedded mode; there is no default. A secret.
    /// </summary>
    public string? Secret { get; set; }

    /// <summary>Secrets that are still accepted from others while <see cref="Secret"/> is being rotated; at most 3. Default: none.</summary>
    public List<string> PreviousSecrets { get; set; } = [];

    /// <summary>Name of this silo for people; need not be unique. Default: the machine's name and the process id.</summary>
    [RegularExpression("[A-Za-z0-9._-]{1,100}", ErrorMessage = "a name of 1 to 100 letters, digits, '-', '_' and '.'")]
    public string? SiloName { get; set; }

    /// <summary>Port for other silos; 0 is 11111, and in embedded mode a free one. Default: 0.</summary>
    [Range(0, 65_535)]
    public int SiloPort { get; set; }

    /// <summary>Port for front ends without a silo; 0 is 30000, and in embedded mode a free one. Default: 0.</summary>
    [Range(0, 65_535)]
    public int GatewayPort { get; set; }

    /// <summary>Address under which others reach this silo, and on which it listens. Default: the machine's first address that is not loopback.</summary>
    public string? AdvertisedIp { get; set; }

    /// <summary>True to listen on all addresses of the machine, where the advertised one is not its own. Default: false.</summary>
    public bool ListenOnAnyAddress { get; set; }

    /// <summary>
    /// Where <c>src/Silo</c> answers <c>/healthz</c> and <c>/metrics</c>; port 0 takes a free one. Front ends answer on their
    /// own address. Default: <c>http://127.0.0.1:0</c>.
    /// </summary>
    public string HealthUrl { get; set; } = "http://127.0.0.1:0";

    /// <summary>How far clocks may differ, from PostgreSQL's and from each other. Default: 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ClockSkewMax { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest time to open a connection to a silo. Default: 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Longest time for the proof of the secret, on either side. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two probes of a silo, and the longest wait for its answer. Default: 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ProbePeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Probes in a row without an answer after which a silo is suspected. Default: 3.</summary>
    [Range(1, 100)]
    public int MissedProbeCountMax { get; set; } = 3;

    /// <summary>Other silos that each silo probes. Default: 3.</summary>
    [Range(1, 100)]
    public int ProbedSiloCount { get; set; } = 3;

    /// <summary>Suspicions after which a silo is declared dead. Default: 2.</summary>
    [Range(1, 100)]
    public int DeathVoteCount { get; set; } = 2;

    /// <summary>Age at which a suspicion no longer counts. Default: 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DeathVoteLifetime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often a silo reads the member table without being told that it changed. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan TableRefreshPeriod { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a silo writes a sign of life into the member table. Default: 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan SignOfLifePeriod { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Missing signs of life after which a member no longer hinders others from joining. Default: 3.</summary>
    [Range(1, 100)]
    public int MissedSignOfLifeCountMax { get; set; } = 3;

    /// <summary>Longest time that a silo tries to join before its process ends. Default: 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan JoinTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How often a front end without a silo reads which gateways there are. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan GatewayRefreshPeriod { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for the answer of a grain; after it the outcome is unknown. Default: 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Most calls that wait for one activation before more are refused with 503. Default: 1,000.</summary>
    [Range(1, 1_000_000)]
    public int EnqueuedRequestCountMax { get; set; } = 1_000;

    /// <summary>Time after which an unused activation is dropped from memory. Default: 15 min.</summary>
    [Range(typeof(TimeSpan), "00:01:01", "1.00:00:00")]
    public TimeSpan ActivationIdleMax { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Age of the last sign of life at which a member counts as gone when the cluster's secret or name is to change.
    /// </summary>
    internal TimeSpan SignOfLifeAgeMax => (SignOfLifePeriod * MissedSignOfLifeCountMax) + ClockSkewMax;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(AdvertisedIp) && !IPAddress.TryParse(AdvertisedIp, out _))
            yield return new ValidationResult("an IP address", [nameof(AdvertisedIp)]);
        if (!IsHttpUrl(HealthUrl))
            yield return new ValidationResult("an address such as http://127.0.0.1:8081", [nameof(HealthUrl)]);
        if (!IsSecret(Secret) && (Mode != ClusterMode.Embedded || !string.IsNullOrEmpty(Secret)))
            yield return new ValidationResult(SecretAllowed, [nameof(Secret)]);
        if (PreviousSecrets.Count > PreviousSecretCountMax || PreviousSecrets.Exists(secret => !IsSecret(secret)))
            yield return new ValidationResult("up to 3 earlier secrets of at least 32 characters each", [nameof(PreviousSecrets)]);
    }

    private static bool IsSecret(string? secret) => secret?.Length >= SecretLengthMin;

    private static bool IsHttpUrl(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp && address.PathAndQuery == "/";
}
