using Orleans;

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
        if (Caller.UserId is not { } user || !Ids.IsValid(Ids.File, Id) || !IsFolderId(command.ParentId))
            return new EntryResult(NotFound, null);
        if (EntryNames.Check(command.Name) is { } invalid)
            return new EntryResult(invalid, null);
        var result = await WriteAsync(() => folders.CreateAsync(user, Id, command));
        if (result.File is not { } file)
        {
            DeactivateOnIdle();
            return new EntryResult(result.Refusal, null);
        }

        Remember(file);
        return Result(file);
    }

    /// <inheritdoc/>
    public async Task<EntryResult> ChangeAsync(ChangeEntryCommand command, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        if (file is null)
            return new EntryResult(refusal, null);
        if (command.Name is not null && EntryNames.Check(command.Name) is { } invalid)
            return new EntryResult(invalid, null);
        if (command.Visibility is { } visibility && !Enum.IsDefined(visibility))
            return new EntryResult(Refusals.Invalid("There is no such visibility."), null);
        if (command.IsMove && !IsFolderId(command.ParentId))
            return new EntryResult(Refusals.NotFound("folder"), null);
        var result = await WriteAsync(() => folders.ChangeAsync(file.Entry.OwnerId, Id, command));
        if (result.File is not { } changed)
        {
            // The refusal may come from what somebody else has made of the entry.
            _file = null;
            return new EntryResult(result.Refusal, null);
        }

        Remember(changed);
        return Result(changed);
    }

    /// <inheritdoc/>
    public async Task<EntryResult> RestoreAsync(CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        if (file is null)
            return new EntryResult(refusal, null);
        var result = await WriteAsync(() => folders.RestoreAsync(file.Entry.OwnerId, Id, file.Entry.Name));
        _file = null;
        if (result.File is not { } restored)
            return new EntryResult(result.Refusal, null);
        Remember(restored);
        return Result(restored);
    }

    /// <inheritdoc/>
    public async Task<Outcome> DeleteAsync(bool permanent, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        if (file is null)
            return new Outcome(refusal);
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

    /// <summary>Removes the folder with what is in it, a batch at a time, as long as the call may last; from the first batch on it is gone to everybody.</summary>
    private async Task<int> PurgeFolderAsync(string owner)
    {
        var start = time.GetTimestamp();
        var count = 0;
        bool isDone;
        do
        {
            var batch = await WriteAsync(() => folders.PurgeAsync(owner, Id, janitor.Value.RowCountMax));
            _file = null;
            // Their grains may remember them.
            foreach (var ids in batch.Removed.Where(id => id != Id).Chunk(ForgetCountMax))
                await Task.WhenAll(ids.Select(ForgetAsync));
            count += batch.Removed.Length;
            isDone = batch.IsDone;
        }
        while (!isDone && time.GetElapsedTime(start) < PurgeTimeMax);
        DeactivateOnIdle();
        return count;
    }

    private async Task ForgetAsync(string id)
    {
        try
        {
            await GrainFactory.GetGrain<IFileGrain>(id).ForgetAsync();
        }
        catch (Exception exception)
        {
            // Its silo is going, and what it remembers with it.
            FileLog.ForgetFailed(logger, id, exception);
        }
    }

    private static bool IsFolderId(string? id) => id is null || Ids.IsValid(Ids.File, id);
}
