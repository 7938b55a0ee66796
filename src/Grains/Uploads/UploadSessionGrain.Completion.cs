using GrainVault.Files;
using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>
/// open -> completing -> completed, each step recorded before the outside call that follows it, so that each can be
/// repeated by whoever comes after a crash. Concurrent callers join the one completion that runs.
/// </summary>
internal sealed partial class UploadSessionGrain
{
    /// <summary>Most part numbers in an answer.</summary>
    private const int PartNumberCountMax = 1_000;

    private static readonly CompleteUploadCommand AsRecorded = new(null, null, null, null, null, null);

    private Task<EntryResult>? _completion;

    /// <inheritdoc/>
    public async Task<EntryResult> CompleteAsync(CompleteUploadCommand command, CancellationToken cancellationToken = default)
    {
        if (await LoadForCallerAsync() is not { } row)
            return new EntryResult(NotFound.Refusal, null);
        if (Check(command) is { } invalid)
            return new EntryResult(invalid, null);
        if (command.IsMove && _completion is null)
        {
            (var refusal, row) = await MoveAsync(row, command.ParentId);
            if (refusal is not null)
                return new EntryResult(refusal, null);
        }

        // Not bound to the caller's token: the completion goes on when the caller has gone.
        var result = await CompleteOnceAsync(row, command);
        return result.Entry is { } file ? result with { Entry = await files.AsSeenAsync(file, Caller.UserId) } : result;
    }

    private async Task<EntryResult> CompleteOnceAsync(UploadRow row, CompleteUploadCommand command)
    {
        if (_completion is { } running)
            return await running;
        if (row.State == UploadState.Completed)
            return await ReplayAsync();
        if (row.HasEnded)
            return new EntryResult(ClosedRefusal(row), null);
        // Another store knows nothing of these parts, and that must not look as if they were lost.
        if (SessionRules.FindObstacle(row, store.Profile) is { } obstacle)
            return new EntryResult(obstacle, null);
        return await (_completion = RunCompletionAsync(row, command));
    }

    private static Refusal? Check(CompleteUploadCommand command)
    {
        if (command.Name is not null && EntryNames.Check(command.Name) is { } name)
            return name;
        if (command.ParentId is not null && !Ids.IsValid(Ids.File, command.ParentId))
            return Refusals.NotFound("folder");
        if (command is { ParentId: not null, ToRoot: true })
            return Refusals.Invalid("The root is no folder.");
        if (command.OnConflict is { } rule && !Enum.IsDefined(rule))
            return Refusals.Invalid("There is no such conflict rule.");
        if (command.VerifiedSha256 is { } sha256 && !Checksums.IsSha256(sha256))
            return Refusals.Invalid("A SHA-256 is 64 lower-case hexadecimal digits.");
        if (command.Parts is { } parts && (parts.Count > PartSet.NumberMax || parts.DistinctBy(part => part.Number).Count() != parts.Count))
            return Refusals.Invalid("Each part is listed once.");
        return command.SizeBytes < 0 ? Refusals.Invalid("A size is 0 or more.") : null;
    }

    private async Task<EntryResult> ReplayAsync() =>
        await repository.FindFileAsync(Id, CancellationToken.None) is { } file
            ? new EntryResult(null, file)
            : new EntryResult(Refusals.NotFound("file"), null);

    private async Task<EntryResult> RunCompletionAsync(UploadRow row, CompleteUploadCommand command)
    {
        // First of all a yield: the field must hold this task before it ends.
        await Task.Yield();
        try
        {
            // A repeat of an acknowledged part that is under way could replace it at the store behind our back.
            if (!await _writes.DrainAsync(limits.Value.PartWait))
                return new EntryResult(Refusals.Busy("Parts are being written; complete again when they have ended."), null);
            if ((await ReconcileAsync(row, command) ?? await FindDifferenceAsync(row, command)) is { } difference)
                return new EntryResult(difference, null);
            var begun = await WriteAsync(() => repository.BeginCompletionAsync(row, command));
            if (begun.Refusal is { } reason)
                return await ExplainAsync(row, reason, begun.Parts);

            row = _row = Recorded(row, command, begun.Parts);
            if (await MakeObjectAsync(row, begun.Parts) is { } refusal)
                return new EntryResult(refusal, null);
            return await CommitAsync(_row ?? row, begun.Parts);
        }
        catch (Exception)
        {
            // How far it came is in the database.
            Forget();
            throw;
        }
        finally
        {
            _completion = null;
        }
    }

    /// <summary>What the client believes it sent must be what the ledger has.</summary>
    private async Task<Refusal?> FindDifferenceAsync(UploadRow row, CompleteUploadCommand command)
    {
        if (command.Parts is not { } claimed || row.State != UploadState.Open)
            return null;
        var (parts, _, _, _) = await repository.ReadPartsAsync(row, 0, PartSet.NumberMax, CancellationToken.None);
        var known = parts.ToDictionary(part => part.Number, part => part.ETag);
        var wrong = claimed.Where(part => known.TryGetValue(part.Number, out var etag) && etag != part.ETag.Trim('"'))
            .Select(part => part.Number).Order().Take(PartNumberCountMax).ToArray();
        return wrong.Length == 0 ? null : Refusals.From(RefusalReason.InvalidPart) with { Parts = wrong };
    }

    private async Task<EntryResult> ExplainAsync(UploadRow row, RefusalReason reason, List<PartRow> parts)
    {
        if (reason == RefusalReason.MissingParts)
        {
            var known = parts.Select(part => part.Number).ToHashSet();
            var count = row.PartCount ?? parts.Select(part => part.Number).DefaultIfEmpty(0).Max() + 1;
            var missing = Enumerable.Range(1, count).Where(number => !known.Contains(number)).Take(PartNumberCountMax).ToArray();
            return new EntryResult(new Refusal(reason, "Parts are missing.", Parts: missing), null);
        }

        if (reason == RefusalReason.Invalid)
            return new EntryResult(Refusals.Invalid("The size of the whole is not known yet."), null);
        return reason == RefusalReason.UploadClosed ? await LookAgainAsync() : new EntryResult(Refusals.From(reason), null);
    }

    /// <summary>Ended or taken over by another activation, or by a commit whose answer was lost: what is in memory is old.</summary>
    private async Task<EntryResult> LookAgainAsync()
    {
        Forget();
        return await LoadAsync() switch
        {
            null => new EntryResult(NotFound.Refusal, null),
            { State: UploadState.Completed } => await ReplayAsync(),
            { HasEnded: true } ended => new EntryResult(ClosedRefusal(ended), null),
            _ => new EntryResult(Refusals.Busy("The session moved meanwhile; complete again."), null),
        };
    }

    private static UploadRow Recorded(UploadRow row, CompleteUploadCommand command, List<PartRow> parts) => row with
    {
        State = UploadState.Completing,
        SizeBytes = row.SizeBytes ?? command.SizeBytes ?? parts.Sum(part => part.SizeBytes),
        PartCount = row.PartCount ?? parts.Count,
        Name = command.Name ?? row.Name,
        ParentId = command.IsMove ? command.ParentId : row.ParentId,
        OnConflict = command.OnConflict ?? row.OnConflict,
        VerifiedSha256 = command.VerifiedSha256 is { } sha256 ? Convert.FromHexString(sha256) : row.VerifiedSha256,
    };

    /// <summary>Makes one object out of the parts, without copying; nothing to do for a whole object. Null when it is there.</summary>
    private async Task<Refusal?> MakeObjectAsync(UploadRow row, List<PartRow> parts)
    {
        if (!row.IsMultipart || row.IsObjectMade || parts.Count == 0)
            return null;
        Invariant.That(row.ObjectKey is not null && row.StoreUploadId is not null, "parts were stored, so the upload has begun");
        try
        {
            var made = await ((IMultipartStore)store).CompleteAsync(
                row.ObjectKey, row.StoreUploadId, parts.ConvertAll(part => new StoredPart(part.Number, part.SizeBytes, part.ETag)));
            if (made.SizeBytes != row.SizeBytes)
                throw new ObjectStoreException(ObjectStoreError.InvalidPart, $"The store made {made.SizeBytes} of {row.SizeBytes} bytes.");
            _row = row with { IsObjectMade = true };
            return null;
        }
        catch (ObjectStoreException exception) when (exception.Error is ObjectStoreError.InvalidPart or ObjectStoreError.UploadNotFound)
        {
            UploadLog.StoreFailed(logger, Id, "complete", exception.Error, exception);
            return await ReopenAsync(row, parts, forgetMultipart: exception.Error == ObjectStoreError.UploadNotFound);
        }
        catch (ObjectStoreException exception)
        {
            // The effect is unknown; the session stays completing, and the next call or the janitor goes on from there.
            UploadLog.StoreFailed(logger, Id, "complete", exception.Error, exception);
            return Refusals.From(exception);
        }
    }

    /// <summary>completing -> open: the parts that the store does not have as recorded leave the ledger.</summary>
    private async Task<Refusal> ReopenAsync(UploadRow row, List<PartRow> parts, bool forgetMultipart)
    {
        Dictionary<int, StoredPart> kept = [];
        try
        {
            if (!forgetMultipart)
                kept = await ListStoredAsync(row);
        }
        catch (ObjectStoreException exception)
        {
            // Still completing: the next call or the janitor hears the same of the store, and asks again what it has.
            UploadLog.StoreFailed(logger, Id, "list parts", exception.Error, exception);
            return Refusals.From(exception);
        }

        var lost = parts
            .Where(part => !kept.TryGetValue(part.Number, out var stored) || stored.ETag != part.ETag || stored.SizeBytes != part.SizeBytes)
            .Select(part => part.Number).ToArray();
        if (await WriteAsync(() => repository.ReopenAsync(Id, row.Epoch, lost, forgetMultipart)) is null)
            return await ExplainMoveAsync();
        if (row.UrlsUntil is null)
            UploadLog.PartsLost(logger, Id, lost.Length);
        else
            UploadLog.PartsReplaced(logger, Id, lost.Length);
        _row = null;
        await LoadAsync();
        return Refusals.From(RefusalReason.InvalidPart) with { Parts = [.. lost.Take(PartNumberCountMax)] };
    }

    /// <summary>Another activation owns the session: it took from the store what this one misses, and lost nothing.</summary>
    private async Task<Refusal> ExplainMoveAsync()
    {
        Forget();
        return await LoadAsync() is { State: UploadState.Aborted or UploadState.Expired } ended
            ? ClosedRefusal(ended)
            : Refusals.Busy("The session moved meanwhile; complete again.");
    }

    private async Task<Dictionary<int, StoredPart>> ListStoredAsync(UploadRow row)
    {
        var stored = new Dictionary<int, StoredPart>();
        var after = 0;
        while (true)
        {
            var page = await ((IMultipartStore)store).ListPartsAsync(row.ObjectKey!, row.StoreUploadId!, after);
            foreach (var part in page)
                stored[part.Number] = part;
            if (page.Count == 0 || page[^1].Number >= PartSet.NumberMax)
                return stored;
            // Asked for what follows, it must give what follows: otherwise this would never end.
            if (page[^1].Number <= after)
                throw new ObjectStoreException(ObjectStoreError.Unavailable, $"The store lists part {page[^1].Number} after part {after}.");
            after = page[^1].Number;
        }
    }

    private async Task<EntryResult> CommitAsync(UploadRow row, List<PartRow> parts)
    {
        var key = row.IsMultipart ? row.ObjectKey : parts.FirstOrDefault()?.ObjectKey;
        var content = Checksums.Of(parts, key);
        var sha256 = content.Sha256 ?? row.VerifiedSha256;
        if (row.DeclaredSha256 is { } declared)
        {
            try
            {
                sha256 ??= await hasher.HashAsync(key!, row.SizeBytes!.Value);
            }
            catch (ObjectStoreException exception)
            {
                UploadLog.StoreFailed(logger, Id, "read back", exception.Error, exception);
                return new EntryResult(Refusals.From(exception), null);
            }

            if (!sha256.AsSpan().SequenceEqual(declared))
                return await FailAsync(row, RefusalReason.ChecksumMismatch);
        }

        var result = await GrainFactory.GetGrain<IFileGrain>(row.FileId).CommitVersionAsync(new CommitVersionCommand(
            row.OwnerId, parts.Count == 0 ? null : key, row.SizeBytes ?? 0, content.Checksum,
            sha256 is null ? null : Convert.ToHexStringLower(sha256), row.ContentType, row.Name, row.ParentId, row.OnConflict,
            row.IsNewFile, row.ExpectedVersion, row.Id, row.Epoch, 0, row.ActorId));
        if (result.Entry is not null)
        {
            _row = row with { State = UploadState.Completed };
            NoteProgress(row.ActorId, isEnd: true);
            return result;
        }

        if (result.Refusal!.Reason == RefusalReason.UploadClosed)
            return await LookAgainAsync();
        if (result.Refusal.Reason == RefusalReason.VersionConflict && row.OnConflict == OnConflict.Rename && await TurnIntoCopyAsync(row) is { } copy)
            return await CommitAsync(copy, parts);

        // Name, folder, version, right or quota was lost meanwhile. The content is kept for another try.
        if (await WriteAsync(() => repository.RecordAssembledAsync(row)))
            _row = row with { State = UploadState.Assembled, IsObjectMade = true };
        else
            Forget();
        return result;
    }

    /// <summary>
    /// Somebody else was faster, and both are to be kept: what was uploaded becomes a file of its own beside the other. Recorded before it
    /// is made, so that a repeat makes the same file. Null when the session or the file is not there any more, and when who uploads may write to
    /// the file and not beside it.
    /// </summary>
    private async Task<UploadRow?> TurnIntoCopyAsync(UploadRow row)
    {
        var name = await copies.NameAsync(row.ActorId, row.Name, CancellationToken.None);
        var copy = row with { FileId = Ids.New(Ids.File), IsNewFile = true, ExpectedVersion = null, Name = name };
        var (found, folder) = await WriteAsync(() => repository.TurnIntoCopyAsync(copy));
        return found ? _row = copy with { ParentId = folder } : null;
    }

    /// <summary>Ends the session for good: its content is not what was announced.</summary>
    private async Task<EntryResult> FailAsync(UploadRow row, RefusalReason reason)
    {
        if (await WriteAsync(() => repository.FailCompletionAsync(Id, row.Epoch, reason)) != UploadState.Aborted)
            return await LookAgainAsync();
        await SettleEndAsync(row, UploadState.Aborted, reason);
        return new EntryResult(Refusals.From(reason), null);
    }
}
