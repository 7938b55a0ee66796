using GrainVault.Links;

namespace GrainVault.Files;

/// <summary>Links to the entry. What they are good for is decided where their visitors come to: <see cref="LinkGrain"/>.</summary>
internal sealed partial class FileGrain
{
    /// <summary>Most downloads that a limit may say.</summary>
    private const long DownloadCountMaxMax = 1_000_000_000;

    /// <summary>Most bytes that a limit of what comes may say.</summary>
    private const long SizeBytesMaxMax = 1_000_000_000_000_000_000;

    /// <inheritdoc/>
    public async Task<LinksResult> ListLinksAsync(CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        return file is null ? new LinksResult(refusal, []) : new LinksResult(null, await links.ListAsync(Id, null, cancellationToken));
    }

    /// <inheritdoc/>
    public async Task<LinksResult> CreateLinkAsync(CreateLinkCommand command, CancellationToken cancellationToken = default)
    {
        var (refusal, file) = await FindAsync(EntryRole.Owner, cancellationToken);
        if (file is null)
            return new LinksResult(refusal, []);
        if (Check(command, file.Entry.Kind) is { } invalid)
            return new LinksResult(invalid, []);
        string? hash = null;
        if (command.Password is { } password && (hash = await passwords.HashAsync(password)) is null)
            return new LinksResult(Refusals.Busy("Too many passwords are being hashed; try again."), []);
        return await WriteAsync(() => links.CreateAsync(file.Entry.OwnerId, Id, command, hash)) switch
        {
            null => new LinksResult(null, await links.ListAsync(Id, command.LinkId, cancellationToken)),
            (int)RefusalReason.Invalid => new LinksResult(Refusals.Invalid("The entry has as many links as it may have; revoke some."), []),
            (int)RefusalReason.IdempotencyKeyReused => new LinksResult(
                new Refusal(RefusalReason.IdempotencyKeyReused, "The link was made before, and its URL can't be told again; revoke it and make another."), []),
            { } reason => new LinksResult(Refusals.From((RefusalReason)reason), []),
        };
    }

    private Refusal? Check(CreateLinkCommand command, EntryKind kind)
    {
        Invariant.That(Ids.IsValid(Ids.Link, command.LinkId), "the front end makes ids of links");
        if (!Enum.IsDefined(command.Role))
            return Refusals.Invalid("There is no such role.");
        if (kind == EntryKind.Shortcut)
            return Refusals.Invalid("A link leads to a file or a folder.");
        if (command.Role == LinkRole.Upload && kind != EntryKind.Folder)
            return Refusals.Invalid("A link that takes files leads to a folder.");
        if (command.DownloadCountMax is < 1 or > DownloadCountMaxMax)
            return Refusals.Invalid("The limit of downloads is 1 to 1,000,000,000.");
        if (command.Role == LinkRole.Upload && command.DownloadCountMax is not null)
            return Refusals.Invalid("A link that takes files allows no downloads that could be limited.");
        if (command.Role != LinkRole.Upload && (command.FileCountMax ?? command.SizeBytesMax) is not null)
            return Refusals.Invalid("Only a link that takes files limits what may come.");
        if (command.FileCountMax < 1 || command.FileCountMax > shareLinks.Value.FileCountMax)
            return Refusals.Invalid($"The limit of files is 1 to {shareLinks.Value.FileCountMax}.");
        if (command.SizeBytesMax is < 1 or > SizeBytesMaxMax)
            return Refusals.Invalid($"The limit of bytes is 1 to {SizeBytesMaxMax}.");
        if (command.ExpiresAt <= time.GetUtcNow())
            return Refusals.Invalid("The link would have expired already.");
        return command.Password is { } password ? LinkPasswords.Check(password) : null;
    }
}
