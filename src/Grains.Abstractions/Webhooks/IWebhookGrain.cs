using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Webhooks;

/// <summary>One of 16 shards of webhooks, which sends what is due. Keys <c>wh-0</c> to <c>wh-15</c>.</summary>
[Alias("gv.IWebhookGrain")]
public interface IWebhookGrain : IGrainWithStringKey
{
    /// <summary>
    /// Sends what is due, and goes on doing so while there are webhooks. Called by the janitor, and when a webhook is made. Returns how many
    /// deliveries were tried.
    /// </summary>
    [AlwaysInterleave, ResponseTimeout("00:10:00"), Alias("Run")]
    Task<int> RunAsync(CancellationToken cancellationToken = default);
}
