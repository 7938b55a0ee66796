using System.Globalization;
using GrainVault.Diagnostics;
using GrainVault.Inbox;
using GrainVault.Options;
using GrainVault.Storage;
using GrainVault.Uploads;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainVault.Ingest;

/// <summary>
/// Looks at objects of which the store sent an event. Events come late, twice, in any order, forged or not at all, so none of
/// them says what to do: it is a reason to look, and what is done follows from the ledger and from the store.
/// </summary>
[GrainType("i")]
internal sealed class IngestGrain(
    IngestRepository repository, DirectLedger sessions, InboxRepository inbox, IOptions<IngestOptions> options, TimeProvider time, ILogger<IngestGrain> logger)
    : Grain, IIngestGrain
{
    /// <summary>How long it counts that so many wait.</summary>
    private static readonly TimeSpan CountPeriod = TimeSpan.FromSeconds(1);

    private long? _countedAt;
    private bool _isFull;

    /// <summary>The work that is under way; calls that come meanwhile are covered by its next round.</summary>
    private Task<int>? _work;
    private bool _isMore;

    private int Shard => int.Parse(this.GetPrimaryKeyString().AsSpan(2), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public async Task<bool> ReceiveAsync(string[] keys, CancellationToken cancellationToken = default)
    {
        if (await IsFullAsync(cancellationToken))
            return false;
        await repository.AddAsync(Shard, keys, cancellationToken);
        GrainsMeter.EventsReceived(keys.Length);
        // Not awaited: the store has its answer as soon as nothing can be lost.
        _ = StartWork();
        return true;
    }

    /// <inheritdoc/>
    public Task<int> RunAsync(CancellationToken cancellationToken = default) => StartWork();

    private async Task<bool> IsFullAsync(CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        if (_countedAt is not { } countedAt || time.GetElapsedTime(countedAt, now) > CountPeriod)
        {
            _isFull = await repository.IsFullAsync(Shard, cancellationToken);
            _countedAt = now;
        }

        return _isFull;
    }

    private Task<int> StartWork()
    {
        _isMore = true;
        return _work is { IsCompleted: false } running ? running : _work = WorkAsync();
    }

    private async Task<int> WorkAsync()
    {
        await Task.Yield();
        Caller.Leave();
        var count = 0;
        try
        {
            while (_isMore)
            {
                _isMore = false;
                var due = await repository.FindDueAsync(Shard, CancellationToken.None);
                foreach (var item in due)
                    await LookAsync(item);
                count += due.Count;
                _isMore |= due.Count == options.Value.BatchLength;
            }
        }
        catch (Exception exception) when (exception is DependencyUnavailableException or TimeoutException)
        {
            IngestLog.RunFailed(logger, Shard, exception);
        }

        return count;
    }

    /// <summary>What came into the inbox has a ledger of its own, where it waits until it is adopted.</summary>
    private async Task NoticeAsync(string key)
    {
        await inbox.NoticeAsync([key], CancellationToken.None);
        await GrainFactory.GetGrain<IInboxGrain>(string.Create(CultureInfo.InvariantCulture, $"in-{IngestShards.Of(key)}")).LookAsync();
    }

    private async Task LookAsync(DueObject item)
    {
        try
        {
            if (ObjectKeys.IsInboxKey(item.Key))
                await NoticeAsync(item.Key);
            else if (await sessions.FindSessionAsync(item.Key, CancellationToken.None) is { } session)
                await GrainFactory.GetGrain<IUploadSessionGrain>(session).FinishStagedAsync();
            await repository.RemoveAsync(item);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            IngestLog.LookFailed(logger, item.Key, item.AttemptCount + 1, exception);
            if (item.AttemptCount + 1 < options.Value.TryCountMax)
            {
                await repository.PutOffAsync(item);
                return;
            }

            IngestLog.GaveUp(logger, item.Key, item.AttemptCount + 1);
            await repository.RemoveAsync(item);
        }
    }
}
