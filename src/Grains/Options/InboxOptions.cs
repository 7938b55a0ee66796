using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>Objects that others put below <c>inbox/&lt;user&gt;/</c> to become files; section <c>GrainVault:Inbox</c>.</summary>
public sealed class InboxOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Inbox";

    /// <summary>Time between two listings of the inbox, which find what no event told; zero turns them off. Default: 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan ListPeriod { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Time after which an object is tried again that could not be adopted, or whose adoption was cut short; each further try waits twice
    /// as long, up to <see cref="RetryDelayMax"/>. Default: 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest time between two tries. Default: 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "30.00:00:00")]
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Objects that a shard asks the ledger for at once. Default: 100.</summary>
    [Range(1, 10_000)]
    public int BatchLength { get; set; } = 100;

    /// <summary>Objects that a shard copies at once. Default: 4.</summary>
    [Range(1, 100)]
    public int CopyCountMax { get; set; } = 4;

    /// <summary>Objects of the inbox that the ledger knows at once; a listing stops there, and the next one goes on. Default: 100,000.</summary>
    [Range(1, 100_000_000)]
    public int ObjectCountMax { get; set; } = 100_000;
}
