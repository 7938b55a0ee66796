using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>The audit; section <c>GrainVault:Audit</c>.</summary>
public sealed class AuditOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Audit";

    /// <summary>Age at which rows are removed; 0 keeps them for ever. Default: 730 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")]
    public TimeSpan Age { get; set; } = TimeSpan.FromDays(730);

    /// <summary>Downloads of one content by the same visitor within this time make one row. Default: 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan DownloadWindow { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Downloads and failed sign-ins that wait in a silo to be written; what comes when they are so many is dropped and counted. Default: 10,000.</summary>
    [Range(1, 1_000_000)]
    public int QueueCountMax { get; set; } = 10_000;
}
