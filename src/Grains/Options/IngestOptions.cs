using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>Work on events of the store; section <c>GrainVault:Ingest</c>. Front ends read further keys of the same section.</summary>
public sealed class IngestOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Ingest";

    /// <summary>Objects that a shard looks at in one go. Default: 100.</summary>
    [Range(1, 10_000)]
    public int BatchLength { get; set; } = 100;

    /// <summary>Time after which an object that could not be looked at is tried again; each further try waits twice as long, up to an hour. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Objects of a shard that may wait, about; while there are more, events are refused (503), and the store sends them again or the
    /// sweep finds their objects. There are 16 shards. Default: 100,000.
    /// </summary>
    [Range(1, 10_000_000)]
    public int WaitingMax { get; set; } = 100_000;

    /// <summary>Tries after which an event is forgotten; the sweep finds its object all the same. Default: 20.</summary>
    [Range(1, 1_000)]
    public int TryCountMax { get; set; } = 20;
}
