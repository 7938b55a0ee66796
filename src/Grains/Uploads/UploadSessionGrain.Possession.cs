using System.Security.Cryptography;
using GrainVault.Files;
using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>
/// Content that the owner has already need not be sent again: the uploader proves that he has it, and the version refers to the same object.
/// Only in sessions of the owner's own, since the offer tells what the owner has.
/// </summary>
internal sealed partial class UploadSessionGrain
{
    /// <summary>Proofs that one session may give.</summary>
    private const int ProofCountMax = 5;

    /// <inheritdoc/>
    public async Task<EntryResult> ProveAsync(ProvePossessionCommand command, CancellationToken cancellationToken = default)
    {
        if (await LoadForCallerAsync() is not { } row)
            return new EntryResult(NotFound.Refusal, null);
        if (Check(new CompleteUploadCommand(null, null, null, command.Name, command.ParentId, command.OnConflict)) is { } invalid)
            return new EntryResult(invalid, null);
        if (!Checksums.IsSha256(command.Proof))
            return new EntryResult(Refusals.Invalid("A proof is 64 lower-case hexadecimal digits."), null);
        if (row.State == UploadState.Completed)
            return await ReplayAsync();
        if (row.State != UploadState.Open || !MayBeKnown(row))
            return new EntryResult(row.HasEnded ? ClosedRefusal(row) : NothingToProve, null);
        if (_completion is not null)
            return new EntryResult(Refusals.Busy("The session is being completed."), null);
        return await (_completion = RunProofAsync(row, command));
    }

    private static Refusal TooManyProofs { get; } = new(RefusalReason.Forbidden, "There were too many proofs in this session; send the bytes.");

    private static Refusal NothingToProve { get; } = new(RefusalReason.NotFound, "There is no such content to refer to; send the bytes.");

    /// <summary>The challenge of a new session; null where there is nothing to prove.</summary>
    private async Task<PossessionChallenge?> ChallengeAsync(UploadRow row, CancellationToken cancellationToken) =>
        row.State == UploadState.Open && MayBeKnown(row) && await FindKnownAsync(row, cancellationToken) is not null
            ? await proofs.AskAsync(Id, row.SizeBytes!.Value, cancellationToken)
            : null;

    private bool MayBeKnown(UploadRow row) =>
        row is { DeclaredSha256: not null, SizeBytes: > 0, UploaderId: null } && row.OwnerId == Caller.UserId && row.Store == store.Profile.Name && proofs.CanAsk;

    private Task<KnownContent?> FindKnownAsync(UploadRow row, CancellationToken cancellationToken) =>
        repository.FindKnownAsync(row.OwnerId, row.Store, row.DeclaredSha256!, row.SizeBytes!.Value, cancellationToken);

    private async Task<EntryResult> RunProofAsync(UploadRow row, ProvePossessionCommand command)
    {
        // First of all a yield: the field must hold this task before it ends.
        await Task.Yield();
        try
        {
            if (await FindKnownAsync(row, CancellationToken.None) is not { } known)
                return new EntryResult(NothingToProve, null);
            // Counted before it is looked at, so that guesses made at once count as well.
            if (await WriteAsync(() => repository.CountProofAsync(Id, row.Epoch, ProofCountMax)) is { } seconds)
                return new EntryResult(seconds > 0 ? Refusals.Throttled(seconds) : TooManyProofs, null);
            var answer = await proofs.AnswerAsync(await proofs.AskAsync(Id, row.SizeBytes!.Value, CancellationToken.None), known.ObjectKey);
            if (!CryptographicOperations.FixedTimeEquals(answer, Convert.FromHexString(command.Proof)))
                return new EntryResult(new Refusal(RefusalReason.ChecksumMismatch, "The proof is not right; send the bytes."), null);
            if (!await WriteAsync(() => repository.RecordKnownAsync(row, known.ObjectKey)))
                return await LookAgainAsync();
            return await ReferAsync(
                row with { Name = command.Name ?? row.Name, ParentId = command.ParentId ?? row.ParentId, OnConflict = command.OnConflict ?? row.OnConflict },
                known);
        }
        catch (ObjectStoreException exception)
        {
            UploadLog.StoreFailed(logger, Id, "read back", exception.Error, exception);
            await repository.ReturnProofAsync(row.OwnerId);
            return new EntryResult(Refusals.From(exception), null);
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

    /// <summary>Makes the version. When it is refused the session stays open, as if nothing had been proven: the bytes may be sent, or another name tried.</summary>
    private async Task<EntryResult> ReferAsync(UploadRow row, KnownContent known)
    {
        var result = await GrainFactory.GetGrain<IFileGrain>(row.FileId).CommitVersionAsync(new CommitVersionCommand(
            row.OwnerId, known.ObjectKey, row.SizeBytes!.Value, known.Checksum, Convert.ToHexStringLower(row.DeclaredSha256!), row.ContentType, row.Name,
            row.ParentId, row.OnConflict, row.IsNewFile, row.ExpectedVersion, row.Id, row.Epoch, 0, row.ActorId));
        if (result.Refusal is { } refusal)
        {
            return refusal.Reason switch
            {
                RefusalReason.UploadClosed => await LookAgainAsync(),
                RefusalReason.VersionConflict when row.OnConflict == OnConflict.Rename && await TurnIntoCopyAsync(row) is { } copy => await ReferAsync(copy, known),
                _ => result,
            };
        }

        _row = row with { State = UploadState.Completed };
        _acknowledged.Clear();
        // What was sent all the same is garbage.
        await DropMultipartAsync(row);
        return result;
    }
}
