using GrainVault.Webhooks;

namespace GrainVault.Api.Webhooks;

/// <summary>Body that makes a webhook.</summary>
/// <param name="Url">Where changes are sent.</param>
/// <param name="Secret"><c>whsec_</c> and 24 to 64 bytes in base64; a new one when left out.</param>
internal sealed record CreateWebhookRequest(string Url, string? Secret = null);

/// <summary>Body that changes a webhook.</summary>
/// <param name="Enabled">False to send nothing until it is true again.</param>
internal sealed record ChangeWebhookRequest(bool Enabled);

/// <summary>A webhook.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Url">Where changes are sent.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Secret">What signs its deliveries; shown when it is made.</param>
/// <param name="FailingSince">Since when deliveries fail; absent while all is well.</param>
/// <param name="DisabledAt">When it was disabled; absent while it is tried.</param>
/// <param name="DisabledBecause"><c>failing</c>, <c>gone</c>, <c>user</c> or <c>password</c>; absent while it is tried.</param>
/// <param name="LastOutcome">Status code, or a word, of the last attempt.</param>
internal sealed record WebhookAnswer(
    string Id,
    string Url,
    DateTimeOffset CreatedAt,
    string? Secret,
    DateTimeOffset? FailingSince,
    DateTimeOffset? DisabledAt,
    string? DisabledBecause,
    string? LastOutcome)
{
    /// <summary>The wire form of a webhook.</summary>
    public static WebhookAnswer From(WebhookInfo webhook, string? secret) =>
        new(webhook.Id, webhook.Url, webhook.CreatedAt, secret, webhook.FailingSince, webhook.DisabledAt, webhook.DisabledBecause, webhook.LastOutcome);
}

/// <summary>The webhooks of a user.</summary>
/// <param name="Webhooks">Oldest first.</param>
internal sealed record WebhooksAnswer(IReadOnlyList<WebhookAnswer> Webhooks);
