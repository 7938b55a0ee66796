using System.ComponentModel.DataAnnotations;

namespace GrainVault.Resilience;

/// <summary>How a process treats dependencies that fail; section <c>GrainVault:Resilience</c>.</summary>
public sealed class ResilienceOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Resilience";

    /// <summary>Share of failed calls to a database or to the S3 server within the window that opens its breaker, 0.05 to 1. Default: 0.5.</summary>
    [Range(0.05, 1.0)]
    public double BreakerFailureShare { get; set; } = 0.5;

    /// <summary>
    /// The same for grain calls of a front end, 0.05 to 1. Default: 0.8, since one silo of a few that dies must not cut off the
    /// others.
    /// </summary>
    [Range(0.05, 1.0)]
    public double GrainBreakerFailureShare { get; set; } = 0.8;

    /// <summary>Calls within the window below which no breaker opens. Default: 10.</summary>
    [Range(2, 100_000)]
    public int BreakerCallCountMin { get; set; } = 10;

    /// <summary>Length of the window. Default: 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a breaker stays open before one call tries again; doubled each time that it fails. Default: 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:01:00")]
    public TimeSpan BreakMin { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest time that a breaker stays open at once. Default: 4 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan BreakMax { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Repeats of a statement after the connection broke, for statements that may be repeated, and after a connection could not
    /// be opened, for all. Default: 2.
    /// </summary>
    [Range(0, 10)]
    public int PostgresRetryCountMax { get; set; } = 2;

    /// <summary>Time before the first repeat, doubled for the next, with jitter. Default: 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan PostgresRetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest time of one statement with all its repeats. Default: 25 s, less than a grain call may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan PostgresTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>Time before the one repeat of a grain call that was rejected, with jitter. Default: 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan GrainRetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Repeated grain calls per call, 0 to 1: repeats must not double the load of a cluster in trouble. Default: 0.1.</summary>
    [Range(0.0, 1.0)]
    public double GrainRetryShareMax { get; set; } = 0.1;
}
