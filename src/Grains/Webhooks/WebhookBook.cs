using GrainVault.Changes;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Webhooks;

/// <summary>The webhooks of a user: made, listed, disabled, enabled and removed.</summary>
internal sealed class WebhookBook(WebhookRepository repository, ChangeFeed feed, IOptions<WebhookOptions> options)
{
    /// <summary>Number of shards.</summary>
    public const int ShardCount = 16;

    /// <summary>Makes a webhook that hears of changes from now on. Refusals: Invalid (id, URL, secret, too many), NotFound.</summary>
    public async Task<WebhooksResult> CreateAsync(string userId, CreateWebhookCommand command, CancellationToken cancellationToken)
    {
        if (!Ids.IsValid(Ids.Webhook, command.Id))
            return Refused(Refusals.NotFound("webhook"));
        if (WebhookRules.CheckUrl(command.Url, options.Value) is { } refusal)
            return Refused(refusal);
        var secret = command.Secret is null ? WebhookRules.NewSecret() : WebhookRules.ParseSecret(command.Secret);
        if (secret is null)
            return Refused(Refusals.Invalid("A webhook's secret is whsec_ and 24 to 64 bytes in base64."));
        var now = await feed.ReadAsync(userId, ChangeFeedCursors.Now, 1, cancellationToken);
        var code = await repository.CreateAsync(command.Id, userId, ShardOf(userId), command.Url, secret, now.Cursor!, options.Value.CountPerUserMax);
        if (code == (int)RefusalReason.Invalid)
            return Refused(Refusals.Invalid($"A user has at most {options.Value.CountPerUserMax} webhooks."));
        if (code is not (null or 0))
            return Refused(Refusals.NotFound("webhook"));
        // A repeat gets the first answer, with the secret of then.
        return await FindAsync(userId, command.Id, cancellationToken) is { } made
            ? new WebhooksResult(null, [made.Webhook], WebhookRules.FormatSecret(made.Secret))
            : Refused(Refusals.NotFound("webhook"));
    }

    /// <summary>Disables a webhook, or enables it again. Refusal: NotFound.</summary>
    public async Task<WebhooksResult> SwitchAsync(string userId, string id, bool isEnabled, CancellationToken cancellationToken) =>
        await repository.SwitchAsync(userId, id, isEnabled) is null && await FindAsync(userId, id, cancellationToken) is { } switched
            ? new WebhooksResult(null, [switched.Webhook])
            : Refused(Refusals.NotFound("webhook"));

    /// <summary>Disables all webhooks of a user whose password is changed: whoever knew the old one may have made them.</summary>
    public Task DisableAllAsync(string userId) => repository.DisableAllAsync(userId);

    /// <summary>All webhooks of the user.</summary>
    public async Task<WebhooksResult> ListAsync(string userId, CancellationToken cancellationToken) =>
        new(null, (await repository.ListAsync(userId, cancellationToken)).ConvertAll(row => row.Webhook));

    /// <summary>Removes a webhook; a delivery that is under way may still arrive. Refusal: NotFound.</summary>
    public async Task<Outcome> RemoveAsync(string userId, string id) =>
        await repository.RemoveAsync(userId, id) is null ? Outcome.Done : new Outcome(Refusals.NotFound("webhook"));

    /// <summary>The shard of a user's webhooks, 0 to 15: the last digit of his id, which is random.</summary>
    public static int ShardOf(string userId) => Convert.ToInt32(userId[^1..], ShardCount);

    private async Task<(WebhookInfo Webhook, byte[] Secret)?> FindAsync(string userId, string id, CancellationToken cancellationToken)
    {
        foreach (var row in await repository.ListAsync(userId, cancellationToken))
        {
            if (row.Webhook.Id == id)
                return row;
        }

        return null;
    }

    private static WebhooksResult Refused(Refusal refusal) => new(refusal, []);
}
