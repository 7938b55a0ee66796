namespace GrainVault.Files;

/// <summary>Versions of the file: what it was, and what is kept of that.</summary>
internal sealed partial class FileGrain
{
    /// <summary>Most versions in a page, and most that one statement removes.</summary>
    private const int VersionCountMax = 1_000;

    /// <inheritdoc/>
    public async Task<VersionPageResult> ListVersionsAsync(string? cursor, int limit, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Viewer, cancellationToken);
        if (file is null)
            return new VersionPageResult(refusal, [], null);
        if (file.Entry.Kind != EntryKind.File)
            return new VersionPageResult(Refusals.NotFound("file"), [], null);
        if (limit is < 1 or > VersionCountMax)
            return new VersionPageResult(Refusals.Invalid("A limit is 1 to 1,000."), [], null);
        return await versions.ListAsync(Id, Caller.UserId, cursor, limit, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<EntryResult> RestoreVersionAsync(int version, CancellationToken cancellationToken = default) => RestoreAnyVersionAsync(version, null, cancellationToken);

    /// <inheritdoc/>
    public Task<EntryResult> RestoreVersionMatchingAsync(int version, string[] tags, CancellationToken cancellationToken = default) =>
        RestoreAnyVersionAsync(version, tags, cancellationToken);

    private async Task<EntryResult> RestoreAnyVersionAsync(int version, string[]? tags, CancellationToken cancellationToken)
    {
        var (refusal, file) = await FindAsync(EntryRole.Editor, cancellationToken);
        if (file is null)
            return new EntryResult(refusal, null);
        var result = await WriteAsync(() => versions.RestoreAsync(Caller.ActorId!, file.Entry.OwnerId, Id, version, tags));
        _file = null;
        if (result.File is not { } restored)
            return new EntryResult(await ExplainAsync(result.Refusal), null);
        Remember(restored);
        await TrimAsync(restored);
        return Result(restored, file.Entry);
    }

    /// <inheritdoc/>
    public async Task<Outcome> DeleteVersionAsync(int version, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        if (file is null)
            return new Outcome(refusal);
        return new Outcome(await WriteAsync(() => versions.RemoveAsync(file.Entry.OwnerId, Id, version, andOlder: false, limit: 1)));
    }

    /// <inheritdoc/>
    public async Task<Outcome> ExpireVersionAsync(int version, CancellationToken cancellationToken = default)
    {
        // Gone meanwhile is as good.
        if ((_file ?? await repository.FindAsync(Id, cancellationToken)) is { } file)
            await WriteAsync(() => versions.RemoveAsync(file.Entry.OwnerId, Id, version, andOlder: false, limit: 1));
        return Outcome.Done;
    }

    /// <summary>Removes versions of a file that has more than are kept: doubled contents first, then the oldest.</summary>
    private async Task TrimAsync(FileRow file)
    {
        if (file.Entry.Version > limits.Value.VersionCountMax)
            await WriteAsync(() => versions.TrimAsync(file.Entry.OwnerId, Id, limits.Value.VersionCountMax, VersionCountMax));
    }
}
