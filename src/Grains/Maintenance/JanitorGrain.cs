using System.Globalization;
using GrainVault.Accounts;
using GrainVault.Administration;
using GrainVault.Audit;
using GrainVault.Changes;
using GrainVault.Diagnostics;
using GrainVault.Files;
using GrainVault.Inbox;
using GrainVault.Ingest;
using GrainVault.Options;
using GrainVault.Storage;
using GrainVault.Uploads;
using GrainVault.Webhooks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;

namespace GrainVault.Maintenance;

/// <summary>
/// One shard of the work that nobody waits for. Everything it does is found by a query for due rows and can be repeated,
/// so a tick that comes late, twice or not at all does no harm.
/// </summary>
[GrainType("j")]
internal sealed class JanitorGrain(
    JanitorRepository repository,
    RevocationRepository revocations,
    GarbageCollector garbage,
    OrphanSweep sweep,
    ChecksumBackfill checksums,
    AuditPruning audit,
    StoreCallRepository storeCalls,
    InboxListing inbox,
    InboxLevels inboxLevels,
    LeakLevels leakLevels,
    FeedRepository feed,
    IOptions<ChangesOptions> changes,
    IOptions<JanitorOptions> options,
    ILogger<JanitorGrain> logger) : Grain, IJanitorGrain, IRemindable
{
    private const string ReminderName = "run";

    /// <summary>What changes outlive their cursors: longer than any transaction, and than clocks differ.</summary>
    private static readonly TimeSpan ChangeSlack = TimeSpan.FromHours(1);

    /// <summary>Reads back contents for longer than any turn; null when none runs.</summary>
    private Task? _hashing;

    private int Shard => int.Parse(this.GetPrimaryKeyString().AsSpan(2), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public async Task EnsureAsync(CancellationToken cancellationToken = default)
    {
        var period = options.Value.Period;
        // Spread over the period, so that the shards do not all run at once.
        await this.RegisterOrUpdateReminder(ReminderName, period * (Shard + 1) / IJanitorGrain.ShardCount, period);
    }

    /// <inheritdoc/>
    public async Task<int> RunAsync(CancellationToken cancellationToken = default)
    {
        using var activity = GrainsMeter.Activities.StartActivity("janitor.run");
        activity?.SetTag("janitor.shard", Shard);
        // Before the sessions that are due: these are, then.
        var count = await StepAsync("visits", () => repository.ExpireVisitsAsync(Shard, cancellationToken));
        count += await StepAsync("uploads", () => RecoverUploadsAsync(cancellationToken));
        count += await StepAsync("intents", () => repository.ExpireIntentsAsync(Shard, cancellationToken));
        count += await StepAsync("purges", () => PurgeFoldersAsync(cancellationToken));
        count += await StepAsync("transfers", () => FinishTransfersAsync(cancellationToken));
        count += await StepAsync("emptying", () => EmptyTrashesAsync(cancellationToken));
        count += await StepAsync("trash", () => ExpireTrashAsync(cancellationToken));
        count += await StepAsync("versions", () => ExpireVersionsAsync(cancellationToken));
        count += await StepAsync("garbage", () => garbage.RunAsync(Shard, cancellationToken));
        count += await StepAsync("events", () => GrainFactory.GetGrain<IIngestGrain>(string.Create(CultureInfo.InvariantCulture, $"i-{Shard}")).RunAsync(cancellationToken));
        if (Shard == 0)
            count += await StepAsync("inbox listing", () => inbox.RunAsync(cancellationToken));
        count += await StepAsync("inbox", () => GrainFactory.GetGrain<IInboxGrain>(string.Create(CultureInfo.InvariantCulture, $"in-{Shard}")).RunAsync(cancellationToken));
        count += await StepAsync("webhooks", () => GrainFactory.GetGrain<IWebhookGrain>(string.Create(CultureInfo.InvariantCulture, $"wh-{Shard}")).RunAsync(cancellationToken));
        if (Shard == 0)
        {
            count += await StepAsync("changes", () => feed.PruneAsync(changes.Value.Age + ChangeSlack, options.Value.RowCountMax, cancellationToken));
            count += await StepAsync("old rows", () => repository.RemoveOldAsync(cancellationToken));
            count += await StepAsync("audit", () => audit.RunAsync(options.Value.RowCountMax, cancellationToken));
            count += await StepAsync("storage activity", () => storeCalls.RemoveOldAsync(cancellationToken));
            count += await StepAsync("revocations", () => revocations.RemoveOldAsync(options.Value.RowCountMax, cancellationToken));
        }

        if (options.Value.SweepPeriod > TimeSpan.Zero && await StepAsync("sweep due", IsSweepDueAsync) > 0)
            count += await StepAsync("sweep", () => sweep.RunAsync(Shard, cancellationToken));
        if (_hashing is null or { IsCompleted: true })
            _hashing = StepAsync("checksums", () => checksums.RunAsync(Shard, CancellationToken.None));
        return count;

        async Task<int> IsSweepDueAsync() => await repository.IsSweepDueAsync(Shard, cancellationToken) ? 1 : 0;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // What this process has published is for the shard's next owner to publish.
        leakLevels.Clear(Shard);
        if (Shard == 0)
            inboxLevels.Clear();
        return base.OnDeactivateAsync(reason, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task ReceiveReminder(string reminderName, TickStatus status) => await RunAsync();

    private async Task<int> RecoverUploadsAsync(CancellationToken cancellationToken)
    {
        var due = await repository.FindDueUploadsAsync(Shard, cancellationToken);
        foreach (var id in due)
        {
            // One that fails must not keep the others waiting; it is due again with the next run.
            await StepAsync(id, async () =>
            {
                await GrainFactory.GetGrain<IUploadSessionGrain>(id).RecoverAsync(cancellationToken);
                return 1;
            });
        }

        return due.Count;
    }

    /// <summary>Goes on with folders that are being removed for good and were too large for the request that asked for it.</summary>
    private async Task<int> PurgeFoldersAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var id in await repository.FindPurgesAsync(Shard, cancellationToken))
            count += await StepAsync(id, () => GrainFactory.GetGrain<IFileGrain>(id).PurgeAsync(cancellationToken));
        return count;
    }

    /// <summary>Tells of changed owners where a crash, or a silo that was gone, kept grains from being told.</summary>
    private async Task<int> FinishTransfersAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var id in await repository.FindTransfersAsync(Shard, cancellationToken))
            count += await StepAsync(id, () => GrainFactory.GetGrain<IFileGrain>(id).FinishTransferAsync(cancellationToken));
        return count;
    }

    /// <summary>Goes on with trashes that were too large for the requests that asked for them to be emptied.</summary>
    private async Task<int> EmptyTrashesAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var id in await repository.FindEmptyingAsync(Shard, cancellationToken))
            count += await StepAsync(id, async () => (await GrainFactory.GetGrain<IUserGrain>(id).GoOnEmptyingAsync(cancellationToken)).EntryCount);
        return count;
    }

    private async Task<int> ExpireTrashAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var (id, trashedAt) in await repository.FindOldTrashAsync(Shard, cancellationToken))
            count += await StepAsync(id, () => GrainFactory.GetGrain<IFileGrain>(id).ExpireTrashAsync(trashedAt, cancellationToken));
        return count;
    }

    private async Task<int> ExpireVersionsAsync(CancellationToken cancellationToken)
    {
        var due = await repository.FindOldVersionsAsync(Shard, cancellationToken);
        foreach (var (id, number) in due)
        {
            await StepAsync(id, async () =>
            {
                await GrainFactory.GetGrain<IFileGrain>(id).ExpireVersionAsync(number, cancellationToken);
                return 1;
            });
        }

        return due.Count;
    }

    /// <summary>Runs one step; what fails is logged and repeated by the next run, and the other steps go on.</summary>
    private async Task<int> StepAsync(string step, Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (SweepRefusedException refused)
        {
            JanitorLog.Refused(logger, Shard, step, refused.Message);
            GrainsMeter.SweepStopped();
        }
        catch (ObjectStoreException exception)
        {
            JanitorLog.StepFailed(logger, Shard, step, exception);
        }
        catch (DependencyUnavailableException exception)
        {
            JanitorLog.StepFailed(logger, Shard, step, exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            JanitorLog.StepBroke(logger, Shard, step, exception);
        }

        return 0;
    }
}
