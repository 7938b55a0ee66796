namespace GrainVault.Files;

/// <summary>Whose the entry is, and how it becomes somebody else's: offered by its owner, and accepted by the other, whose quota it takes then.</summary>
internal sealed partial class FileGrain
{
    /// <summary>Most times that more grains are told when entries were moved below the offered one meanwhile.</summary>
    private const int TellRoundCountMax = 5;

    /// <summary>When to come back after a silo could not be reached, in seconds.</summary>
    private const int TellRetrySeconds = 5;

    /// <inheritdoc/>
    public async Task<TransferResult> OfferTransferAsync(string userIdOrEmail, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        if (file is null)
            return new TransferResult(refusal, null);
        if (await shares.FindUserAsync(userIdOrEmail, cancellationToken) is not { } user)
            return new TransferResult(Refusals.NotFound("user"), null);
        var refused = await WriteAsync(() => transfers.OfferAsync(file.Entry.OwnerId, Id, user));
        if (refused is not null)
            _file = null;
        switch (refused)
        {
            case null:
                return await transfers.FindAsync(Id, cancellationToken) is { } offer
                    ? new TransferResult(null, offer)
                    : new TransferResult(Refusals.NotFound("transfer"), null);
            case (int)RefusalReason.Invalid when user == file.Entry.OwnerId:
                return new TransferResult(Refusals.Invalid("An entry is not offered to its owner."), null);
            case (int)RefusalReason.Invalid:
                return new TransferResult(Refusals.Invalid($"At most {limits.Value.TransferCountMax} offers of one owner are open."), null);
            case { } reason:
                return new TransferResult(Refusals.From((RefusalReason)reason), null);
        }
    }

    /// <inheritdoc/>
    public async Task<EntryResult> AcceptTransferAsync(CancellationToken cancellationToken = default)
    {
        // Who has an offer need not be able to read the entry: the offer alone is the right, and the command looks for it.
        if (Caller.UserId is not { } user || await repository.FindAsync(Id, cancellationToken) is not { } file)
            return new EntryResult(Refusals.NotFound("transfer"), null);
        if (file.Entry.OwnerId != user)
        {
            var taken = await TakeTransferAsync(user, file.Entry.Name);
            if (taken.Refusal is { } refusal)
                return new EntryResult(refusal.Reason == RefusalReason.NotFound ? Refusals.NotFound("transfer") : refusal, null);
            FileLog.Transferred(logger, Id, taken.Ids.Length, file.Entry.OwnerId, user);
            // Once more, for silos of a release that remembers while an offer is being taken.
            await TellAsync(taken.Ids);
        }
        else if (await transfers.FindAsync(Id, cancellationToken) is not null)
        {
            // His own offer is for somebody else to take.
            return new EntryResult(Refusals.NotFound("transfer"), null);
        }

        // Also for a repeat.
        return await repository.FindAsync(Id, CancellationToken.None) is { } now && now.Entry.OwnerId == user
            ? Result(now)
            : new EntryResult(Refusals.NotFound("transfer"), null);
    }

    /// <inheritdoc/>
    public async Task<Outcome> EndTransferAsync(CancellationToken cancellationToken = default) =>
        Caller.UserId is { } user && await WriteAsync(() => transfers.EndAsync(user, Id)) ? Outcome.Done : new Outcome(Refusals.NotFound("transfer"));

    /// <inheritdoc/>
    public async Task<int> FinishTransferAsync(CancellationToken cancellationToken = default)
    {
        if (await transfers.FindAcceptedAsync(Id, cancellationToken) is not { } ids)
            return 0;
        _file = null;
        return await TellAsync(ids) ? ids.Length : 0;
    }

    /// <summary>
    /// Takes the offer when no grain remembers whose the entries are: first it is written down that the offer is being taken, so that nothing is
    /// remembered anew, then all are told to forget. A grain that can't be told keeps everything as it was. So the former owner reads
    /// nothing from memory that he may not read by the ledger, from the moment at which the entries are the other's.
    /// </summary>
    private async Task<TakenTransfer> TakeTransferAsync(string user, string name)
    {
        _file = null;
        var (refusal, untold, listedAt) = await WriteAsync(() => transfers.BeginAsync(user, Id));
        if (refusal is not null || untold.Length == 0)
            return new TakenTransfer(refusal ?? Refusals.NotFound("transfer"), [], []);
        var told = new List<string>();
        for (var round = 0; round < TellRoundCountMax; round++)
        {
            if (!await ForgetAsync(untold))
                break;
            told.AddRange(untold);
            var taken = await WriteAsync(() => transfers.TakeAsync(user, Id, name, [.. told], listedAt));
            if (taken.Untold.Length == 0)
                return taken;
            // Moved there since.
            untold = taken.Untold;
        }

        return new TakenTransfer(Refusals.Busy("Not all could be told that the owner changes; try again.", TellRetrySeconds), [], []);
    }

    /// <summary>Grains that remember the former owner read the entry again; those that can't be told now, the janitor tells.</summary>
    private async Task<bool> TellAsync(string[] ids)
    {
        if (!await ForgetAsync(ids))
            return false;
        await WriteAsync(async () =>
        {
            await transfers.FinishAsync(Id);
            return true;
        });
        return true;
    }
}
