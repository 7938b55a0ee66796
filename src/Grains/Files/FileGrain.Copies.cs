namespace GrainVault.Files;

/// <summary>The file as a copy of another.</summary>
internal sealed partial class FileGrain
{
    /// <inheritdoc/>
    public async Task<EntryResult> CopyFromAsync(CopyFileCommand command, CancellationToken cancellationToken = default)
    {
        if (Caller.UserId is not { } user || !Ids.IsValid(Ids.File, Id) || !Ids.IsValid(Ids.File, command.SourceId) || command.SourceId == Id)
            return new EntryResult(NotFound, null);
        if (!IsFolderId(command.ParentId))
            return new EntryResult(Refusals.NotFound("folder"), null);
        if (!Enum.IsDefined(command.OnConflict))
            return new EntryResult(Refusals.Invalid("There is no such conflict rule."), null);
        // For name and place alone; whether the content may be read is decided where the reference is made.
        var (name, parent) = (command.Name, command.ParentId);
        if (name is null || !command.IsPlaced)
        {
            var source = await GrainFactory.GetGrain<IFileGrain>(command.SourceId).GetAsync(cancellationToken);
            if (source.Entry is not { } entry)
                return new EntryResult(source.Refusal, null);
            name ??= entry.Name;
            if (!command.IsPlaced)
                parent = entry.OwnerId == user ? entry.ParentId : null;
        }

        if (EntryNames.Check(name) is { } invalid)
            return new EntryResult(invalid, null);
        var result = await WriteAsync(() => repository.CopyAsync(user, Id, command.SourceId, name, parent, command.OnConflict));
        // As a folder that was just made: a repeat gets what was made, though it may be about to be removed for good.
        _file = null;
        if (result.File is not { } file)
        {
            DeactivateOnIdle();
            return new EntryResult(result.Refusal, null);
        }

        // Whoever copies has read: the owner's audit tells of it as of any other reading.
        await GrainFactory.GetGrain<IFileGrain>(command.SourceId).OpenContentAsync(null, cancellationToken);
        return await SeenAsync(Result(file));
    }
}
