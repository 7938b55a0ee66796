using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>URLs with which clients send to the store, and read from it, without a front end between; section <c>GrainVault:Direct</c>.</summary>
public sealed class DirectOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Direct";

    /// <summary>Largest part that is sent straight to the store, in bytes; the store's own limit may be lower. Default: 5 GiB.</summary>
    [Range(typeof(long), "5242880", "5368709120")]
    public long PartSizeBytesMax { get; set; } = 5L << 30;

    /// <summary>Shortest life of a URL that takes a part. Default: 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "7.00:00:00")]
    public TimeSpan WriteLifetimeMin { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Longest life of a URL that takes a part; that of the credentials and of the session may be shorter. Default: 12 h.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "7.00:00:00")]
    public TimeSpan WriteLifetimeMax { get; set; } = TimeSpan.FromHours(12);

    /// <summary>Speed of a client of which nothing is known yet, in bytes per second: its URLs live as long as it would need. Default: 256 KiB/s.</summary>
    [Range(typeof(long), "1024", "1099511627776")]
    public long AssumedBytesPerSecond { get; set; } = 256 << 10;

    /// <summary>Life of a URL that reads a file; a right that is taken away ends no later. Default: 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan ReadLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Time within which one session asks the store for its parts at most once, however often clients ask. Default: 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan PartListPeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Time after which the janitor looks for a file of one part whose event did not come; each further look waits as long again as
    /// the session is old. Default: 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan StagedLookDelay { get; set; } = TimeSpan.FromMinutes(1);
}
