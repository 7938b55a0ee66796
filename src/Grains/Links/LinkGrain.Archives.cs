using GrainVault.Files;
using Orleans;

namespace GrainVault.Links;

/// <summary>The folder of the link, or one below it, as an archive: one download, however many files are in it.</summary>
internal sealed partial class LinkGrain
{
    /// <summary>Longest that one archive is made; what is asked for after that is refused.</summary>
    private static readonly TimeSpan ArchiveTimeMax = TimeSpan.FromDays(7);

    /// <summary>Of a link that has ended in the middle: what would follow must not look as if it had never been there.</summary>
    private static Refusal Ended => Refusals.From(RefusalReason.Forbidden);

    /// <inheritdoc/>
    public async Task<ArchiveResult> MeasureArchiveAsync(LinkPass pass, string? folderId, int entryCountMax, CancellationToken cancellationToken = default)
    {
        var (refusal, access) = await FindFolderAsync(pass, folderId, cancellationToken);
        if (access is null)
            return new ArchiveResult(refusal, [], 0, 0);
        var folder = access.File.Entry;
        var (count, sizeBytes) = await archives.MeasureKnownAsync(folder.Id, entryCountMax, cancellationToken);
        return new ArchiveResult(null, [new ArchiveEntry(folder.Id, folder.Kind, folder.Name, "", 0, folder.ModifiedAt)], count, sizeBytes);
    }

    /// <inheritdoc/>
    public async Task<ArchiveTicketResult> BeginArchiveAsync(LinkPass pass, string? folderId, CancellationToken cancellationToken = default)
    {
        var (refusal, access) = await FindFolderAsync(pass, folderId, cancellationToken);
        if (access is null)
            return new ArchiveTicketResult(refusal, [], "", default);
        var ticket = await tickets.IssueArchiveAsync(access.LinkId, ArchiveTimeMax, cancellationToken);
        return await repository.CountDownloadAsync(access.LinkId)
            ? new ArchiveTicketResult(null, [access.File.Entry.Id], ticket, time.GetUtcNow() + ArchiveTimeMax)
            : new ArchiveTicketResult(NotFound, [], "", default);
    }

    /// <inheritdoc/>
    public async Task<ArchivePageResult> ListArchiveAsync(string ticket, string folderId, string? after, CancellationToken cancellationToken = default)
    {
        var (refusal, access) = await FindBegunAsync(ticket, folderId, cancellationToken);
        if (access is null)
            return new ArchivePageResult(refusal, [], null);
        return access.File.Entry.Kind == EntryKind.Folder
            ? await archives.ListKnownAsync(access.File.Entry.OwnerId, folderId, after, cancellationToken)
            : new ArchivePageResult(NotFound, [], null);
    }

    /// <inheritdoc/>
    public async Task<ArchiveEntryResult> OpenArchiveEntryAsync(string ticket, string fileId, CancellationToken cancellationToken = default)
    {
        var (refusal, access) = await FindBegunAsync(ticket, fileId, cancellationToken);
        if (access is null)
            return new ArchiveEntryResult(refusal, null);
        var file = access.File.Entry;
        if (file.Kind != EntryKind.File)
            return new ArchiveEntryResult(NotFound, null);
        Caller.SetLink(access.LinkId);
        audit.Downloaded(file.OwnerId, file.Id, file.Version);
        return new ArchiveEntryResult(null, new ArchiveEntry(file.Id, file.Kind, file.Name, access.File.ObjectKey ?? "", file.SizeBytes, file.ModifiedAt));
    }

    /// <summary>A folder that may be read by the link.</summary>
    private async Task<(Refusal? Refusal, LinkAccess? Access)> FindFolderAsync(LinkPass pass, string? folderId, CancellationToken cancellationToken)
    {
        var (refusal, access) = await FindAsync(pass, folderId, LinkRole.View, cancellationToken);
        return access is { File.Entry.Kind: not EntryKind.Folder } ? (NotFound, null) : (refusal, access);
    }

    /// <summary>
    /// An entry as it is when its turn comes, for who has begun an archive: its download was counted, so a link that is used up goes on. What
    /// the link does not lead to any more is NotFound; a link that leads nowhere any more is Forbidden.
    /// </summary>
    private async Task<(Refusal? Refusal, LinkAccess? Access)> FindBegunAsync(string ticket, string entryId, CancellationToken cancellationToken)
    {
        if (LinkTokens.HashOfKey(this.GetPrimaryKeyString()) is { } hash && Ids.IsValid(Ids.File, entryId))
        {
            var access = await repository.FindAsync(hash, entryId, hasTicket: true, cancellationToken);
            var link = access ?? await repository.FindAsync(hash, null, hasTicket: true, cancellationToken);
            if (link is { Role: LinkRole.View } && await tickets.IsArchiveAsync(ticket, link.LinkId, cancellationToken))
                return access is null ? (NotFound, null) : (null, access);
        }

        DeactivateIfNew();
        return (Ended, null);
    }
}
