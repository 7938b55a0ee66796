using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>
/// Parts that go straight to the store. A URL is only a right to write: what was written is learned from the store, never
/// from the client, and a session may use URLs and front ends side by side.
/// </summary>
internal sealed partial class UploadSessionGrain
{
    /// <summary>Most URLs of one call.</summary>
    private const int UrlCountMax = 1_000;

    /// <summary>Looks at the store for one caller: the second one when another activation moved the session.</summary>
    private const int LearnCountMax = 2;

    /// <summary>URLs that are signed before other calls get a turn.</summary>
    private const int SigningBatchLength = 50;

    /// <summary>
    /// Batches that are signed at once in this process: half of its processors. Signing is nothing but processor time, and a thousand
    /// URLs of hundreds of sessions would keep every other call waiting.
    /// </summary>
    private static readonly SemaphoreSlim Signing = new(Math.Max(1, Environment.ProcessorCount / 2));

    private Task? _listing;
    private DateTimeOffset _listedAt;
    private DateTimeOffset? _firstUrlAt;

    /// <inheritdoc/>
    public async Task<PresignResult> PresignAsync(int[] numbers, CancellationToken cancellationToken = default)
    {
        if (await LoadForWritingAsync() is not { } row)
            return new PresignResult(NotFound.Refusal, []);
        if (FindObjection(row, numbers) is { } objection)
            return new PresignResult(objection, []);
        if (row.IsMultipart && row.StoreUploadId is null && await (_initiation ??= InitiateAsync()) is { } refusal)
            return new PresignResult(refusal, []);
        if (_row is not { State: UploadState.Open } begun)
            return new PresignResult(Refusals.Busy("The session moved meanwhile; ask again."), []);

        var lifetime = LifetimeFor(begun, numbers);
        var stagingKey = begun.IsMultipart ? null : begun.StagingKey ?? ObjectKeys.NewStagingKey();
        // Two calls at once may bring a staging key each; the ledger takes one.
        if (await WriteAsync(() => directLedger.HandOutAsync(Id, begun.Epoch, stagingKey, lifetime)) is not { } taken)
        {
            Forget();
            return new PresignResult(Refusals.Busy("The session moved meanwhile; ask again."), []);
        }

        var now = time.GetUtcNow();
        _firstUrlAt ??= now;
        begun = begun with { UrlsUntil = now + lifetime, StagingKey = begun.IsMultipart ? null : taken };
        if (_row is { } current)
            _row = current with { UrlsUntil = begun.UrlsUntil, StagingKey = begun.StagingKey };
        return await SignAsync(begun, numbers, lifetime);
    }

    /// <inheritdoc/>
    public async Task FinishStagedAsync(CancellationToken cancellationToken = default)
    {
        if (await LoadAsync() is not { HasEnded: false, IsMultipart: false, StagingKey: not null } row)
            return;
        var result = await CompleteOnceAsync(row, AsRecorded);
        if (result.Entry is null)
            await directLedger.LookLaterAsync(Id);
        UploadLog.Finished(logger, Id, result.Refusal?.Reason.ToString() ?? "completed");
    }

    private Refusal? FindObjection(UploadRow row, int[] numbers)
    {
        if (store is not IPresigningStore)
            return NoUrls;
        if (row.State != UploadState.Open)
            return Refusals.UploadClosed;
        if (SessionRules.FindObstacle(row, store.Profile) is { } obstacle)
            return obstacle;
        if (_completion is not null)
            return Refusals.Busy("The session is being completed.");
        if (row.PartCount is not { } count)
            return Refusals.Invalid("The size of the whole is not known, so parts have none either.");
        if (numbers.Length is 0 or > UrlCountMax || numbers.Distinct().Count() != numbers.Length)
            return Refusals.Invalid("parts is a list of 1 to 1,000 different numbers.");
        return numbers.Any(number => number < 1 || number > count) ? Refusals.Invalid("There is no part of this number.") : null;
    }

    private static Refusal NoUrls => Refusals.Invalid("Direct uploads are not offered here; use mode 'proxied'.");

    private TimeSpan LifetimeFor(UploadRow row, int[] numbers)
    {
        var sizeBytes = numbers.Sum(number => ExactSize(row, number)!.Value);
        var now = time.GetUtcNow();
        double? speed = _learnedBytes > 0 && _firstUrlAt is { } first && now > first ? _learnedBytes / (now - first).TotalSeconds : null;
        return UrlLifetime.Of(sizeBytes, speed, row.ExpiresAt - now, store.Profile.PresignLifetimeMax, direct.Value);
    }

    private async Task<PresignResult> SignAsync(UploadRow row, int[] numbers, TimeSpan lifetime)
    {
        var signer = (IPresigningStore)store;
        var parts = new List<PresignedPart>(numbers.Length);
        try
        {
            foreach (var batch in numbers.Chunk(SigningBatchLength))
            {
                await Signing.WaitAsync();
                try
                {
                    foreach (var number in batch)
                        parts.Add(await SignOneAsync(signer, row, number, lifetime));
                }
                finally
                {
                    Signing.Release();
                }

                await Task.Yield();
            }
        }
        catch (ObjectStoreException exception)
        {
            UploadLog.StoreFailed(logger, Id, "presign", exception.Error, exception);
            return new PresignResult(Refusals.From(exception), []);
        }

        return new PresignResult(null, parts);
    }

    private static async Task<PresignedPart> SignOneAsync(IPresigningStore signer, UploadRow row, int number, TimeSpan lifetime)
    {
        var size = ExactSize(row, number)!.Value;
        var url = row.IsMultipart
            ? await signer.PresignPutPartAsync(row.ObjectKey!, row.StoreUploadId!, number, size, lifetime)
            : await signer.PresignPutAsync(row.StagingKey!, size, lifetime);
        return new PresignedPart(number, url.Url.OriginalString, url.ExpiresAt);
    }

    /// <summary>
    /// Asks the store what came by URLs, unless it was asked a moment ago. What fails here is asked again by the next caller. Returns the
    /// session as it is known then.
    /// </summary>
    private async Task<UploadRow> LearnPartsAsync(UploadRow row)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (row is not { State: UploadState.Open, UrlsUntil: not null, IsMultipart: true, StoreUploadId: not null } || _completion is not null
                || SessionRules.FindObstacle(row, store.Profile) is not null)
                return row;
            if (_listing is null && time.GetUtcNow() - _listedAt < direct.Value.PartListPeriod)
                return row;
            await (_listing ??= LearnOnceAsync(row));
            // Another activation had taken the session over: what came is taken under a new epoch.
            if (_row is not null || attempt == LearnCountMax || await LoadAsync() is not { } moved)
                return row;
            row = moved;
        }
    }

    private async Task LearnOnceAsync(UploadRow row)
    {
        await Task.Yield();
        try
        {
            var stored = StoredParts.Of((await ListStoredAsync(row)).Values, row);
            if (await AdoptAsync(row, stored, await LedgerAsync(row)))
                _listedAt = time.GetUtcNow();
        }
        catch (ObjectStoreException exception)
        {
            // The ledger is shown as it is; a completion would not trust it.
            UploadLog.StoreFailed(logger, Id, "list parts", exception.Error, exception);
        }
        finally
        {
            _listing = null;
        }
    }

    private async Task<Dictionary<int, PartRow>> LedgerAsync(UploadRow row) =>
        (await repository.ReadPartRowsAsync(row.Id)).ToDictionary(part => part.Number);

    /// <summary>Takes over what the ledger does not have yet. False when the session is not ours any more.</summary>
    private async Task<bool> AdoptAsync(UploadRow row, StoredParts stored, Dictionary<int, PartRow> known)
    {
        var news = stored.NewTo(known);
        if (news.Count == 0)
            return true;
        if (!await WriteAsync(() => directLedger.AdoptAsync(Id, row.Epoch, news)))
        {
            Forget();
            return false;
        }

        _learnedBytes += news.Sum(part => part.SizeBytes);
        return true;
    }

    /// <summary>Before a completion: the ledger becomes what the store has, or the difference is refused. Null to go on.</summary>
    private async Task<Refusal?> ReconcileAsync(UploadRow row, CompleteUploadCommand command)
    {
        if (row.State != UploadState.Open || row.UrlsUntil is null)
            return null;
        var claimed = command.Parts?.ToDictionary(part => part.Number, part => part.ETag.Trim('"')) ?? [];
        try
        {
            return row.IsMultipart ? await ReconcilePartsAsync(row, claimed) : await TakeStagedAsync(row, claimed);
        }
        catch (ObjectStoreException exception)
        {
            UploadLog.StoreFailed(logger, Id, "reconcile", exception.Error, exception);
            return Refusals.From(exception);
        }
    }

    private async Task<Refusal?> ReconcilePartsAsync(UploadRow row, Dictionary<int, string> claimed)
    {
        var known = await LedgerAsync(row);
        if (row.StoreUploadId is null)
            return null;
        StoredParts stored;
        try
        {
            stored = StoredParts.Of((await ListStoredAsync(row)).Values, row);
        }
        catch (ObjectStoreException exception) when (exception.Error is ObjectStoreError.UploadNotFound or ObjectStoreError.NotFound)
        {
            return await ReopenAsync(row, [.. known.Values], forgetMultipart: true);
        }

        var wrong = stored.FindWrong(known, claimed);
        // What the client sent to the store and is there no more leaves the ledger, and is missing.
        int[] gone = [.. known.Values.Where(part => part.Sha256 is null && !stored.Whole.ContainsKey(part.Number)).Select(part => part.Number)];
        int[] bad = [.. wrong.Where(known.ContainsKey).Union(gone)];
        if (bad.Length > 0)
        {
            await WriteAsync(() => repository.ReopenAsync(Id, row.Epoch, bad, forgetMultipart: false));
            UploadLog.PartsReplaced(logger, Id, bad.Length);
            (_row, _acknowledged) = (null, new PartSet());
            if (wrong.Length == 0)
                return Refusals.Busy("Parts are gone from the store; complete again.");
        }

        if (wrong.Length > 0)
            return Refusals.From(RefusalReason.InvalidPart) with { Parts = [.. wrong.Take(PartNumberCountMax)] };
        return await AdoptAsync(row, stored, known) ? null : Refusals.Busy("The session moved meanwhile; complete again.");
    }

    /// <summary>
    /// A file of one part that came by a URL is copied to a key that no URL names: what is written to the old key afterwards changes
    /// nothing. A part that came through a front end goes first.
    /// </summary>
    private async Task<Refusal?> TakeStagedAsync(UploadRow row, Dictionary<int, string> claimed)
    {
        if (row.StagingKey is not { } stagingKey || (await LedgerAsync(row)).Count > 0)
            return null;
        // Nothing there: the ledger says which part is missing.
        if (await store.FindAsync(stagingKey) is not { } staged)
            return null;
        if (staged.SizeBytes != row.SizeBytes || (claimed.TryGetValue(1, out var etag) && etag != staged.ETag))
            return WrongStaged;
        if (await NextWholeKeyAsync(row, store.Profile.CopyTimeout) is not { } key)
            return Refusals.Busy("The session moved meanwhile; complete again.");
        StoredObject copied;
        try
        {
            copied = await ((ICopyingStore)store).CopyAsync(stagingKey, staged.ETag, key);
        }
        catch (ObjectStoreException exception) when (exception.Error is ObjectStoreError.PreconditionFailed or ObjectStoreError.NotFound)
        {
            // Replaced at this very moment: whoever did it completes it.
            return WrongStaged;
        }

        if (copied.SizeBytes != row.SizeBytes)
            return WrongStaged;
        var permit = new PartPermit(null, null, key, null, row.Epoch, IsGrowing: false, Ticket: 0);
        var part = new PartRow(1, copied.SizeBytes, staged.ETag, Sha256: null, key);
        if (await WriteAsync(() => ledger.AcknowledgeAsync(Id, permit, part)))
            return null;
        Forget();
        return Refusals.Busy("The session moved meanwhile; complete again.");
    }

    private static Refusal WrongStaged => Refusals.From(RefusalReason.InvalidPart) with { Parts = [1] };
}
