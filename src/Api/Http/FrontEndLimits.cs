namespace GrainVault.Api.Http;

/// <summary>Limits of one front end; section <c>GrainVault:Limits</c>.</summary>
internal sealed class FrontEndLimits
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "GrainVault:Limits";

    /// <summary>Largest part that passes through a front end, in bytes: 64 MiB. Larger ones need direct mode.</summary>
    public const long ProxiedPartBytesMax = 64L << 20;

    /// <summary>Body bytes that uploads occupy in this process at once, at least one part of 64 MiB. Default: 512 MiB.</summary>
    public long BytesInFlightMax { get; set; } = 512L << 20;

    /// <summary>How long an upload waits for its turn before it is shed with 503, up to 5 min. Default: 5 s.</summary>
    public TimeSpan AdmissionWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many uploads wait at once; more are shed at once. 0 to 100,000. Default: 1,000.</summary>
    public int AdmissionQueueMax { get; set; } = 1000;

    /// <summary>Slowest average rate of a request's body, in bytes per second, after the grace time; slower clients are dropped. Default: 1,024.</summary>
    public double BodyBytesPerSecondMin { get; set; } = 1024;

    /// <summary>Slowest average rate at which a client takes a response, in bytes per second. Default: 1,024.</summary>
    public double ResponseBytesPerSecondMin { get; set; } = 1024;

    /// <summary>Time without a check of the rates, more than 1 s. Default: 10 s.</summary>
    public TimeSpan BodyRateGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest JSON body in bytes, 1 KiB to 16 MiB. Default: 64 KiB.</summary>
    public int JsonBodyBytesMax { get; set; } = 64 << 10;

    /// <summary>Open connections; more are closed at once. Default: 10,000.</summary>
    public int ConnectionsMax { get; set; } = 10_000;

    /// <summary>Signups per minute and address at this front end. Default: 60.</summary>
    public int SignupsPerMinute { get; set; } = 60;

    /// <summary>Addresses whose signups are counted apart; beyond it they share one count. Default: 65,536.</summary>
    public int SignupAddressesMax { get; set; } = 65_536;

    /// <summary>How long a completion is waited for before the answer is 503 with <c>Retry-After</c>, up to 110 s. Default: 60 s.</summary>
    public TimeSpan CompleteWait { get; set; } = TimeSpan.FromSeconds(60);
}
