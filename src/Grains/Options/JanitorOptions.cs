using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>Expiry, purge and sweep; section <c>GrainVault:Janitor</c>.</summary>
public sealed class JanitorOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Janitor";

    /// <summary>Time between two runs of a shard. Default: 1 min, the least that reminders allow.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Period { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Rows of one kind that a run of a shard works on, and of feeds, which one shard prunes for all, one statement. Default: 500.</summary>
    [Range(1, 100_000)]
    public int RowCountMax { get; set; } = 500;

    /// <summary>Age of a completion that nobody seems to work on any more. Default: 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan CompletionAge { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Time between an object becoming garbage and its deletion, which running downloads need, and between the first deletion
    /// and the second, which late writes need. Default: 24 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan GarbageDelay { get; set; } = TimeSpan.FromHours(24);

    /// <summary>What an intent lives longer than the longest store call, so that no call can outlive it. Default: 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan IntentSlack { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Time that ended sessions and ids of removed files are remembered, so that a late repeat gets its answer and brings nothing back. Default: 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan EndedUploadAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Time that idempotency keys are remembered. Default: 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan IdempotencyKeyAge { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Time that entries stay in the trash before they are removed for good; zero keeps them. Default: 30 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan TrashAge { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Time that a version is kept after a newer one has taken its place; zero keeps them. Default: 180 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan VersionAge { get; set; } = TimeSpan.FromDays(180);

    /// <summary>Time between two comparisons of a shard's part of the store with the ledger; zero turns them off. Default: 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan SweepPeriod { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Age below which an object that the ledger does not know is spared. Default: 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan UnknownObjectAge { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Unknown objects in one pass beyond which it stops with an alarm. Default: 1,000.</summary>
    [Range(0, 1_000_000)]
    public int SweepCountMax { get; set; } = 1_000;

    /// <summary>Share of unknown objects in one pass beyond which it stops with an alarm, 0 to 1. Default: 0.01.</summary>
    [Range(0.0, 1.0)]
    public double SweepShareMax { get; set; } = 0.01;

    /// <summary>Unknown objects that are no reason for an alarm whatever their share, since small stores have few objects. Default: 10.</summary>
    [Range(0, 1_000)]
    public int SweepCountFree { get; set; } = 10;

    /// <summary>Reads contents back to fill in missing SHA-256 values. Default: true.</summary>
    public bool ComputeChecksums { get; set; } = true;

    /// <summary>Versions that one run hashes. Default: 1.</summary>
    [Range(0, 1_000)]
    public int ChecksumCountMax { get; set; } = 1;
}
