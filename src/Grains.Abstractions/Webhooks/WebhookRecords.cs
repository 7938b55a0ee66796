using Orleans;

namespace GrainVault.Webhooks;

/// <summary>A webhook of a user.</summary>
/// <param name="Id"><c>wh-&lt;uuid&gt;</c>.</param>
/// <param name="Url">Where changes are sent.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="FailingSince">When the delivery that is tried at present failed first; null while all is well.</param>
/// <param name="DisabledAt">When it was disabled; null while it is tried.</param>
/// <param name="LastOutcome">What came of the last attempt: a status code, or a word.</param>
/// <param name="DisabledBecause"><c>failing</c>, <c>gone</c>, <c>user</c> or <c>password</c>; null while it is tried, and where it isn't known.</param>
[GenerateSerializer, Immutable, Alias("gv.WebhookInfo")]
public sealed record WebhookInfo(
    [property: Id(0)] string Id,
    [property: Id(1)] string Url,
    [property: Id(2)] DateTimeOffset CreatedAt,
    [property: Id(3)] DateTimeOffset? FailingSince,
    [property: Id(4)] DateTimeOffset? DisabledAt,
    [property: Id(5)] string? LastOutcome,
    [property: Id(6)] string? DisabledBecause = null);

/// <summary>A new webhook. The id is the natural key: a repeat returns the first result.</summary>
/// <param name="Id">Id that it gets.</param>
/// <param name="Url">Absolute URL.</param>
/// <param name="Secret"><c>whsec_</c> and 24 to 64 bytes in base64; null for a new one.</param>
[GenerateSerializer, Immutable, Alias("gv.CreateWebhookCommand")]
public sealed record CreateWebhookCommand([property: Id(0)] string Id, [property: Id(1)] string Url, [property: Id(2)] string? Secret)
{
    /// <summary>Without the secret: a log may show it.</summary>
    public override string ToString() => $"{nameof(CreateWebhookCommand)} {Id}";
}

/// <summary>The webhooks of a user, oldest first.</summary>
/// <param name="Refusal">Null for success.</param>
/// <param name="Webhooks">The webhooks; of a new one, that one.</param>
/// <param name="Secret">Secret of the one that was made; shown this once.</param>
[GenerateSerializer, Immutable, Alias("gv.WebhooksResult")]
public sealed record WebhooksResult(
    [property: Id(0)] Refusal? Refusal, [property: Id(1)] List<WebhookInfo> Webhooks, [property: Id(2)] string? Secret = null)
{
    /// <summary>Without the secret: a log may show it.</summary>
    public override string ToString() => $"{nameof(WebhooksResult)} of {Webhooks.Count}";
}
