using System.ComponentModel.DataAnnotations;

namespace GrainVault.Api.Http;

/// <summary>Limits of one front end; section <c>GrainVault:Limits</c>. Grains read further keys of the same section.</summary>
internal sealed class FrontEndLimits
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Limits";

    /// <summary>Largest part that passes through a front end, in bytes: 64 MiB. Larger ones need direct mode.</summary>
    public const long ProxiedPartBytesMax = 64L << 20;

    /// <summary>Body bytes that uploads occupy in this process at once, at least one part of 64 MiB. Default: 512 MiB.</summary>
    [Range(ProxiedPartBytesMax, 1L << 50)]
    public long BytesInFlightMax { get; set; } = 512L << 20;

    /// <summary>How long an upload waits for its turn before it is shed with 503. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan AdmissionWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many uploads wait at once; more are shed without waiting. Default: 1,000.</summary>
    [Range(0, 100_000)]
    public int AdmissionQueueMax { get; set; } = 1000;

    /// <summary>
    /// Share of the bytes in flight, and of the queue, that one user has at most, 0.01 to 1; a single part passes whatever its
    /// size. Default: 0.5.
    /// </summary>
    [Range(0.01, 1.0)]
    public double AdmissionSharePerUser { get; set; } = 0.5;

    /// <summary>Uploads under way at once, those that wait for their turn included; more are shed with 503. Default: 2,000.</summary>
    [Range(1, 1_000_000)]
    public int UploadRequestsMax { get; set; } = 2000;

    /// <summary>
    /// Requests under way at once that cost more than reading metadata: uploads, downloads, changes, logins. More are shed with
    /// 503. Default: 4,000.
    /// </summary>
    [Range(1, 1_000_000)]
    public int ExpensiveRequestsMax { get; set; } = 4000;

    /// <summary>
    /// Share of both that requests of one address have at most, 0.01 to 1; an IPv6 address counts as its /64. More are refused
    /// with 429, whether they bring a token or not. Default: 0.5, so that all users behind one router still get along.
    /// </summary>
    [Range(0.01, 1.0)]
    public double RequestSharePerAddress { get; set; } = 0.5;

    /// <summary>Share of both that requests of one user have at most, 0.01 to 1; more are refused with 429. Default: 0.25.</summary>
    [Range(0.01, 1.0)]
    public double RequestSharePerUser { get; set; } = 0.25;

    /// <summary>
    /// Share of the memory that this process may have (the container's limit, or the machine's) in use, 0 to 1, from which
    /// uploads are shed; half of the way from there to 1 all changes and downloads are, and close to 1 reads too. 0 sheds
    /// uploads always. Default: 0.85.
    /// </summary>
    [Range(0.0, 1.0)]
    public double MemoryShareMax { get; set; } = 0.85;

    /// <summary>
    /// How long work may wait for a thread before uploads are shed; at twice that all changes and downloads are, and at five
    /// times reads too. Default: 3 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ThreadDelayMax { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Slowest average rate of a request's body, in bytes per second, after the grace time; slower clients are dropped. Default: 1,024.</summary>
    [Range(1.0, 1e9)]
    public double BodyBytesPerSecondMin { get; set; } = 1024;

    /// <summary>Slowest average rate at which a client takes a response, in bytes per second, after the grace time. Default: 1,024.</summary>
    [Range(1.0, 1e9)]
    public double ResponseBytesPerSecondMin { get; set; } = 1024;

    /// <summary>Time before the rates are checked. Default: 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01.001", "00:05:00")]
    public TimeSpan BodyRateGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest JSON body in bytes. Default: 64 KiB.</summary>
    [Range(1 << 10, 16 << 20)]
    public int JsonBodyBytesMax { get; set; } = 64 << 10;

    /// <summary>
    /// Longest time for a JSON body to arrive; a body that may be larger than <see cref="JsonBodyBytesMax"/> gets as much more as
    /// it is larger. A later one is refused with 408: its request holds a place all the while. Default: 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan JsonBodyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Open connections; more are closed at once. Default: 10,000.</summary>
    [Range(1, 1_000_000)]
    public int ConnectionsMax { get; set; } = 10_000;

    /// <summary>
    /// Open connections of one address (IPv6: its /64); more are closed at once, those of known proxies never. 0 is no limit.
    /// Default: 2,000.
    /// </summary>
    [Range(0, 1_000_000)]
    public int ConnectionsPerAddressMax { get; set; } = 2000;

    /// <summary>
    /// Addresses whose signups and failed logins are counted apart while the owners of their budgets can't be asked; beyond it
    /// they share one count. Default: 65,536.
    /// </summary>
    [Range(1, 10_000_000)]
    public int SignupAddressesMax { get; set; } = 65_536;

    /// <summary>Users, and addresses, whose request rates are remembered; beyond it those that rest are forgotten. Default: 65,536.</summary>
    [Range(16, 10_000_000)]
    public int RateLimitKeysMax { get; set; } = 65_536;

    /// <summary>
    /// The share of a budget that this front end grants by itself while the budget's owner can't be asked, 0.01 to 1.
    /// Default: 0.25, since a few front ends together should not exceed the whole.
    /// </summary>
    [Range(0.01, 1.0)]
    public double RateLimitShareAlone { get; set; } = 0.25;

    /// <summary>Longest wait for tokens of a budget; without an answer the share above counts. Default: 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:05")]
    public TimeSpan RateLimitLeaseWait { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a completion is waited for before the answer is 503 with <c>Retry-After</c>. Default: 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:50")]
    public TimeSpan CompleteWait { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Files and folders in a zip archive; of each some 500 bytes are held in memory until it is sent. Default: 100,000.</summary>
    [Range(1, 10_000_000)]
    public int ZipEntryCountMax { get; set; } = 100_000;

    /// <summary>Bytes of the files in a zip archive. Default: 1 TiB.</summary>
    [Range(1, 1L << 60)]
    public long ZipSizeBytesMax { get; set; } = 1L << 40;

    /// <summary>Zip archives that are made at once, at most half of them, but at least one, for visitors of links; more are shed with 503. Default: 32.</summary>
    [Range(1, 10_000)]
    public int ZipCountMax { get; set; } = 32;

    /// <summary>Zip archives of one user that are made at once, those that others have by his URLs included, and of visitors of links from one address; more are refused with 429. Default: 4.</summary>
    [Range(1, 10_000)]
    public int ZipCountPerUserMax { get; set; } = 4;
}
