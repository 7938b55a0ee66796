namespace GrainVault.Files;

/// <summary>Shortcuts: entries that point to others.</summary>
internal sealed partial class FileGrain
{
    /// <inheritdoc/>
    public async Task<EntryResult> CreateShortcutAsync(CreateShortcutCommand command, CancellationToken cancellationToken = default)
    {
        if (Caller.UserId is not { } user || !Ids.IsValid(Ids.File, Id) || !Ids.IsValid(Ids.File, command.TargetId) || !IsFolderId(command.ParentId))
            return new EntryResult(NotFound, null);
        if (command.Name is not null && EntryNames.Check(command.Name) is { } invalid)
            return new EntryResult(invalid, null);
        // Whether the caller may read it, and so learn its name, is decided with the command.
        var name = command.Name ?? (await repository.FindAsync(command.TargetId, cancellationToken))?.Entry.Name ?? "-";
        var result = await WriteAsync(() => folders.CreateShortcutAsync(user, Id, command, name));
        _file = null;
        if (result.File is not { } file)
        {
            DeactivateOnIdle();
            return new EntryResult(result.Refusal, null);
        }

        return await ShowAsync(await SeenAsync(Result(file)));
    }

    /// <summary>A shortcut with what became of its target.</summary>
    private async Task<EntryResult> ShowAsync(EntryResult result) =>
        result.Entry is { TargetId: not null } shortcut
            ? result with { Entry = await targets.ShowAsync(shortcut, Caller.UserId, CancellationToken.None) }
            : result;
}
