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
/// has said 2xx, so whatever dies meanwhile, the next run sends the same again under the same id. Webhooks go on each by itself, so many
/// at once, and so many of one user: a receiver that is slow holds up nobody but itself.
/// </summary>
[GrainType("wh")]
internal sealed class WebhookGrain(
    WebhookRepository repository,
    WebhookSender sender,
    ChangeFeed feed,
    FeedCursors cursors,
    IOptions<ChangesOptions> changes,
    IOptions<WebhookOptions> options,
    TimeProvider time,
    ILogger<WebhookGrain> logger) : Grain, IWebhookGrain
{
    /// <summary>Deliveries to one webhook in a row, after which the others have their turn.</summary>
    private const int RowLengthMax = 10;

    /// <summary>Exponent at which any delay has reached its limit.</summary>
    private const int DoublingCountMax = 30;

    /// <summary>Longest time of deliveries in a row: with the first one that takes longer, the others have their turn.</summary>
    private static readonly TimeSpan RowTimeMax = TimeSpan.FromSeconds(1);

    /// <summary>Webhooks that are worked on, with their users.</summary>
    private readonly Dictionary<string, (string UserId, Task Work)> _busy = new(StringComparer.Ordinal);

    private readonly CancellationTokenSource _end = new();
    private IGrainTimer? _timer;
    private bool _isLooking;
    private bool _isMoreDue;

    private int Shard => int.Parse(this.GetPrimaryKeyString().AsSpan(3), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public async Task<int> RunAsync(CancellationToken cancellationToken = default)
    {
        // What comes of a delivery is nobody's doing, whoever has set it going.
        Caller.Leave();
        var count = await LookAsync();
        if (await repository.AnyAsync(Shard, cancellationToken))
        {
            _timer ??= this.RegisterGrainTimer(
                async _ => await LookAsync(), new GrainTimerCreationOptions(options.Value.Period, options.Value.Period) { KeepAlive = true });
        }
        else
        {
            _timer?.Dispose();
            _timer = null;
        }

        return count;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        await _end.CancelAsync();
        await Task.WhenAny(Task.WhenAll(_busy.Values.Select(busy => busy.Work)), Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken));
        await base.OnDeactivateAsync(reason, cancellationToken);
    }

    /// <summary>Begins with what is due, as far as there is room; returns with how many webhooks.</summary>
    private async Task<int> LookAsync()
    {
        var settings = options.Value;
        var room = settings.DeliveryCountMax - _busy.Count;
        if (_isLooking || room <= 0 || _end.IsCancellationRequested)
            return 0;
        _isLooking = true;
        try
        {
            var crowded = _busy.Values.CountBy(busy => busy.UserId).Where(user => user.Value >= settings.DeliveryCountPerUserMax).Select(user => user.Key);
            var due = await repository.FindDueAsync(
                Shard, room, settings.DeliveryCountPerUserMax, [.. _busy.Keys], [.. crowded], changes.Value.Age / 4, _end.Token);
            _isMoreDue = due.Count == room;
            return due.Count(Begin);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception exception)
        {
            WebhookLog.LookFailed(logger, Shard, exception);
            return 0;
        }
        finally
        {
            _isLooking = false;
        }
    }

    private bool Begin(DueWebhook webhook)
    {
        if (_busy.Values.Count(busy => busy.UserId == webhook.UserId) >= options.Value.DeliveryCountPerUserMax)
            return false;
        Invariant.That(!_busy.ContainsKey(webhook.Id), "who is worked on is not due");
        _busy[webhook.Id] = (webhook.UserId, WorkAsync(webhook));
        return true;
    }

    private async Task WorkAsync(DueWebhook webhook)
    {
        // Its place is taken before it begins.
        await Task.Yield();
        try
        {
            await DeliverAllAsync(webhook);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // Sent again by whoever has the shard next.
        }
        catch (Exception exception)
        {
            WebhookLog.Broke(logger, webhook.Id, exception);
        }

        _busy.Remove(webhook.Id);
        if (_isMoreDue)
            await LookAsync();
    }

    private async Task DeliverAllAsync(DueWebhook webhook)
    {
        var start = time.GetTimestamp();
        for (var count = 0; count < RowLengthMax && time.GetElapsedTime(start) <= RowTimeMax; count++)
        {
            if (await DeliverAsync(webhook) is not { } cursor)
                return;
            webhook = webhook with { Cursor = cursor, AttemptCount = 0 };
        }
    }

    /// <summary>Delivers one page; returns where the next begins, or null when there is nothing to do at present.</summary>
    private async Task<string?> DeliverAsync(DueWebhook webhook)
    {
        var page = await feed.ReadAsync(webhook.UserId, webhook.Cursor, options.Value.BatchLength, _end.Token);
        byte[] body;
        var end = "";
        if (page.Refusal is not null)
        {
            // Where it goes on is fixed before the receiver begins to read everything.
            page = await feed.ReadAsync(webhook.UserId, ChangeFeedCursors.Now, 1, _end.Token);
            body = WebhookBody.OfExpired(time.GetUtcNow());
        }
        else if (page.Changes.Count > 0)
        {
            body = WebhookBody.OfChanges(time.GetUtcNow(), page);
            end = (await cursors.ReadAsync(webhook.UserId, page.Cursor!, _end.Token)).Position!.Place;
        }
        else
        {
            return await repository.AdvanceAsync(webhook, page.Cursor!, page.HasMore ? null : webhook.Sum, outcome: null) && page.HasMore ? page.Cursor : null;
        }

        var outcome = await sender.SendAsync(webhook.Url, webhook.Secret, WebhookRules.MessageId(webhook.Id, webhook.Cursor, end), body, _end.Token);
        GrainsMeter.WebhookTried(outcome.IsTaken);
        if (!outcome.IsTaken)
        {
            await FailAsync(webhook, outcome);
            return null;
        }

        // What came since the sum was read makes it another one, and the webhook due again.
        return await repository.AdvanceAsync(webhook, page.Cursor!, page.HasMore ? null : webhook.Sum, outcome.Text) ? page.Cursor : null;
    }

    private async Task FailAsync(DueWebhook webhook, DeliveryOutcome outcome)
    {
        var settings = options.Value;
        var pause = settings.RetryDelay * Math.Pow(2, Math.Min(webhook.AttemptCount, DoublingCountMax));
        pause = (pause < settings.RetryDelayMax ? pause : settings.RetryDelayMax) * (0.5 + Random.Shared.NextDouble());
        WebhookLog.Failed(logger, webhook.Id, outcome.Cause);
        if (await repository.FailAsync(webhook, outcome.Text, pause, outcome.IsGone, settings.AttemptCountMax, settings.FailingAge))
            WebhookLog.Disabled(logger, webhook.Id, webhook.UserId, outcome.Cause);
    }
}
