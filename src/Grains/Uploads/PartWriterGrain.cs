using GrainVault.Diagnostics;
using GrainVault.Files;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Uploads;

/// <summary>
/// Carries one buffer at a time to the store. Has no state: what it may write and whether that counts is decided by the
/// session and the ledger. How many write at once in a silo is bounded by <see cref="StoreWriteGate"/>.
/// </summary>
[GrainType("w"), StatelessWorker(32)]
internal sealed class PartWriterGrain(
    PartLedger ledger,
    FileRepository files,
    IObjectStore store,
    StoreWriteGate gate,
    IOptions<LimitsOptions> limits,
    IOptions<JanitorOptions> janitor,
    TimeProvider time,
    ILogger<PartWriterGrain> logger) : Grain, IPartWriterGrain
{
    /// <summary>A session that moved to another activation gives a new right once; then the client has to come back.</summary>
    private const int AttemptCountMax = 2;

    private const int Sha256SizeBytes = 32;

    /// <summary>Time between two signs of life of a write; the session takes a longer silence than three of them for death.</summary>
    private static readonly TimeSpan KeepPeriod = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public async Task<PartResult> WritePartAsync(WritePartCommand command, CancellationToken cancellationToken = default)
    {
        using var activity = GrainsMeter.Activities.StartActivity("part.write");
        activity?.SetTag("upload.id", command.UploadId).SetTag("part.number", command.Number);
        if (!Ids.IsValid(Ids.Upload, command.UploadId) || command.Sha256.Length != Sha256SizeBytes)
            return new PartResult(Refusals.NotFound("upload session"), null);
        var session = GrainFactory.GetGrain<IUploadSessionGrain>(command.UploadId);
        for (var attempt = 1; ; attempt++)
        {
            // Not under the caller's token: a right that was given to one who no longer listens would be held for minutes.
            var permit = await session.BeginPartAsync(command.Number, command.Content.Bytes.Length, command.Sha256, CancellationToken.None);
            if (permit.Refusal is not null || permit.Stored is not null)
                return new PartResult(permit.Refusal, permit.Stored);
            var result = await WriteOnceAsync(session, command, permit);
            if (result is not null)
                return result;
            UploadLog.PartFenced(logger, command.UploadId, command.Number, attempt);
            GrainsMeter.PartFenced();
            // Closed, or only taken over by a new activation, as after the death of a silo? The session says so when asked again.
            if (attempt == AttemptCountMax)
                return new PartResult(Refusals.Busy("The session moved meanwhile; send the part again."), null);
        }
    }

    /// <inheritdoc/>
    public async Task<EntryResult> WriteFileAsync(WriteFileCommand command, CancellationToken cancellationToken = default)
    {
        using var activity = GrainsMeter.Activities.StartActivity("file.write");
        activity?.SetTag("file.id", command.FileId);
        if (Caller.ActorId is not { } actor)
            return new EntryResult(Refusals.NotFound("user"), null);
        if (Check(command) is { } invalid)
            return new EntryResult(invalid, null);

        var sizeBytes = command.Content.Bytes.Length;
        var key = sizeBytes == 0 ? null : ObjectKeys.NewContentKey();
        var lives = store.Profile.WriteTimeout + janitor.Value.IntentSlack;
        var file = GrainFactory.GetGrain<IFileGrain>(command.FileId);
        var (code, owner) = await files.IntendAsync(actor, limits.Value.QuotaBytes, command, key, store.Profile, lives);
        if (code == 0)
            return await file.GetAsync(cancellationToken);
        if (code is { } reason)
            return new EntryResult(Refusals.From((RefusalReason)reason), null);

        if (key is not null && await StoreWholeAsync(key, command) is { } refusal)
            return new EntryResult(refusal, null);
        var sha256 = Convert.ToHexStringLower(command.Sha256);
        var result = await file.CommitVersionAsync(
            new CommitVersionCommand(
                owner, key, sizeBytes, sha256, sha256, command.ContentType ?? MediaTypes.Default, command.Name, command.ParentId,
                command.OnConflict, IsNewFile: true, null, null, 0, 0, actor),
            CancellationToken.None);
        if (result.Refusal is not null && key is not null)
            await AbandonAsync(command.FileId, key);
        return result.Entry is { } made && Caller.UserId is { } user ? result with { Entry = await files.AsSeenAsync(made, user) } : result;
    }

    private Refusal? Check(WriteFileCommand command)
    {
        if (!Ids.IsValid(Ids.File, command.FileId) || (command.ParentId is not null && !Ids.IsValid(Ids.File, command.ParentId)))
            return Refusals.NotFound("folder");
        if (EntryNames.Check(command.Name) is { } name)
            return name;
        if (!Enum.IsDefined(command.OnConflict) || command.Sha256.Length != Sha256SizeBytes)
            return Refusals.Invalid("There is no such conflict rule.");
        var sizeBytesMax = Math.Min(limits.Value.ProxiedPartSizeBytesMax, limits.Value.FileSizeBytesMax);
        if (command.Content.Bytes.Length > sizeBytesMax)
            return new Refusal(RefusalReason.TooLarge, $"A file that is sent at once has at most {sizeBytesMax} bytes.");
        return MediaTypes.Check(command.ContentType);
    }

    /// <summary>One store write and its acknowledgement. Null when the ledger refused the epoch.</summary>
    private async Task<PartResult?> WriteOnceAsync(IUploadSessionGrain session, WritePartCommand command, PartPermit permit)
    {
        var end = PartEnd.Failed;
        Refusal failure;
        try
        {
            if (await WhileKeepingAsync(session, command, permit, StorePartAsync(command, permit)) is not { } etag)
                return new PartResult(Refusals.Busy("The object store is slower than the demand.", 5), null);
            var part = new PartRow(
                command.Number, command.Content.Bytes.Length, etag, command.Sha256, permit.StoreUploadId is null ? permit.ObjectKey : null);
            end = await ledger.AcknowledgeAsync(command.UploadId, permit, part) ? PartEnd.Acknowledged : PartEnd.Fenced;
            if (end == PartEnd.Fenced)
                return null;
            GrainsMeter.PartAcknowledged(part.SizeBytes);
            return new PartResult(null, part.ToInfo());
        }
        catch (ObjectStoreException exception)
        {
            UploadLog.StoreFailed(logger, command.UploadId, "put part", exception.Error, exception);
            end = exception.Error == ObjectStoreError.UploadNotFound ? PartEnd.UploadLost : end;
            failure = Refusals.From(exception);
        }
        catch (Data.RefusedException refused)
        {
            failure = Refusals.From(refused);
        }
        finally
        {
            await EndAsync(session, command, end, permit);
        }

        // Whoever ended the session took the upload from the store: then it is closed, and no part was lost. Asked once it has heard of
        // that: until then it may remember a session that another activation has ended.
        var closed = end == PartEnd.UploadLost
            ? (await session.PlanPartAsync(command.Number, command.Content.Bytes.Length, CancellationToken.None)).Refusal
            : null;
        return new PartResult(closed ?? failure, null);
    }

    /// <summary>The session hears of a write that takes long that it is still under way.</summary>
    private async Task<string?> WhileKeepingAsync(IUploadSessionGrain session, WritePartCommand command, PartPermit permit, Task<string?> storing)
    {
        while (true)
        {
            try
            {
                return await storing.WaitAsync(KeepPeriod, time);
            }
            catch (TimeoutException) when (!storing.IsCompleted)
            {
                // Nobody waits for it: a session that does not answer must not delay what the store has answered.
                _ = KeepAsync(session, command, permit);
            }
        }
    }

    private async Task KeepAsync(IUploadSessionGrain session, WritePartCommand command, PartPermit permit)
    {
        try
        {
            await session.KeepPartAsync(command.Number, permit.Ticket);
        }
        catch (Exception exception)
        {
            UploadLog.KeepPartFailed(logger, command.UploadId, command.Number, exception);
        }
    }

    // No token goes to the store: a cancellation may reach another activation, and calls end by the store's own timeout.
    // Null when no place came free in time.
    private async Task<string?> StorePartAsync(WritePartCommand command, PartPermit permit)
    {
        using var place = await gate.TryEnterAsync();
        if (place is null)
            return null;
        var content = new StoreContent(command.Content.Bytes, command.Sha256);
        if (permit.StoreUploadId is null)
            return (await store.PutAsync(permit.ObjectKey!, content)).ETag;
        return (await ((IMultipartStore)store).PutPartAsync(permit.ObjectKey!, permit.StoreUploadId, command.Number, content)).ETag;
    }

    /// <summary>The ledger has the truth; the session is told so that it need not look.</summary>
    private async Task EndAsync(IUploadSessionGrain session, WritePartCommand command, PartEnd end, PartPermit permit)
    {
        try
        {
            await session.EndPartAsync(command.Number, end, permit.Epoch, permit.Ticket);
        }
        catch (Exception exception)
        {
            UploadLog.EndPartFailed(logger, command.UploadId, command.Number, exception);
        }
    }

    private async Task<Refusal?> StoreWholeAsync(string key, WriteFileCommand command)
    {
        try
        {
            using var place = await gate.TryEnterAsync();
            if (place is null)
                return Refusals.Busy("The object store is slower than the demand.", 5);
            await store.PutAsync(key, new StoreContent(command.Content.Bytes, command.Sha256));
            return null;
        }
        catch (ObjectStoreException exception)
        {
            // The intent stays: the bytes may be there, and the janitor looks when its deadline has passed.
            UploadLog.StoreFailed(logger, command.FileId, "put", exception.Error, exception);
            return Refusals.From(exception);
        }
    }

    private async Task AbandonAsync(string fileId, string key)
    {
        try
        {
            await files.AbandonAsync(key);
        }
        catch (DependencyUnavailableException exception)
        {
            UploadLog.AbandonFailed(logger, fileId, exception);
        }
    }
}
