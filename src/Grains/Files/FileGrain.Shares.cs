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
        return await WriteAsync(() => shares.SetAsync(file.Entry.OwnerId, Id, user, role, isByAddress: user != userIdOrEmail)) switch
        {
            null => new SharesResult(null, await shares.ListAsync(Id, user, cancellationToken)),
            (int)RefusalReason.Invalid =>
                new SharesResult(Refusals.Invalid($"An entry is shared with at most {ShareRepository.CountMax} people, and not with its owner."), []),
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
        return user is null || await WriteAsync(() => shares.RemoveAsync(file.Entry.OwnerId, Id, user)) is not null
            ? new Outcome(Refusals.NotFound("share"))
            : Outcome.Done;
    }
}
