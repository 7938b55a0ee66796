using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>The change feed; section <c>GrainVault:Changes</c>. Front ends read further keys of the same section.</summary>
public sealed class ChangesOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Changes";

    /// <summary>Time that changes are kept, and so that a cursor is good for; older ones are refused with 410. Default: 30 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan Age { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Time between two looks of a silo at the counters of those whose changes somebody waits for. Default: 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan PollPeriod { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Requests that wait for changes in a silo at once. Default: 10,000.</summary>
    [Range(1, 1_000_000)]
    public int WatcherCountMax { get; set; } = 10_000;

    /// <summary>Requests of one user that wait for changes in a silo at once. Default: 32.</summary>
    [Range(1, 100_000)]
    public int WatcherCountPerUserMax { get; set; } = 32;
}
