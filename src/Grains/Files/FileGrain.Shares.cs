namespace GrainVault.Files;

/// <summary>With whom the entry is shared.</summary>
internal sealed partial class FileGrain
{
    /// <inheritdoc/>
    public async Task<SharesResult> ListSharesAsync(CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        return file is null ? new SharesResult(refusal, []) : new SharesResult(null, await shares.ListAsync(Id, null, cancellationToken));
    }

    /// <inheritdoc/>
    public async Task<SharesResult> ShareAsync(string userIdOrEmail, ShareRole role, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        if (file is null)
            return new SharesResult(refusal, []);
        if (!Enum.IsDefined(role))
            return new SharesResult(Refusals.Invalid("There is no such role."), []);
        if (await shares.FindUserAsync(userIdOrEmail, cancellationToken) is not { } user)
            return new SharesResult(Refusals.NotFound("user"), []);
        // Ids of people stand in every entry, addresses don't: who gives the one does not learn the other.
        var refused = await WriteAsync(() => shares.SetAsync(file.Entry.OwnerId, Id, user, role, isByAddress: user != userIdOrEmail));
        if (refused is not null)
            _file = null;
        return refused switch
        {
            null => new SharesResult(null, await shares.ListAsync(Id, user, cancellationToken)),
            (int)RefusalReason.Invalid when user == file.Entry.OwnerId => new SharesResult(Refusals.Invalid("An entry is not shared with its owner."), []),
            (int)RefusalReason.Invalid => new SharesResult(Refusals.Invalid($"An entry is shared with at most {ShareRepository.CountMax} people."), []),
            { } reason => new SharesResult(Refusals.From((RefusalReason)reason), []),
        };
    }

    /// <inheritdoc/>
    public async Task<Outcome> UnshareAsync(string userIdOrEmail, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Viewer, cancellationToken);
        if (file is null)
            return new Outcome(refusal);
        var user = await shares.FindUserAsync(userIdOrEmail, cancellationToken);
        // With whom it is shared may leave; nobody but the owner learns of the others.
        if (file.Entry.OwnerId != Caller.UserId && user != Caller.UserId)
            return new Outcome(Refusals.From(RefusalReason.Forbidden));
        // Whose it is, the ledger knows better.
        var refused = user is null ? (int)RefusalReason.NotFound : await WriteAsync(() => shares.EndAsync(Caller.UserId!, Id, user));
        if (refused is null)
            return Outcome.Done;
        _file = null;
        return new Outcome(refused == (int)RefusalReason.NotFound ? Refusals.NotFound("share") : Refusals.From((RefusalReason)refused));
    }
}
