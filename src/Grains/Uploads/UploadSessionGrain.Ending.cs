using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>Ends of a session without a file. The state is recorded first: it fences late writers before the store is asked.</summary>
internal sealed partial class UploadSessionGrain
{
    /// <inheritdoc/>
    public async Task<Outcome> AbortAsync(CancellationToken cancellationToken = default)
    {
        if (await LoadForCallerAsync(orOwner: true) is not { } row)
            return new Outcome(NotFound.Refusal);
        if (row.State is UploadState.Aborted or UploadState.Expired)
            return Outcome.Done;
        if (_completion is not null)
            return new Outcome(Refusals.UploadClosed);
        var state = await EndAsync(row, UploadState.Aborted, ifDue: false);
        return state is UploadState.Aborted or UploadState.Expired ? Outcome.Done : new Outcome(Refusals.UploadClosed);
    }

    /// <inheritdoc/>
    public async Task RecoverAsync(CancellationToken cancellationToken = default)
    {
        if (await LoadAsync() is not { HasEnded: false } row)
            return;
        if (row.State == UploadState.Completing)
        {
            var result = await CompleteOnceAsync(row, AsRecorded);
            UploadLog.Recovered(logger, Id, result.Refusal?.Reason.ToString() ?? "completed");
            return;
        }

        if (_completion is null && await EndAsync(row, UploadState.Expired, ifDue: true) == UploadState.Open)
            await FinishStagedAsync(cancellationToken);
    }

    private async Task<UploadState?> EndAsync(UploadRow row, UploadState wanted, bool ifDue)
    {
        var state = await WriteAsync(() => repository.EndAsync(Id, wanted, ifDue));
        if (state != wanted)
        {
            if (state != row.State)
                Forget();
            return state;
        }

        await SettleEndAsync(row, wanted, failure: null);
        return state;
    }

    /// <summary>What follows when the ledger has the end: memory, those who watch, and the store.</summary>
    private async Task SettleEndAsync(UploadRow row, UploadState state, RefusalReason? failure)
    {
        UploadLog.Ended(logger, Id, state);
        _row = row with { State = state, Failure = failure };
        NoteProgress(row.ActorId, isEnd: true);
        _acknowledged.Clear();
        await DropMultipartAsync(row);
    }

    /// <summary>Best effort: what fails here, or races a part in flight, the janitor repeats until the store holds nothing.</summary>
    private async Task DropMultipartAsync(UploadRow row)
    {
        if (row is not { StoreUploadId: { } storeUploadId, ObjectKey: { } key } || store is not IMultipartStore multipart || row.Store != store.Profile.Name)
            return;
        try
        {
            if (await multipart.AbortAsync(key, storeUploadId))
                await repository.RecordMultipartGoneAsync(key, storeUploadId);
        }
        catch (Exception exception) when (exception is ObjectStoreException or DependencyUnavailableException)
        {
            UploadLog.DropFailed(logger, Id, exception);
        }
    }
}
