using GrainVault.Audit;
using GrainVault.Changes;
using GrainVault.Files;
using GrainVault.Links;
using GrainVault.Options;
using GrainVault.Uploads;
using GrainVault.Webhooks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainVault.Accounts;

/// <summary>One user's account, quota and views. Everything is a query: a user with a million files costs no memory.</summary>
[GrainType("u")]
internal sealed partial class UserGrain(
    AccountRepository accounts,
    UserRepository users,
    EntryListing entries,
    ArchiveListing archives,
    TrashRepository trash,
    UploadListing uploads,
    LinkRepository links,
    TransferRepository transfers,
    ChangeFeed changes,
    WebhookBook webhooks,
    PasswordService passwords,
    AuditLog audit,
    AuditQueue auditQueue,
    AuditListing auditListing,
    IOptions<LimitsOptions> limits,
    TimeProvider time,
    ILogger<UserGrain> logger) : Grain, IUserGrain
{
    private const int KeyLengthMax = 255;

    private readonly FailureWindow _failures = new(limits.Value.FailedLoginCountMax, time);

    private string Id => this.GetPrimaryKeyString();

    private bool IsOwner => Caller.UserId == Id;

    /// <inheritdoc/>
    public async Task<ProfileResult> GetProfileAsync(CancellationToken cancellationToken = default)
    {
        if (!IsOwner)
            return new ProfileResult(NotFound, null);
        var finding = accounts.FindAsync(Id, cancellationToken);
        var quota = await users.GetQuotaAsync(Id, cancellationToken);
        if (await finding is not { } account)
            return new ProfileResult(NotFound, null);
        return new ProfileResult(null, new Profile(
            Id, account.Email, account.DisplayName, account.Roles, quota.UsedBytes, quota.ReservedBytes, quota.QuotaBytes, account.CreatedAt));
    }

    /// <inheritdoc/>
    public async Task<SignInResult> ChangePasswordAsync(string currentPassword, string newPassword, CancellationToken cancellationToken = default)
    {
        if (!IsOwner || await accounts.FindAsync(Id, cancellationToken) is not { } account)
            return new SignInResult(NotFound, null);
        if (_failures.WaitSeconds is { } seconds)
            return new SignInResult(Refusals.Throttled(seconds), null);
        if (PasswordRules.Check(newPassword, account.Email) is { } weak)
            return new SignInResult(weak, null);
        if (currentPassword is not { Length: > 0 and <= PasswordRules.LengthMax })
            return Wrong();
        if (await passwords.CheckAsync(account.PasswordHash, currentPassword) is not { } check)
            return new SignInResult(TooManyPasswords, null);
        if (!check.IsRight)
            return Wrong();
        if (await passwords.HashAsync(newPassword) is not { } hash)
            return new SignInResult(TooManyPasswords, null);

        var loginId = Ids.New(Ids.Login);
        var token = RefreshTokens.New(loginId);
        // Before the change, and whatever becomes of it: no crash leaves one behind that sends on under the new password.
        await webhooks.DisableAllAsync(Id);
        if (!await accounts.ChangePasswordAsync(account, hash, loginId, RefreshTokens.Hash(token)))
            return new SignInResult(Refusals.Busy("The account was changed meanwhile; try again."), null);
        await audit.AppendAsync(Id, AuditNote.Of(AuditActions.Password, ("loginId", loginId)));
        AccountLog.PasswordChanged(logger, Id);
        return new SignInResult(null, new SignIn(Id, loginId, token, account.Roles));
    }

    /// <inheritdoc/>
    public async Task<EntryPageResult> ListFilesAsync(EntryQuery query, CancellationToken cancellationToken = default) =>
        IsOwner ? await entries.ListAsync(Id, query, cancellationToken) : new EntryPageResult(NotFound, [], null);

    /// <inheritdoc/>
    public async Task<EntryResult> FindByPathAsync(string path, CancellationToken cancellationToken = default)
    {
        var file = IsOwner ? await entries.FindByPathAsync(Id, path, cancellationToken) : null;
        return file is null ? new EntryResult(Refusals.NotFound("file or folder"), null) : new EntryResult(null, file.Entry, file.RowVersion);
    }

    /// <inheritdoc/>
    public async Task<ArchiveResult> MeasureArchiveAsync(string[] ids, int entryCountMax, CancellationToken cancellationToken = default) =>
        IsOwner ? await archives.MeasureAsync(Id, ids, entryCountMax, cancellationToken) : new ArchiveResult(NotFound, [], 0, 0);

    /// <inheritdoc/>
    public async Task<ArchivePageResult> ListArchiveAsync(string folderId, string? after, CancellationToken cancellationToken = default) =>
        IsOwner ? await archives.ListAsync(Id, folderId, after, cancellationToken) : new ArchivePageResult(NotFound, [], null);

    /// <inheritdoc/>
    public async Task<ArchiveEntryResult> OpenArchiveEntryAsync(string fileId, CancellationToken cancellationToken = default)
    {
        if (!IsOwner || await archives.OpenAsync(Id, fileId, cancellationToken) is not { } opened)
            return new ArchiveEntryResult(Refusals.NotFound("file"), null);
        if (opened.OwnerId != Id)
            auditQueue.Downloaded(opened.OwnerId, fileId, opened.Version);
        return new ArchiveEntryResult(null, opened.Entry);
    }

    /// <inheritdoc/>
    public Task<ArchiveTicketResult> IssueArchiveTicketAsync(string[] ids, CancellationToken cancellationToken = default) =>
        IssueArchiveTicketOfLoginAsync(ids, "", cancellationToken);

    /// <inheritdoc/>
    public async Task<ArchiveTicketResult> IssueArchiveTicketOfLoginAsync(string[] ids, string loginId, CancellationToken cancellationToken = default) =>
        IsOwner ? await archives.IssueTicketAsync(Id, ids, loginId, cancellationToken) : new ArchiveTicketResult(NotFound, [], "", default);

    /// <inheritdoc/>
    public Task<ArchiveTicketResult> OpenArchiveTicketAsync(string ticket, CancellationToken cancellationToken = default) =>
        archives.OpenTicketAsync(Id, ticket, cancellationToken);

    /// <inheritdoc/>
    public async Task<TransferPageResult> ListTransfersAsync(bool isOutgoing, string? cursor, int limit, CancellationToken cancellationToken = default) =>
        IsOwner ? await transfers.ListAsync(Id, isOutgoing, cursor, limit, cancellationToken) : new TransferPageResult(NotFound, [], null);

    /// <inheritdoc/>
    public async Task<ChangePageResult> ReadChangesAsync(string? cursor, int limit, CancellationToken cancellationToken = default) =>
        IsOwner ? await changes.ReadAsync(Id, cursor, limit, cancellationToken) : new ChangePageResult(NotFound, [], null, HasMore: false);

    /// <inheritdoc/>
    public async Task<UploadPageResult> ListUploadsAsync(string? cursor, int limit, CancellationToken cancellationToken = default) =>
        IsOwner ? await uploads.ListAsync(Id, cursor, limit, cancellationToken) : new UploadPageResult(NotFound, [], null);

    /// <inheritdoc/>
    public async Task<Outcome> RevokeLinkAsync(string linkId, CancellationToken cancellationToken = default)
    {
        if (!IsOwner || !Ids.IsValid(Ids.Link, linkId))
            return new Outcome(Refusals.NotFound("link"));
        return await links.RevokeAsync(Id, linkId) switch
        {
            null => Outcome.Done,
            (int)RefusalReason.NotFound => new Outcome(Refusals.NotFound("link")),
            { } reason => new Outcome(Refusals.From((RefusalReason)reason)),
        };
    }

    /// <inheritdoc/>
    public async Task<AuditPageResult> ListAuditAsync(AuditQuery query, CancellationToken cancellationToken = default) =>
        IsOwner ? await auditListing.ListAsync(Id, query with { OwnerId = Id }, cancellationToken) : new AuditPageResult(NotFound, [], null);

    /// <inheritdoc/>
    public async Task<IdempotencyResult> BindIdempotencyKeyAsync(
        string key, string fingerprint, string proposedId, CancellationToken cancellationToken = default)
    {
        if (!IsOwner)
            return new IdempotencyResult(NotFound, null);
        if (key is not { Length: > 0 and <= KeyLengthMax } || key.Any(char.IsControl))
            return new IdempotencyResult(Refusals.Invalid("An idempotency key has 1 to 255 characters and no control characters."), null);
        var bound = await users.BindKeyAsync(Id, key, fingerprint, proposedId);
        return bound.Fingerprint == fingerprint
            ? new IdempotencyResult(null, bound.ResourceId)
            : new IdempotencyResult(new Refusal(RefusalReason.IdempotencyKeyReused, "The idempotency key was used for another request."), null);
    }

    private static Refusal NotFound => Refusals.NotFound("user");

    private static Refusal TooManyPasswords => Refusals.Busy("Too many passwords are being checked; try again.");

    private SignInResult Wrong()
    {
        _failures.Add();
        auditQueue.Add(Id, null, AuditNote.Of(AuditActions.SignInFailed, ("at", "password")));
        return new SignInResult(Refusals.BadCredentials, null);
    }
}
