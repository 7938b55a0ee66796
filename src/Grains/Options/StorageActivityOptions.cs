using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>The log of the object store's calls; section <c>GrainVault:StorageActivity</c>.</summary>
public sealed class StorageActivityOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "StorageActivity";

    /// <summary>Calls are written down. Default: true.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>Share of the successful calls that is written down, 0 to 1; failed ones are, all of them. Default: 1.</summary>
    [Range(0.0, 1.0)]
    public double SampleShare { get; set; } = 1;

    /// <summary>Calls that wait in a process to be written; what comes when they are so many is dropped and counted. Default: 10,000.</summary>
    [Range(1, 1_000_000)]
    public int QueueCountMax { get; set; } = 10_000;

    /// <summary>Calls that are kept; the oldest go when more come. Default: 1,000,000.</summary>
    [Range(1, 1_000_000_000)]
    public long RowCountMax { get; set; } = 1_000_000;

    /// <summary>Age at which calls are removed. Default: 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Age { get; set; } = TimeSpan.FromDays(7);
}
