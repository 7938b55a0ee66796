using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Webhooks;

/// <summary>One of 16 shards of webhooks, which sends what is due. Keys <c>wh-0</c> to <c>wh-15</c>.</summary>
[Alias("gv.IWebhookGrain")]
public interface IWebhookGrain : IGrainWithStringKey
{
    /// <summary>
    /// Begins to send what is due, and goes on doing so while there are webhooks. Called by the janitor, and when a webhook is made or enabled.
    /// Returns how many webhooks it has begun with.
    /// </summary>
    [AlwaysInterleave, Alias("Run")]
    Task<int> RunAsync(CancellationToken cancellationToken = default);
}
