using System.Globalization;
using GrainVault.Changes;
using GrainVault.Diagnostics;
using GrainVault.Options;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;

namespace GrainVault.Webhooks;

/// <summary>
/// Sends the feeds of users to the addresses that they named. Where a webhook stands in its feed is a row, moved on only after the receiver
/// has said 2xx, so whatever dies meanwhile, the next run sends the same again under the same id.
/// </summary>
[GrainType("wh")]
internal sealed class WebhookGrain(
    WebhookRepository repository,
    WebhookSender sender,
    ChangeFeed feed,
    IOptions<ChangesOptions> changes,
    IOptions<WebhookOptions> options,
    TimeProvider time,
    ILogger<WebhookGrain> logger) : Grain, IWebhookGrain
{
    /// <summary>Deliveries to one webhook in a row, after which the others have their turn.</summary>
    private const int RowLengthMax = 10;

    /// <summary>Exponent at which any delay has reached its limit.</summary>
    private const int DoublingCountMax = 30;

    private IGrainTimer? _timer;
    private Task<int>? _work;

    private int Shard => int.Parse(this.GetPrimaryKeyString().AsSpan(3), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public async Task<int> RunAsync(CancellationToken cancellationToken = default)
    {
        var count = await WorkOnceAsync();
        if (await repository.AnyAsync(Shard, cancellationToken))
        {
            _timer ??= this.RegisterGrainTimer(
                async _ => await WorkOnceAsync(), new GrainTimerCreationOptions(options.Value.Period, options.Value.Period) { KeepAlive = true });
        }
        else
        {
            _timer?.Dispose();
            _timer = null;
        }

        return count;
    }

    private Task<int> WorkOnceAsync() => _work is { IsCompleted: false } running ? running : _work = WorkAsync();

    private async Task<int> WorkAsync()
    {
        await Task.Yield();
        try
        {
            var due = await repository.FindDueAsync(Shard, options.Value.DeliveryCountMax, changes.Value.Age / 4, CancellationToken.None);
            var counts = await Task.WhenAll(due.Select(DeliverAllAsync));
            return counts.Sum();
        }
        catch (Exception exception)
        {
            WebhookLog.LookFailed(logger, Shard, exception);
            return 0;
        }
    }

    private async Task<int> DeliverAllAsync(DueWebhook webhook)
    {
        var count = 0;
        try
        {
            while (count < RowLengthMax && await DeliverAsync(webhook) is { } cursor)
            {
                webhook = webhook with { Cursor = cursor, AttemptCount = 0 };
                count++;
            }
        }
        catch (Exception exception)
        {
            WebhookLog.Broke(logger, webhook.Id, exception);
        }

        return count;
    }

    /// <summary>Delivers one page; returns where the next begins, or null when there is nothing to do at present.</summary>
    private async Task<string?> DeliverAsync(DueWebhook webhook)
    {
        var page = await feed.ReadAsync(webhook.UserId, webhook.Cursor, options.Value.BatchLength, CancellationToken.None);
        byte[] body;
        if (page.Refusal is not null)
        {
            // Where it goes on is fixed before the receiver begins to read everything.
            page = await feed.ReadAsync(webhook.UserId, ChangeFeedCursors.Now, 1, CancellationToken.None);
            body = WebhookBody.OfExpired(time.GetUtcNow());
        }
        else if (page.Changes.Count > 0)
        {
            body = WebhookBody.OfChanges(time.GetUtcNow(), page);
        }
        else
        {
            await repository.AdvanceAsync(webhook, page.Cursor!, page.HasMore ? null : webhook.Sum, outcome: null);
            return page.HasMore ? page.Cursor : null;
        }

        var outcome = await sender.SendAsync(webhook.Url, webhook.Secret, WebhookRules.MessageId(webhook.Id, webhook.Cursor), body, CancellationToken.None);
        GrainsMeter.WebhookTried(outcome.IsTaken);
        if (!outcome.IsTaken)
        {
            await FailAsync(webhook, outcome);
            return null;
        }

        // What came since the sum was read makes it another one, and the webhook due again.
        await repository.AdvanceAsync(webhook, page.Cursor!, page.HasMore ? null : webhook.Sum, outcome.Text);
        return page.Cursor;
    }

    private async Task FailAsync(DueWebhook webhook, DeliveryOutcome outcome)
    {
        var settings = options.Value;
        var pause = settings.RetryDelay * Math.Pow(2, Math.Min(webhook.AttemptCount, DoublingCountMax));
        pause = (pause < settings.RetryDelayMax ? pause : settings.RetryDelayMax) * (0.5 + Random.Shared.NextDouble());
        WebhookLog.Failed(logger, webhook.Id, outcome.Text);
        if (await repository.FailAsync(webhook, outcome.Text, pause, outcome.IsGone, settings.AttemptCountMax, settings.FailingAge))
            WebhookLog.Disabled(logger, webhook.Id, webhook.UserId, outcome.Text);
    }
}
