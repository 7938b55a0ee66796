using GrainVault.Accounts;
using GrainVault.Audit;
using GrainVault.Files;
using GrainVault.Options;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainVault.Links;

/// <summary>One link. It remembers nothing but wrong passwords: everything else may be changed by its owner at any moment.</summary>
[GrainType("lt")]
internal sealed partial class LinkGrain(
    LinkRepository repository,
    LinkTickets tickets,
    EntryListing entries,
    ArchiveListing archives,
    PasswordService passwords,
    AuditQueue audit,
    IOptions<ShareLinkOptions> options,
    IOptions<LimitsOptions> limits,
    TimeProvider time) : Grain, ILinkGrain
{
    private readonly FailureWindow _failures = new(options.Value.FailedPasswordCountMax, time);

    private static Refusal NotFound => Refusals.NotFound("link");

    private static Refusal PasswordNeeded { get; } = new(RefusalReason.BadCredentials, "The link asks for a password, and this is not it.");

    /// <inheritdoc/>
    public async Task<LinkResult> GetAsync(LinkPass pass, string? entryId, CancellationToken cancellationToken = default)
    {
        var (refusal, access) = await FindAsync(pass, entryId, LinkRole.Upload, cancellationToken);
        if (access is null)
            return new LinkResult(refusal, default, null, IsTop: true, null);
        // Who may only put files into a folder does not learn its name.
        return access.Role == LinkRole.View
            ? new LinkResult(null, access.Role, access.File.Entry, access.IsTop, access.ExpiresAt)
            : new LinkResult(null, access.Role, null, access.IsTop, access.ExpiresAt, FileSizeBytesLeft(access), access.Intake.IsFull);
    }

    /// <inheritdoc/>
    public async Task<UnlockResult> UnlockAsync(string password, CancellationToken cancellationToken = default)
    {
        // One that is used up asks nobody for its password: what a ticket opens needs none, and all else must look as if it had never been.
        if (LinkTokens.HashOfKey(this.GetPrimaryKeyString()) is not { } hash || await repository.FindAsync(hash, null, hasTicket: false, cancellationToken) is not { } access)
        {
            DeactivateOnIdle();
            return Refused(NotFound);
        }

        if (access.PasswordHash is { } passwordHash)
        {
            if (_failures.WaitSeconds is { } seconds)
                return Refused(Refusals.Throttled(seconds));
            // What no link can have takes as long as what is only wrong.
            if (await passwords.CheckAsync(passwordHash, LinkPasswords.Check(password) is null ? password : "") is not { } check)
                return Refused(Refusals.Busy("Too many passwords are being checked; try again."));
            if (!check.IsRight)
            {
                _failures.Add();
                return Refused(PasswordNeeded);
            }
        }

        var lifetime = options.Value.PasswordLifetime;
        return new UnlockResult(null, await tickets.IssueProofAsync(access.LinkId, lifetime, cancellationToken), lifetime);
    }

    /// <inheritdoc/>
    public async Task<LinkContentResult> OpenContentAsync(LinkPass pass, string? fileId, bool isDownload, CancellationToken cancellationToken = default)
    {
        var (refusal, access) = await FindAsync(pass, fileId, LinkRole.View, cancellationToken);
        if (access is null)
            return Closed(refusal!);
        var file = access.File;
        if (file.Entry.Kind != EntryKind.File)
            return Closed(NotFound);
        var content = new ContentDescriptor(file.ObjectKey ?? "", file.Entry.SizeBytes, file.Checksum, file.Entry);
        if (!isDownload)
            return new LinkContentResult(null, content, null, TimeSpan.Zero, access.IsLimited);
        var lengthBytes = pass.LengthBytes ?? content.SizeBytes;
        if (await HasTicketAsync(pass, access, cancellationToken))
        {
            // One that has nothing left is none: what it was to go on with is another download.
            return await repository.TakeBytesAsync(LinkTickets.Hash(pass.Ticket!), lengthBytes, TicketSizeBytesMax(content.SizeBytes))
                ? new LinkContentResult(null, content, null, TimeSpan.Zero, access.IsLimited)
                : await OpenContentAsync(pass with { Ticket = null }, fileId, isDownload, cancellationToken);
        }

        var lifetime = options.Value.TicketLifetime;
        var ticket = await tickets.IssueTicketAsync(access.LinkId, file.Entry.Id, lifetime, cancellationToken);
        if (!await repository.BeginDownloadAsync(access.LinkId, LinkTickets.Hash(ticket), lengthBytes, lifetime))
            return Closed(NotFound);
        Caller.SetLink(access.LinkId);
        audit.Downloaded(file.Entry.OwnerId, file.Entry.Id, file.Entry.Version);
        return new LinkContentResult(null, content, ticket, lifetime, access.IsLimited);
    }

    /// <inheritdoc/>
    public async Task<Outcome> GiveBackAsync(string ticket, long lengthBytes, CancellationToken cancellationToken = default)
    {
        await repository.GiveBackAsync(LinkTickets.Hash(ticket), lengthBytes);
        return Outcome.Done;
    }

    /// <inheritdoc/>
    public async Task<EntryPageResult> ListAsync(
        LinkPass pass, string? folderId, string? cursor, int limit, CancellationToken cancellationToken = default)
    {
        var (refusal, access) = await FindAsync(pass, folderId, LinkRole.View, cancellationToken);
        if (access is null)
            return new EntryPageResult(refusal, [], null);
        var folder = access.File.Entry;
        if (folder.Kind != EntryKind.Folder)
            return new EntryPageResult(NotFound, [], null);
        var query = new EntryQuery(EntryView.Owned, folder.Id, null, cursor, limit);
        var page = await entries.ListKnownFolderAsync(folder.OwnerId, $"link {access.LinkId}", query, cancellationToken);
        // Where a shortcut leads, the link does not.
        return page with { Entries = page.Entries.FindAll(entry => entry.Kind != EntryKind.Shortcut) };
    }

    private static UnlockResult Refused(Refusal refusal) => new(refusal, null, TimeSpan.Zero);

    private static LinkContentResult Closed(Refusal refusal) => new(refusal, null, null, TimeSpan.Zero, false);

    /// <summary>Where every access by a link is decided.</summary>
    /// <param name="pass">What the visitor brings.</param>
    /// <param name="entryId">The entry; null for the link's own.</param>
    /// <param name="role">View where the visitor wants to see something; Upload where links of both roles will do.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    private async Task<(Refusal? Refusal, LinkAccess? Access)> FindAsync(
        LinkPass pass, string? entryId, LinkRole role, CancellationToken cancellationToken)
    {
        var hash = LinkTokens.HashOfKey(this.GetPrimaryKeyString());
        var isPossible = hash is not null && (entryId is null || Ids.IsValid(Ids.File, entryId));
        // With a ticket, a link whose downloads are used up is good as well: whether it is one is known when the link is.
        var access = isPossible ? await repository.FindAsync(hash!, entryId, pass.Ticket is not null, cancellationToken) : null;
        if (access is null || (role == LinkRole.View && access.Role != LinkRole.View) || (access.Role == LinkRole.Upload && entryId is not null))
        {
            DeactivateIfNew();
            return (NotFound, null);
        }

        if (await HasTicketAsync(pass, access, cancellationToken))
            return (null, access);
        // A ticket that is none must not open what is used up.
        if (access.IsUsedUp)
        {
            DeactivateIfNew();
            return (NotFound, null);
        }

        var isOpen = access.PasswordHash is null || (pass.Proof is { } proof && await tickets.IsProofAsync(proof, access.LinkId, cancellationToken));
        return isOpen ? (null, access) : (PasswordNeeded, null);
    }

    private async ValueTask<bool> HasTicketAsync(LinkPass pass, LinkAccess access, CancellationToken cancellationToken) =>
        pass.Ticket is { } ticket && access.File.Entry.Kind == EntryKind.File
        && await tickets.IsTicketAsync(ticket, access.LinkId, access.File.Entry.Id, cancellationToken);

    private long TicketSizeBytesMax(long sizeBytes) =>
        sizeBytes > long.MaxValue / options.Value.TicketSizeFactor ? long.MaxValue : sizeBytes * options.Value.TicketSizeFactor;

    // Tokens can be made up; those of which a wrong password is remembered can't.
    private void DeactivateIfNew()
    {
        if (_failures.IsEmpty)
            DeactivateOnIdle();
    }
}
