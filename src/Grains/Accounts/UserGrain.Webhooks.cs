using System.Globalization;
using GrainVault.Webhooks;

namespace GrainVault.Accounts;

/// <summary>Where the user's changes are sent.</summary>
internal sealed partial class UserGrain
{
    /// <inheritdoc/>
    public async Task<WebhooksResult> CreateWebhookAsync(CreateWebhookCommand command, CancellationToken cancellationToken = default)
    {
        if (await RefuseAsync(cancellationToken) is { } refusal)
            return new WebhooksResult(refusal, []);
        var result = await webhooks.CreateAsync(Id, command, cancellationToken);
        if (result.Refusal is null)
            StartSending();
        return result;
    }

    /// <inheritdoc/>
    public async Task<WebhooksResult> ListWebhooksAsync(CancellationToken cancellationToken = default) =>
        IsOwner ? await webhooks.ListAsync(Id, cancellationToken) : new WebhooksResult(NotFound, []);

    /// <inheritdoc/>
    public async Task<WebhooksResult> SwitchWebhookAsync(string webhookId, bool isEnabled, CancellationToken cancellationToken = default)
    {
        if (await RefuseAsync(cancellationToken) is { } refusal)
            return new WebhooksResult(refusal, []);
        var result = await webhooks.SwitchAsync(Id, webhookId, isEnabled, cancellationToken);
        if (result.Refusal is null && isEnabled)
            StartSending();
        return result;
    }

    /// <inheritdoc/>
    public async Task<Outcome> DeleteWebhookAsync(string webhookId, CancellationToken cancellationToken = default) =>
        IsOwner ? await webhooks.RemoveAsync(Id, webhookId) : new Outcome(NotFound);

    /// <summary>
    /// Access tokens of a login that a change of the password has ended are good for some seconds yet; a webhook would outlive them, so it is
    /// looked up here. The change itself is a turn of this grain.
    /// </summary>
    private async Task<Refusal?> RefuseAsync(CancellationToken cancellationToken)
    {
        if (!IsOwner)
            return NotFound;
        return Caller.LoginId is { } login && !await accounts.HasLiveLoginAsync(Id, login, cancellationToken)
            ? new Refusal(RefusalReason.BadCredentials, "The login has ended.")
            : null;
    }

    // Nobody waits for it, and what it misses the janitor starts within a minute.
    private void StartSending() =>
        _ = GrainFactory.GetGrain<IWebhookGrain>(string.Create(CultureInfo.InvariantCulture, $"wh-{WebhookBook.ShardOf(Id)}")).RunAsync();
}
