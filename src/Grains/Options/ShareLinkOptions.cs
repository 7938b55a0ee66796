using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>Share links; section <c>GrainVault:Links</c>.</summary>
public sealed class ShareLinkOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Links";

    /// <summary>Links to one entry. Default: 100.</summary>
    [Range(1, 1_000)]
    public int CountPerEntryMax { get; set; } = 100;

    /// <summary>How long a download may go on, in ranges, after it was counted. Default: 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan TicketLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// What is sent under one ticket, the counted response included, as a multiple of the file's size: what was cut and what is lost on the
    /// way is sent again. Default: 3.
    /// </summary>
    [Range(1, 100)]
    public int TicketSizeFactor { get; set; } = 3;

    /// <summary>How long a browser that told a link's password is not asked again. Default: 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan PasswordLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Largest file that comes by a link, in bytes. Default: 10 GiB.</summary>
    [Range(typeof(long), "1", "1000000000000000000")]
    public long UploadSizeBytesMax { get; set; } = 10L << 30;

    /// <summary>Unfinished upload sessions of one link. Default: 100.</summary>
    [Range(1, 100_000)]
    public int OpenUploadCountMax { get; set; } = 100;

    /// <summary>What the unfinished upload sessions of one link hold of the owner's quota together, in bytes; no file is larger. Default: 20 GiB.</summary>
    [Range(typeof(long), "1", "1000000000000000000")]
    public long OpenUploadBytesMax { get; set; } = 20L << 30;

    /// <summary>How long an upload session of a visitor lives after the last part that came, or without any. Default: 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan UploadIdleMax { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Most files that come by one link, unless its owner allows fewer; a link keeps what it was made with. Default: 10,000.</summary>
    [Range(1, 1_000_000_000)]
    public long FileCountMax { get; set; } = 10_000;

    /// <summary>Wrong passwords of one link within a minute, from wherever they come, after which everybody has to wait. Default: 30.</summary>
    [Range(1, 10_000)]
    public int FailedPasswordCountMax { get; set; } = 30;
}
