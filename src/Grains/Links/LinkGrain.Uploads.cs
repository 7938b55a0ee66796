using GrainVault.Files;
using GrainVault.Uploads;
using Orleans;

namespace GrainVault.Links;

/// <summary>Files that visitors put into the folder of the link. Whether they may is looked at again by the statement that makes the file.</summary>
internal sealed partial class LinkGrain
{
    /// <inheritdoc/>
    public async Task<LinkUploadResult> CreateUploadAsync(LinkPass pass, LinkUploadCommand command, CancellationToken cancellationToken = default)
    {
        var (right, _) = await AdmitAsync(pass, cancellationToken);
        if (right.Refusal is { } refusal)
            return new LinkUploadResult(refusal, null, null);
        if (command.SizeBytes > right.FileSizeBytesMax)
            return new LinkUploadResult(VisitRefusals.TooLarge(right.FileSizeBytesMax), null, null);
        Caller.ActByLink(right.LinkId);
        var created = await GrainFactory.GetGrain<IUploadSessionGrain>(command.UploadId).CreateAsync(
            new CreateUploadCommand(
                command.Name, command.SizeBytes, command.ContentType, right.FolderId, UploadMode.Proxied, command.PartSizeBytes, null, null,
                command.Sha256, OnConflict.Rename),
            cancellationToken);
        if (created.Refusal is not null)
            return new LinkUploadResult(created.Refusal, null, null);
        var secret = await tickets.IssueSecretAsync(right.LinkId, command.UploadId, limits.Value.UploadLifetime, cancellationToken);
        return new LinkUploadResult(null, created.Upload, secret);
    }

    /// <inheritdoc/>
    public async Task<LinkUploadRight> OpenUploadAsync(string uploadId, string secret, CancellationToken cancellationToken = default)
    {
        // Who has the secret has told the password when he got it.
        var access = await FindTakingAsync(cancellationToken);
        return access is not null && await tickets.IsSecretAsync(secret, access.LinkId, uploadId, cancellationToken)
            ? Right(access)
            : NoRight(access is null ? NotFound : Refusals.NotFound("upload"));
    }

    /// <inheritdoc/>
    public async Task<LinkUploadRight> AdmitFileAsync(LinkPass pass, CancellationToken cancellationToken = default)
    {
        var (right, access) = await AdmitAsync(pass, cancellationToken);
        return access is null ? right : right with { FileSizeBytesMax = FileSizeBytesLeft(access) };
    }

    /// <summary>The right to begin a file, with what its link takes as a whole, and what that is from; no access without the right.</summary>
    private async Task<(LinkUploadRight Right, LinkAccess? Access)> AdmitAsync(LinkPass pass, CancellationToken cancellationToken)
    {
        if (await FindTakingAsync(cancellationToken) is not { } access)
            return (NoRight(NotFound), null);
        if (access.PasswordHash is not null && (pass.Proof is not { } proof || !await tickets.IsProofAsync(proof, access.LinkId, cancellationToken)))
            return (NoRight(PasswordNeeded), null);
        if (access.Intake.IsFull)
            return (NoRight(access.Intake.FileCount >= access.Intake.FileCountMax ? VisitRefusals.NoMoreFiles : VisitRefusals.NoMoreBytes), null);
        // The statement that makes a session counts them once more, when no other can begin.
        var open = await repository.SumVisitsAsync(access.LinkId, options.Value.OpenUploadCountMax, cancellationToken);
        if (open.Count >= options.Value.OpenUploadCountMax)
            return (NoRight(VisitRefusals.TooMany), null);
        return open.SizeBytes >= options.Value.OpenUploadBytesMax ? (NoRight(VisitRefusals.TooMuch), null) : (Right(access), access);
    }

    private static LinkUploadRight NoRight(Refusal refusal) => new(refusal, "", "", 0);

    private LinkUploadRight Right(LinkAccess access) =>
        new(null, access.LinkId, access.File.Entry.Id, FileSizeBytesMax(access), access.File.Entry.OwnerId);

    private long FileSizeBytesMax(LinkAccess access) =>
        Math.Min(Math.Min(options.Value.UploadSizeBytesMax, options.Value.OpenUploadBytesMax), access.Intake.SizeBytesMax ?? long.MaxValue);

    private long FileSizeBytesLeft(LinkAccess access) => Math.Min(FileSizeBytesMax(access), access.Intake.SizeBytesLeft ?? long.MaxValue);

    private async Task<LinkAccess?> FindTakingAsync(CancellationToken cancellationToken)
    {
        var access = LinkTokens.HashOfKey(this.GetPrimaryKeyString()) is { } hash ? await repository.FindAsync(hash, null, hasTicket: false, cancellationToken) : null;
        if (access is { Role: LinkRole.Upload })
            return access;
        DeactivateIfNew();
        return null;
    }
}
