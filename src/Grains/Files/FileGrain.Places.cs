namespace GrainVault.Files;

/// <summary>Where the entry stands and under which name: folders, moves, the trash and removal for good.</summary>
internal sealed partial class FileGrain
{
    /// <summary>Calls to grains of removed entries that are under way at once.</summary>
    private const int ForgetCountMax = 50;

    /// <summary>Time after which a call leaves the rest of a folder to the janitor.</summary>
    private static readonly TimeSpan PurgeTimeMax = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task<EntryResult> CreateFolderAsync(CreateFolderCommand command, CancellationToken cancellationToken = default)
    {
        if (Caller.ActorId is not { } actor || !Ids.IsValid(Ids.File, Id) || !IsFolderId(command.ParentId))
            return new EntryResult(NotFound, null);
        if (EntryNames.Check(command.Name) is { } invalid)
            return new EntryResult(invalid, null);
        var result = await WriteAsync(() => folders.CreateAsync(actor, Id, command));
        if (result.File is not { } file)
        {
            DeactivateOnIdle();
            return new EntryResult(result.Refusal, null);
        }

        // Not remembered: a repeat gets what was made, though it may be about to be removed for good.
        _file = null;
        return await SeenAsync(Result(file));
    }

    /// <inheritdoc/>
    public async Task<EntryResult> ChangeAsync(ChangeEntryCommand command, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(command.IsMove || command.Visibility is not null ? EntryRole.Owner : EntryRole.Editor, cancellationToken);
        if (file is null)
            return new EntryResult(refusal, null);
        if (command.Name is not null && EntryNames.Check(command.Name) is { } invalid)
            return new EntryResult(invalid, null);
        if (command.Visibility is { } visibility && !Enum.IsDefined(visibility))
            return new EntryResult(Refusals.Invalid("There is no such visibility."), null);
        if (command.IsMove && !IsFolderId(command.ParentId))
            return new EntryResult(Refusals.NotFound("folder"), null);
        // Who does not see the folder must not learn by a refusal what else there is: his name gets a number where it is taken.
        var isUnseen = file.Entry.OwnerId != Caller.UserId && file.Entry.ParentId is null && command.Name is not null;
        var result = await WriteAsync(() => isUnseen ? folders.RenameUnseenAsync(file.Entry.OwnerId, Id, command) : folders.ChangeAsync(file.Entry.OwnerId, Id, command));
        if (result.File is not { } changed)
        {
            // The refusal may come from what somebody else has made of the entry.
            _file = null;
            return new EntryResult(await ExplainAsync(result.Refusal), null);
        }

        Remember(changed);
        return await ShowAsync(Result(changed, file.Entry));
    }

    /// <inheritdoc/>
    public Task<EntryResult> RestoreAsync(CancellationToken cancellationToken = default) => RestoreAnyAsync(null, cancellationToken);

    /// <inheritdoc/>
    public Task<EntryResult> RestoreMatchingAsync(string[] tags, CancellationToken cancellationToken = default) => RestoreAnyAsync(tags, cancellationToken);

    private async Task<EntryResult> RestoreAnyAsync(string[]? tags, CancellationToken cancellationToken)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        if (file is null)
            return new EntryResult(refusal, null);
        var result = await WriteAsync(() => folders.RestoreAsync(file.Entry.OwnerId, Id, file.Entry.Name, tags));
        _file = null;
        if (result.File is not { } restored)
            return new EntryResult(await ExplainAsync(result.Refusal), null);
        Remember(restored);
        return await ShowAsync(Result(restored));
    }

    /// <inheritdoc/>
    public Task<Outcome> DeleteAsync(bool permanent, CancellationToken cancellationToken = default) => DeleteAnyAsync(permanent, null, cancellationToken);

    /// <inheritdoc/>
    public Task<Outcome> DeleteMatchingAsync(bool permanent, string[] tags, CancellationToken cancellationToken = default) =>
        DeleteAnyAsync(permanent, tags, cancellationToken);

    private async Task<Outcome> DeleteAnyAsync(bool permanent, string[]? tags, CancellationToken cancellationToken)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        if (file is null)
            return new Outcome(refusal);
        if (tags is not null)
        {
            // Compared while it goes to the trash, also on the way to its end.
            refusal = await WriteAsync(() => repository.TrashMatchingAsync(file.Entry.OwnerId, Id, tags));
            _file = null;
            if (!permanent || refusal is not null and not { Reason: RefusalReason.InTrash })
                return new Outcome(await ExplainAsync(refusal));
        }

        if (permanent && file.Entry.Kind == EntryKind.Folder)
        {
            await PurgeFolderAsync(file.Entry.OwnerId);
            return Outcome.Done;
        }

        refusal = await WriteAsync(() => repository.DeleteAsync(file.Entry.OwnerId, Id, permanent));
        // What is true now is read again when somebody asks.
        _file = null;
        if (permanent)
            DeactivateOnIdle();
        return new Outcome(refusal);
    }

    /// <inheritdoc/>
    public async Task<int> PurgeAsync(CancellationToken cancellationToken = default) =>
        await folders.FindPurgedOwnerAsync(Id, cancellationToken) is { } owner ? await PurgeFolderAsync(owner) : 0;

    /// <inheritdoc/>
    public async Task<int> ExpireTrashAsync(DateTimeOffset trashedAt, CancellationToken cancellationToken = default)
    {
        if (await repository.FindAsync(Id, cancellationToken) is not { } file || file.Entry.DeletedAt != trashedAt)
            return 0;
        var isFolder = file.Entry.Kind == EntryKind.Folder;
        var refusal = await WriteAsync(() => folders.ExpireAsync(file.Entry.OwnerId, Id, isFolder, trashedAt));
        _file = null;
        DeactivateOnIdle();
        if (refusal is not null)
            return 0;
        return isFolder ? await PurgeFolderAsync(file.Entry.OwnerId) : 1;
    }

    /// <summary>Removes the folder with what is in it, a batch at a time, as long as the call may last; from the first batch on it is gone to everybody.</summary>
    private async Task<int> PurgeFolderAsync(string owner)
    {
        var start = time.GetTimestamp();
        var count = 0;
        var isDone = false;
        while (!isDone && time.GetElapsedTime(start) < PurgeTimeMax)
        {
            var listed = await WriteAsync(() => folders.ListPurgeAsync(owner, Id, janitor.Value.RowCountMax));
            _file = null;
            if (listed.Ids.Length == 0)
                break;
            // Before they go: what their grains read anew is hidden by now, so that nothing of them is remembered afterwards.
            if (!await ForgetAsync(listed.Ids))
                break;
            isDone = await WriteAsync(() => folders.PurgeAsync(owner, Id, listed));
            count += listed.Ids.Length;
        }

        DeactivateOnIdle();
        return count;
    }

    /// <summary>False when a grain could not be told: then its entry stays for the next round.</summary>
    private async Task<bool> ForgetAsync(string[] ids)
    {
        try
        {
            foreach (var some in ids.Where(id => id != Id).Chunk(ForgetCountMax))
                await Task.WhenAll(some.Select(id => GrainFactory.GetGrain<IFileGrain>(id).ForgetAsync()));
            return true;
        }
        catch (Exception exception)
        {
            FileLog.ForgetFailed(logger, Id, exception);
            return false;
        }
    }

    private static bool IsFolderId(string? id) => id is null || Ids.IsValid(Ids.File, id);
}
