using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>Limits that grains keep; section <c>GrainVault:Limits</c>. Front ends read further keys of the same section.</summary>
public sealed class LimitsOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Limits";

    /// <summary>Bytes that a new user may keep. Default: 100 GiB.</summary>
    [Range(typeof(long), "0", "1000000000000000000")]
    public long QuotaBytes { get; set; } = 100L << 30;

    /// <summary>Largest file, in bytes. Default: 10 TiB.</summary>
    [Range(typeof(long), "1", "1000000000000000000")]
    public long FileSizeBytesMax { get; set; } = 10L << 40;

    /// <summary>Versions that are kept of one file, the current one among them; the oldest go when more come. Default: 100.</summary>
    [Range(1, 100_000)]
    public int VersionCountMax { get; set; } = 100;

    /// <summary>Shares of one owner with one user; one of a folder counts once, whatever is in it. Default: 1,000.</summary>
    [Range(1, 100_000)]
    public int ShareCountPerPairMax { get; set; } = 1_000;

    /// <summary>Shares of all owners with one user. Default: 10,000.</summary>
    [Range(1, 1_000_000)]
    public int ShareCountPerUserMax { get; set; } = 10_000;

    /// <summary>
    /// Owners whose changes one user's feed tells: those who share with him, and those who did while changes are kept. Whoever waits for
    /// changes looks at a counter of each. Default: 5,000.
    /// </summary>
    [Range(1, 100_000)]
    public int FeedOwnerCountMax { get; set; } = 5_000;

    /// <summary>Entries that change their owner in one transfer, a folder with all that is below it. Default: 10,000.</summary>
    [Range(1, 100_000)]
    public int TransferEntryCountMax { get; set; } = 10_000;

    /// <summary>Open offers of one owner. Default: 100.</summary>
    [Range(1, 10_000)]
    public int TransferCountMax { get; set; } = 100;

    /// <summary>Time in which an offer can be accepted. Default: 14 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan TransferLifetime { get; set; } = TimeSpan.FromDays(14);

    /// <summary>Part size of a session that asks for none, in bytes; the store's limits may raise it. Default: 8 MiB.</summary>
    [Range(typeof(long), "1048576", "67108864")]
    public long PartSizeBytesDefault { get; set; } = 8L << 20;

    /// <summary>Part size of a session whose size is not known, in bytes. Default: 16 MiB.</summary>
    [Range(typeof(long), "5242880", "67108864")]
    public long GrowingPartSizeBytes { get; set; } = 16L << 20;

    /// <summary>Largest part that passes through a front end, in bytes. Default: 64 MiB.</summary>
    [Range(typeof(long), "5242880", "67108864")]
    public long ProxiedPartSizeBytesMax { get; set; } = 64L << 20;

    /// <summary>Unfinished upload sessions of one user. Default: 1,000.</summary>
    [Range(1, 1_000_000)]
    public int OpenUploadCountMax { get; set; } = 1000;

    /// <summary>
    /// Wrong proofs of possession of one user within an hour, over all sessions; after that he sends the bytes, or waits. Default: 100.
    /// </summary>
    [Range(1, 1_000_000)]
    public int WrongProofsPerHourPerUser { get; set; } = 100;

    /// <summary>Life of an upload session. Default: 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan UploadLifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Longest wait for another write of the same part, or for writes that run when a session is completed. Default: 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:25")]
    public TimeSpan PartWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Store writes that a silo runs at once. Default: 128.</summary>
    [Range(1, 4096)]
    public int StoreWriteCountMax { get; set; } = 128;

    /// <summary>Longest wait for one of those; then the caller is told to come back. Default: 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:05:00")]
    public TimeSpan StoreWriteWait { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Failed logins of one account within a minute, after which it has to wait. Default: 10.</summary>
    [Range(1, 1000)]
    public int FailedLoginCountMax { get; set; } = 10;

    /// <summary>Failed logins from one address within a minute, over all accounts and front ends. Default: 60.</summary>
    [Range(1, 1_000_000)]
    public int FailedLoginsPerMinutePerAddress { get; set; } = 60;

    /// <summary>Wrong passwords of share links from one address within a minute, over all links and front ends. Default: 10.</summary>
    [Range(1, 1_000_000)]
    public int FailedLinkPasswordsPerMinutePerAddress { get; set; } = 10;

    /// <summary>Signups per minute and address, over all front ends. Default: 60.</summary>
    [Range(1, 1_000_000)]
    public int SignupsPerMinute { get; set; } = 60;

    /// <summary>Requests per second and user, over all front ends. Default: 1,000.</summary>
    [Range(1, 100_000_000)]
    public int RequestsPerSecondPerUser { get; set; } = 1000;

    /// <summary>Requests without a token per second and address, over all front ends. Default: 1,000.</summary>
    [Range(1, 100_000_000)]
    public int RequestsPerSecondPerAddress { get; set; } = 1000;

    /// <summary>Passwords that a silo hashes at once; 0 stands for the number of processors. Default: 0.</summary>
    [Range(0, 1024)]
    public int PasswordHashCountMax { get; set; }

    /// <summary>Passwords that may wait to be hashed. Default: 256.</summary>
    [Range(0, 100_000)]
    public int PasswordHashQueueMax { get; set; } = 256;

    /// <summary>Longest wait for a password to be hashed. Default: 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:25")]
    public TimeSpan PasswordHashWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Logins of one account that live at once; a new one ends the least recently used. Default: 100.</summary>
    [Range(1, 1000)]
    public int LoginCountMax { get; set; } = 100;
}
