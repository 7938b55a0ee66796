using System.ComponentModel.DataAnnotations;
using GrainVault.Options;

namespace GrainVault.Api.Changes;

/// <summary>How a front end tells of changes; section <c>GrainVault:Changes</c>.</summary>
internal sealed class ChangesSettings
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = ChangesOptions.Section;

    /// <summary>Longest wait of <c>GET /v1/changes</c> for changes. Default: 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan WaitMax { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Silence after which a stream of events shows that it is alive. Default: 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan HeartbeatPeriod { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Streams of events in this process at once; more are refused with 503. Default: 5,000.</summary>
    [Range(1, 1_000_000)]
    public int StreamCountMax { get; set; } = 5_000;

    /// <summary>Streams of events of one user in this process at once; more are refused with 429. Default: 16.</summary>
    [Range(1, 10_000)]
    public int StreamCountPerUserMax { get; set; } = 16;
}
