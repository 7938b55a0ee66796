using GrainVault.Cluster;
using GrainVault.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans;

namespace GrainVault.Files;

/// <summary>One entry: its metadata in memory, its commands as single transactions, and the access decision.</summary>
[GrainType("f")]
internal sealed class FileGrain(FileRepository repository, IOwnerWatch owners, ILogger<FileGrain> logger) : Grain, IFileGrain
{
    /// <summary>The entry as last read or written by this activation; null while unknown.</summary>
    private FileRow? _file;

    private string Id => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public async Task<EntryResult> GetAsync(CancellationToken cancellationToken = default) =>
        await ReadableAsync(cancellationToken) is { } file ? new EntryResult(null, file.Entry) : new EntryResult(NotFound, null);

    /// <inheritdoc/>
    public async Task<ContentResult> OpenContentAsync(int? version, CancellationToken cancellationToken = default)
    {
        var file = await ReadableAsync(cancellationToken);
        if (file is { Entry.Kind: EntryKind.File } && version is { } number && number != file.Entry.Version)
            file = await repository.FindVersionAsync(Id, number, cancellationToken);
        if (file is null || file.Entry.Kind != EntryKind.File)
            return new ContentResult(NotFound, null);
        return new ContentResult(null, new ContentDescriptor(file.ObjectKey ?? "", file.Entry.SizeBytes, file.Checksum, file.Entry));
    }

    /// <inheritdoc/>
    public async Task<EntryResult> CommitVersionAsync(CommitVersionCommand command, CancellationToken cancellationToken = default)
    {
        // No caller's token: once begun, the transaction's outcome must be known here.
        var result = await WriteAsync(() => repository.CommitAsync(Id, command));
        if (result.File is not { } file)
            return new EntryResult(result.Refusal, null);
        Remember(file);
        GrainsMeter.VersionCommitted(file.Entry.SizeBytes);
        return new EntryResult(null, file.Entry);
    }

    /// <inheritdoc/>
    public async Task<Outcome> DeleteAsync(bool permanent, CancellationToken cancellationToken = default)
    {
        if (await ReadableAsync(cancellationToken) is not { } file)
            return new Outcome(NotFound);
        if (file.Entry.OwnerId != Caller.UserId)
            return new Outcome(Refusals.From(RefusalReason.Forbidden));
        var refusal = await WriteAsync(() => repository.DeleteAsync(file.Entry.OwnerId, Id, permanent));
        // What is true now is read again when somebody asks.
        _file = null;
        if (permanent)
            DeactivateOnIdle();
        return new Outcome(refusal);
    }

    /// <inheritdoc/>
    public async Task<Outcome> RecordSha256Async(int version, string sha256, CancellationToken cancellationToken = default)
    {
        var found = await WriteAsync(() => repository.RecordSha256Async(Id, version, Convert.FromHexString(sha256)));
        _file = null;
        return found ? Outcome.Done : new Outcome(NotFound);
    }

    private static Refusal NotFound => Refusals.NotFound("file");

    /// <summary>
    /// The one access decision: the owner from memory; everybody else by a query, every time, so that hiding and deleting act
    /// at once. Who may not read gets the answer that he would get if nothing was there.
    /// </summary>
    private async Task<FileRow?> ReadableAsync(CancellationToken cancellationToken)
    {
        var file = _file ?? await repository.FindAsync(Id, cancellationToken);
        if (file is null)
        {
            // Nothing worth keeping in memory: ids can be made up.
            DeactivateOnIdle();
            return null;
        }

        if (_file is null)
            Remember(file);
        if (file.Entry.OwnerId == Caller.UserId)
            return file;
        return await repository.IsPublicAsync(Id, cancellationToken) ? file : null;
    }

    private void Remember(FileRow file) => _file = owners.MayBeDoubled ? null : file;

    /// <summary>Runs a command. When its outcome is unknown, so is the memory: it goes with the activation.</summary>
    private async Task<T> WriteAsync<T>(Func<Task<T>> command)
    {
        try
        {
            return await command();
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
