namespace GrainVault.Files;

/// <summary>Whose the entry is, and how it becomes somebody else's: offered by its owner, and accepted by the other, whose quota it takes then.</summary>
internal sealed partial class FileGrain
{
    /// <inheritdoc/>
    public async Task<TransferResult> OfferTransferAsync(string userIdOrEmail, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        if (file is null)
            return new TransferResult(refusal, null);
        if (await shares.FindUserAsync(userIdOrEmail, cancellationToken) is not { } user)
            return new TransferResult(Refusals.NotFound("user"), null);
        switch (await WriteAsync(() => transfers.OfferAsync(file.Entry.OwnerId, Id, user)))
        {
            case null:
                return await transfers.FindAsync(Id, cancellationToken) is { } offer
                    ? new TransferResult(null, offer)
                    : new TransferResult(Refusals.NotFound("transfer"), null);
            case (int)RefusalReason.Invalid:
                return new TransferResult(
                    Refusals.Invalid($"Nothing is given to its owner, and at most {limits.Value.TransferCountMax} offers of one owner are open."), null);
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
            var (refusal, ids) = await WriteAsync(() => transfers.AcceptAsync(user, Id, file.Entry.Name));
            _file = null;
            if (refusal is not null)
                return new EntryResult(refusal.Reason == RefusalReason.NotFound ? Refusals.NotFound("transfer") : refusal, null);
            FileLog.Transferred(logger, Id, ids.Length, file.Entry.OwnerId, user);
            await TellAsync(ids);
        }

        // Also for a repeat.
        return await repository.FindAsync(Id, CancellationToken.None) is { } taken && taken.Entry.OwnerId == user
            ? Result(taken)
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
