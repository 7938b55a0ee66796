using System.Globalization;
using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>Parts of a session: what is wanted, who may write it, and when that is over. Answers come from memory.</summary>
internal sealed partial class UploadSessionGrain
{
    private const int EnterCountMax = 3;

    private Task<Refusal?>? _initiation;

    /// <inheritdoc/>
    public async Task<PartPlan> PlanPartAsync(int number, long? sizeBytes, CancellationToken cancellationToken = default)
    {
        if (await LoadForWritingAsync() is not { } row)
            return new PartPlan(NotFound.Refusal, null, 0);
        if (FindObjection(row, number, sizeBytes) is { } refusal)
            return new PartPlan(refusal, null, 0);
        return ExactSize(row, number) is { } exact ? new PartPlan(null, exact, exact) : new PartPlan(null, null, row.PartSizeBytes);
    }

    /// <inheritdoc/>
    public async Task<PartPermit> BeginPartAsync(int number, long sizeBytes, byte[] sha256, CancellationToken cancellationToken = default)
    {
        if (await LoadForWritingAsync() is not { } row)
            return Refused(NotFound.Refusal!);
        if (FindObjection(row, number, sizeBytes) is { } objection)
            return Refused(objection);
        var (hindrance, ticket) = await EnterAsync(number);
        if (hindrance is not null)
            return Refused(hindrance);
        var permit = Refused(Refusals.UploadClosed);
        try
        {
            permit = await PermitAsync(number, sizeBytes, sha256) with { Ticket = ticket };
            return permit;
        }
        finally
        {
            if (permit.ObjectKey is null)
                _writes.Leave(number, ticket);
        }
    }

    /// <inheritdoc/>
    public Task KeepPartAsync(int number, long ticket, CancellationToken cancellationToken = default)
    {
        _writes.Keep(number, ticket);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task EndPartAsync(int number, PartEnd end, long epoch, long ticket, CancellationToken cancellationToken = default)
    {
        try
        {
            if (end == PartEnd.Acknowledged && number is >= 1 and <= PartSet.NumberMax)
                _acknowledged.Add(number);
            if (end == PartEnd.Acknowledged && _row is { } known)
                NoteProgress(known.ActorId);
            // The ledger knows a newer epoch than we do: another activation took the session over, and what we remember is old.
            if (end == PartEnd.Fenced && _row?.Epoch == epoch)
                Forget();
            if (end == PartEnd.UploadLost && _row is { State: UploadState.Open } row && row.Epoch == epoch)
                await ForgetMultipartAsync(row);
        }
        finally
        {
            _writes.Leave(number, ticket);
        }
    }

    /// <summary>The store has dropped the multipart upload, as bucket rules may tell it to: another begins with the next part.</summary>
    private async Task ForgetMultipartAsync(UploadRow row)
    {
        UploadLog.MultipartLost(logger, Id);
        await WriteAsync(() => repository.ReopenAsync(Id, row.Epoch, [], forgetMultipart: true));
        (_row, _acknowledged) = (null, new PartSet());
    }

    /// <summary>Takes the right to write a part, which nobody has while the session is being completed.</summary>
    private async Task<(Refusal? Refusal, long Ticket)> EnterAsync(int number)
    {
        var isTakenOver = false;
        for (var attempt = 1; attempt <= EnterCountMax; attempt++)
        {
            if (_completion is { } completion && !await EndsInTimeAsync(completion))
                break;
            if (await _writes.TryEnterAsync(number, limits.Value.PartWait) is not { } right)
                return (Refusals.Busy(string.Create(CultureInfo.InvariantCulture, $"Part {number} is being written by another request.")), 0);
            isTakenOver |= right.IsTakenOver;
            if (_completion is null)
            {
                if (isTakenOver)
                    FenceForgottenWriter(number);
                return (null, right.Ticket);
            }

            // It began while this waited for another writer, and may have seen that one end as the last.
            _writes.Leave(number, right.Ticket);
        }

        return (Refusals.Busy("The session is being completed."), 0);
    }

    /// <summary>Should it live after all, its acknowledgement must not meet that of its successor: the next load raises the epoch.</summary>
    private void FenceForgottenWriter(int number)
    {
        UploadLog.WriterForgotten(logger, Id, number, WriterSilenceMax);
        (_row, _acknowledged) = (null, new PartSet());
        _isFirstKeyFree = false;
    }

    /// <summary>The permit of one who holds the part's place; waiting for it may have changed everything.</summary>
    private async Task<PartPermit> PermitAsync(int number, long sizeBytes, byte[] sha256)
    {
        if (await LoadForCallerAsync() is not { } row)
            return Refused(NotFound.Refusal!);
        if (FindObjection(row, number, sizeBytes) is { } refusal)
            return Refused(refusal);
        if (_acknowledged.Contains(number))
        {
            if (await repository.FindPartAsync(Id, number) is { } stored && stored.SizeBytes == sizeBytes && stored.Sha256.AsSpan().SequenceEqual(sha256))
                return new PartPermit(null, stored.ToInfo(), null, null, row.Epoch, IsGrowing: false, Ticket: 0);
            // Other bytes than were acknowledged: the store would have them before the ledger refuses them to one whose memory is old, and
            // the completion by which another activation has taken the session over would miss what they replaced.
            if (!await repository.IsOpenAsync(Id, row.Epoch))
            {
                Forget();
                return Refused(Refusals.Busy("The session moved meanwhile; send the part again."));
            }
        }

        return row.IsMultipart ? await PermitPartAsync() : await PermitWholeAsync(row);
    }

    /// <summary>The right to write one part of the multipart upload, which begins with the first of them.</summary>
    private async Task<PartPermit> PermitPartAsync()
    {
        if (_row!.StoreUploadId is null && await (_initiation ??= InitiateAsync()) is { } refusal)
            return Refused(refusal);
        return _row is { StoreUploadId: { } storeUploadId, ObjectKey: { } key } row
            ? new PartPermit(null, null, key, storeUploadId, row.Epoch, row.SizeBytes is null, Ticket: 0)
            : Refused(Refusals.UploadClosed);
    }

    private async Task<Refusal?> InitiateAsync()
    {
        await Task.Yield();
        try
        {
            if (_row is not { ObjectKey: { } key } row || store is not IMultipartStore multipart)
                return Refusals.UploadClosed;
            var storeUploadId = await multipart.InitiateAsync(key);
            if (await WriteAsync(() => repository.RecordStoreUploadAsync(Id, row.Epoch, storeUploadId)))
            {
                if (_row is not null)
                    _row = _row with { StoreUploadId = storeUploadId };
                return null;
            }

            // Ended meanwhile, or another activation owns the session: nobody knows this upload, so nobody else ends it.
            await multipart.AbortAsync(key, storeUploadId);
            Forget();
            return Refusals.Busy("The session moved meanwhile; send the part again.");
        }
        catch (ObjectStoreException exception)
        {
            UploadLog.StoreFailed(logger, Id, "initiate", exception.Error, exception);
            return Refusals.From(exception);
        }
        finally
        {
            _initiation = null;
        }
    }

    /// <summary>The right to write the whole object: each attempt under a key of its own, so that none can overwrite another.</summary>
    private async Task<PartPermit> PermitWholeAsync(UploadRow row)
    {
        var key = await NextWholeKeyAsync(row, store.Profile.WriteTimeout);
        return key is null
            ? Refused(Refusals.Busy("The session moved meanwhile; send the part again."))
            : new PartPermit(null, null, key, null, row.Epoch, IsGrowing: false, Ticket: 0);
    }

    /// <summary>A key of the ledger that nobody has used; null when the session is no longer ours or open.</summary>
    private async Task<string?> NextWholeKeyAsync(UploadRow row, TimeSpan callTimeout)
    {
        if (_isFirstKeyFree)
        {
            _isFirstKeyFree = false;
            return row.ObjectKey!;
        }

        var key = ObjectKeys.NewContentKey();
        if (await WriteAsync(() => repository.IntendAttemptAsync(Id, row.Epoch, key, callTimeout)))
            return key;
        Forget();
        return null;
    }

    /// <summary>
    /// The session for one who brings bytes. A memory of a completion that nobody works on any more is read again: another silo may have
    /// gone on with it and opened the session for parts that were missing, and "closed" would be for good.
    /// </summary>
    private async Task<UploadRow?> LoadForWritingAsync()
    {
        var row = await LoadForCallerAsync();
        if (row is not { State: UploadState.Completing or UploadState.Assembled } || _completion is not null)
            return row;
        Forget();
        return await LoadForCallerAsync();
    }

    private Refusal? FindObjection(UploadRow row, int number, long? sizeBytes)
    {
        if (row.State != UploadState.Open && _completion is null)
            return Refusals.UploadClosed;
        if (SessionRules.FindObstacle(row, store.Profile) is { } obstacle)
            return obstacle;
        if (number < 1 || number > (row.PartCount ?? SessionRules.PartCountMax(row, store.Profile)))
            return Refusals.Invalid("There is no part of this number.");
        if (sizeBytes > limits.Value.ProxiedPartSizeBytesMax)
            return new Refusal(RefusalReason.TooLarge, $"A part has at most {limits.Value.ProxiedPartSizeBytesMax} bytes.");
        if (ExactSize(row, number) is { } exact)
        {
            return sizeBytes is { } size && size != exact
                ? new Refusal(RefusalReason.WrongPartSize, string.Create(CultureInfo.InvariantCulture, $"Part {number} has {exact} bytes."))
                : null;
        }

        if (sizeBytes is 0 || sizeBytes > row.PartSizeBytes)
            return new Refusal(RefusalReason.WrongPartSize, $"A part has 1 to {row.PartSizeBytes} bytes.");
        return ((number - 1) * row.PartSizeBytes) + (sizeBytes ?? 1) > limits.Value.FileSizeBytesMax
            ? new Refusal(RefusalReason.TooLarge, $"A file has at most {limits.Value.FileSizeBytesMax} bytes.")
            : null;
    }

    private static long? ExactSize(UploadRow row, int number) =>
        row is { SizeBytes: { } size, PartCount: { } count } ? UploadPlan.SizeOf(number, size, row.PartSizeBytes, count) : null;

    private async Task<bool> EndsInTimeAsync(Task task)
    {
        try
        {
            await task.WaitAsync(limits.Value.PartWait, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static PartPermit Refused(Refusal refusal) => new(refusal, null, null, null, 0, IsGrowing: false, Ticket: 0);
}
