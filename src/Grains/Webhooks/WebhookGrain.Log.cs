using Microsoft.Extensions.Logging;

namespace GrainVault.Webhooks;

/// <summary>Log messages of webhooks: 5300 to 5399. Their URLs may hold secrets, and are never in one.</summary>
internal static partial class WebhookLog
{
    [LoggerMessage(5300, LogLevel.Information, "A delivery of webhook {WebhookId} failed: {Outcome}")]
    public static partial void Failed(ILogger logger, string webhookId, string outcome);

    [LoggerMessage(5301, LogLevel.Warning, "Webhook {WebhookId} of {UserId} was disabled, since its deliveries fail: {Outcome}")]
    public static partial void Disabled(ILogger logger, string webhookId, string userId, string outcome);

    [LoggerMessage(5302, LogLevel.Warning, "Webhook {WebhookId} could not be worked on; it is tried again")]
    public static partial void Broke(ILogger logger, string webhookId, Exception exception);

    [LoggerMessage(5303, LogLevel.Warning, "Shard {Shard} of webhooks could not look for what is due; it looks again")]
    public static partial void LookFailed(ILogger logger, int shard, Exception exception);
}
