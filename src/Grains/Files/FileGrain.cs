using GrainVault.Accounts;
using GrainVault.Audit;
using GrainVault.Changes;
using GrainVault.Cluster;
using GrainVault.Diagnostics;
using GrainVault.Links;
using GrainVault.Options;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainVault.Files;

/// <summary>One entry: its metadata in memory, its commands as single transactions, and the access decision.</summary>
[GrainType("f")]
internal sealed partial class FileGrain(
    FileRepository repository,
    FolderRepository folders,
    VersionRepository versions,
    ShareRepository shares,
    LinkRepository links,
    PasswordService passwords,
    ShortcutTargets targets,
    TransferRepository transfers,
    FeedWatch feed,
    IOwnerWatch owners,
    AuditQueue audit,
    IOptions<JanitorOptions> janitor,
    IOptions<LimitsOptions> limits,
    IOptions<ShareLinkOptions> shareLinks,
    TimeProvider time,
    ILogger<FileGrain> logger) : Grain, IFileGrain
{
    /// <summary>The entry as last read or written by this activation; null while unknown.</summary>
    private FileRow? _file;

    private string Id => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public async Task<EntryResult> GetAsync(CancellationToken cancellationToken = default) =>
        await FindAsync(EntryRole.Visitor, cancellationToken) is { File: { } file } ? await ShowAsync(Result(file)) : new EntryResult(NotFound, null);

    /// <inheritdoc/>
    public async Task<ContentResult> OpenContentAsync(int? version, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(version is null ? EntryRole.Visitor : EntryRole.Viewer, cancellationToken);
        if (refusal is not null)
            return new ContentResult(refusal, null);
        if (file is { Entry.Kind: EntryKind.File } && version is { } number && number != file.Entry.Version)
            file = await repository.FindVersionAsync(Id, number, cancellationToken);
        if (file is null || file.Entry.Kind != EntryKind.File)
            return new ContentResult(NotFound, null);
        if (file.Entry.OwnerId != Caller.UserId)
            audit.Downloaded(file.Entry.OwnerId, Id, file.Entry.Version);
        return new ContentResult(null, new ContentDescriptor(file.ObjectKey ?? "", file.Entry.SizeBytes, file.Checksum, file.Entry));
    }

    /// <inheritdoc/>
    public async Task<EntryResult> CommitVersionAsync(CommitVersionCommand command, CancellationToken cancellationToken = default)
    {
        // No caller's token: once begun, the transaction's outcome must be known here.
        var result = await WriteAsync(() => repository.CommitAsync(Id, command));
        if (result.File is not { } file)
            return new EntryResult(command.IsNewFile ? result.Refusal : await repository.ExplainAsync(Id, command.ActorId ?? command.OwnerId, result.Refusal), null);
        Remember(file);
        GrainsMeter.VersionCommitted(file.Entry.SizeBytes);
        if (!command.IsNewFile)
            await TrimAsync(file);
        return Result(file);
    }

    /// <inheritdoc/>
    public async Task<Outcome> RecordSha256Async(int version, string sha256, CancellationToken cancellationToken = default)
    {
        var found = await WriteAsync(() => repository.RecordSha256Async(Id, version, Convert.FromHexString(sha256)));
        _file = null;
        return found ? Outcome.Done : new Outcome(NotFound);
    }

    /// <inheritdoc/>
    public Task ForgetAsync(CancellationToken cancellationToken = default)
    {
        _file = null;
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private static Refusal NotFound => Refusals.NotFound("file or folder");

    /// <summary>A refusal for the version tells which one there is.</summary>
    private async Task<Refusal?> ExplainAsync(Refusal? refusal) =>
        refusal?.Reason == RefusalReason.VersionConflict && await repository.FindAsync(Id, CancellationToken.None) is { } now
            ? refusal with { CurrentVersion = now.Entry.Version, CurrentTag = EntryTag.OfMetadata(now.RowVersion) }
            : refusal;

    private static EntryResult Result(FileRow file) => new(null, file.Entry, file.RowVersion);

    /// <summary>What was made of an entry, as the caller saw it before: nobody but the owner moves or shares it.</summary>
    private static EntryResult Result(FileRow file, Entry before) =>
        Result(before.OwnerId == Caller.UserId ? file : file with { Entry = file.Entry with { ParentId = before.ParentId, Role = before.Role } });

    /// <summary>What was made by the caller in a folder that may be somebody else's.</summary>
    private async Task<EntryResult> SeenAsync(EntryResult result) =>
        result.Entry is { } entry && Caller.UserId is { } user ? result with { Entry = await repository.AsSeenAsync(entry, user) } : result;

    /// <summary>
    /// Where every access is decided: the owner from memory; everybody else by a query, every time, so that hiding, moving and deleting
    /// act at once. Who may not read gets the answer that he would get if nothing was there.
    /// </summary>
    /// <param name="role">The least that is needed.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>A refusal and no entry, or the entry and no refusal; for others than the owner with their role, and without its folder for who does not see that.</returns>
    private async Task<(Refusal? Refusal, FileRow? File)> FindAsync(EntryRole role, CancellationToken cancellationToken)
    {
        var file = _file ?? await repository.FindAsync(Id, cancellationToken);
        // Asked also when there is nothing, so that it takes as long as when there is something that must not show.
        var sight = file is not null && file.Entry.OwnerId == Caller.UserId
            ? new EntrySight(EntryRole.Owner, SeesFolder: true)
            : await repository.FindSightAsync(Id, Caller.UserId, cancellationToken);
        if (file is null || sight.Role == EntryRole.None)
        {
            // Nothing worth keeping in memory: ids can be made up, and what is private is as slow again as what isn't there.
            if (_file is null)
                DeactivateOnIdle();
            return (NotFound, null);
        }

        if (_file is null)
            Remember(file);
        if (sight.Role < role)
            return (Refusals.From(RefusalReason.Forbidden), null);
        // What is remembered is nobody's sight of it: the role is of this call alone.
        return (null, sight.Role == EntryRole.Owner ? file : file with { Entry = sight.Show(file.Entry) });
    }

    private void Remember(FileRow file) => _file = owners.MayBeDoubled || file.IsBeingGiven ? null : file;

    /// <summary>Runs a command. When its outcome is unknown, so is the memory: it goes with the activation.</summary>
    private async Task<T> WriteAsync<T>(Func<Task<T>> command)
    {
        try
        {
            var result = await command();
            feed.Nudge();
            return result;
        }
        catch (Exception exception)
        {
            FileLog.CommandFailed(logger, Id, exception);
            _file = null;
            DeactivateOnIdle();
            throw;
        }
    }
}
