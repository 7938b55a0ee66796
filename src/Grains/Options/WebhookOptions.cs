using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>Webhooks; section <c>GrainVault:Webhooks</c>.</summary>
public sealed class WebhookOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Webhooks";

    /// <summary>Webhooks of one user; 0 turns webhooks off. Default: 10.</summary>
    [Range(0, 1_000)]
    public int CountPerUserMax { get; set; } = 10;

    /// <summary>Changes in one delivery, about. Default: 100.</summary>
    [Range(1, 1_000)]
    public int BatchLength { get; set; } = 100;

    /// <summary>Time between two looks for what is due. Default: 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan Period { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Deliveries that a shard of webhooks has under way at once; there are 16 shards. Default: 16.</summary>
    [Range(1, 1_000)]
    public int DeliveryCountMax { get; set; } = 16;

    /// <summary>Deliveries of one user that are under way at once, so that slow receivers of his leave room for others. Default: 2.</summary>
    [Range(1, 1_000)]
    public int DeliveryCountPerUserMax { get; set; } = 2;

    /// <summary>Longest time for one delivery, from the look-up of the name to the status. Default: 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:02:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause after the first failed attempt; each further one doubles it, and each is spread by half. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest pause between attempts. Default: 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Attempts of one delivery, after which the webhook is disabled. Default: 200.</summary>
    [Range(1, 100_000)]
    public int AttemptCountMax { get; set; } = 200;

    /// <summary>Time of failing after which the webhook is disabled. Default: 5 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan FailingAge { get; set; } = TimeSpan.FromDays(5);

    /// <summary>
    /// Deliveries may go to addresses of this machine and of private networks. Otherwise a webhook could reach what only this machine can.
    /// Default: false.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>Deliveries may go over http, where everybody on the way reads them. Default: false.</summary>
    public bool AllowHttp { get; set; }
}
