using GrainVault.Audit;
using GrainVault.Changes;
using GrainVault.Files;
using GrainVault.Uploads;
using GrainVault.Webhooks;
using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Accounts;

/// <summary>
/// One user: account, quota and namespace. Everything but the password belongs to the caller alone: another
/// <see cref="Caller.UserId"/> than the key gets NotFound. Key: <c>u-&lt;uuid&gt;</c>.
/// </summary>
[Alias("gv.IUserGrain")]
public interface IUserGrain : IGrainWithStringKey
{
    /// <summary>Account and quota, read from the database.</summary>
    [ReadOnly, Alias("GetProfile")]
    Task<ProfileResult> GetProfileAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Changes the password, disables the user's webhooks, ends every login of his and starts a new one. Refusals: BadCredentials,
    /// WeakPassword, Throttled, Busy.
    /// </summary>
    [Alias("ChangePassword"), ResponseTimeout("00:00:30")]
    Task<SignInResult> ChangePasswordAsync(string currentPassword, string newPassword, CancellationToken cancellationToken = default);

    /// <summary>A page of the user's entries. Refusal: Invalid (cursor, limit).</summary>
    [ReadOnly, Alias("ListFiles")]
    Task<EntryPageResult> ListFilesAsync(EntryQuery query, CancellationToken cancellationToken = default);

    /// <summary>The live entry at a path of names from the root, for example <c>a/b.txt</c>. Refusal: NotFound.</summary>
    [ReadOnly, Alias("FindByPath")]
    Task<EntryResult> FindByPathAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>
    /// Entries that the user may read, his own or shared ones, and how much is in them. Refusals: Invalid (count), NotFound (one of them).
    /// </summary>
    /// <param name="ids">1 to 100 different entries.</param>
    /// <param name="entryCountMax">Where to stop counting.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [ReadOnly, Alias("MeasureArchive")]
    Task<ArchiveResult> MeasureArchiveAsync(string[] ids, int entryCountMax, CancellationToken cancellationToken = default);

    /// <summary>Some of what stands in a folder that the user may read. Refusal: NotFound.</summary>
    /// <param name="folderId">The folder.</param>
    /// <param name="after">Where the page before ended; null for the first.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [ReadOnly, Alias("ListArchive")]
    Task<ArchivePageResult> ListArchiveAsync(string folderId, string? after, CancellationToken cancellationToken = default);

    /// <summary>
    /// The content of a file that is about to go into an archive, with the decision of access of this moment; a download in the owner's audit
    /// where that is somebody else. Refusal: NotFound.
    /// </summary>
    [ReadOnly, Alias("OpenArchiveEntry")]
    Task<ArchiveEntryResult> OpenArchiveEntryAsync(string fileId, CancellationToken cancellationToken = default);

    /// <summary>
    /// A ticket with which anybody may have an archive of entries as if he was the user, as long as the login is alive that asks for it.
    /// Refusals: as those of measuring it.
    /// </summary>
    [ReadOnly, Alias("IssueArchiveTicketOfLogin")]
    Task<ArchiveTicketResult> IssueArchiveTicketOfLoginAsync(string[] ids, string loginId, CancellationToken cancellationToken = default);

    /// <summary>The same without a login, for front ends of an earlier release.</summary>
    [ReadOnly, Alias("IssueArchiveTicket")]
    Task<ArchiveTicketResult> IssueArchiveTicketAsync(string[] ids, CancellationToken cancellationToken = default);

    /// <summary>The entries of a ticket of this user; whoever presents it needs no other right. Refusal: Forbidden (forged, expired).</summary>
    [ReadOnly, Alias("OpenArchiveTicket")]
    Task<ArchiveTicketResult> OpenArchiveTicketAsync(string ticket, CancellationToken cancellationToken = default);

    /// <summary>Ends a link to an entry of the user's. Refusals: NotFound, Forbidden (somebody else's entry that the user sees).</summary>
    [Alias("RevokeLink")]
    Task<Outcome> RevokeLinkAsync(string linkId, CancellationToken cancellationToken = default);

    /// <summary>A page of the open offers of entries that the user has got, or has made. Refusal: Invalid (cursor, limit).</summary>
    [ReadOnly, Alias("ListTransfers")]
    Task<TransferPageResult> ListTransfersAsync(bool isOutgoing, string? cursor, int limit, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes for good what is in the user's trash now: some of it at once, and of much the rest in the background. A repeat goes on, and begins
    /// anew for what came there since.
    /// </summary>
    [AlwaysInterleave, Alias("EmptyTrash")]
    Task<EmptiedResult> EmptyTrashAsync(CancellationToken cancellationToken = default);

    /// <summary>Goes on emptying the trash. Called by the janitor only.</summary>
    [AlwaysInterleave, Alias("GoOnEmptying")]
    Task<EmptiedResult> GoOnEmptyingAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// A page of the user's change feed: what changed of his own entries and of those that are shared with him. Refusals: Invalid (limit,
    /// cursor), CursorExpired.
    /// </summary>
    /// <param name="cursor">From the page before; null for the whole state and the changes after it; <c>now</c> for changes from now on.</param>
    /// <param name="limit">Changes that are read, 1 to 1,000; a page may have more where one of them brings others along.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [ReadOnly, Alias("ReadChanges")]
    Task<ChangePageResult> ReadChangesAsync(string? cursor, int limit, CancellationToken cancellationToken = default);

    /// <summary>A page of the user's unfinished upload sessions, newest first, without their parts.</summary>
    [ReadOnly, Alias("ListUploads")]
    Task<UploadPageResult> ListUploadsAsync(string? cursor, int limit, CancellationToken cancellationToken = default);

    /// <summary>A page of the user's own audit, newest first: what he did, and what others did to what is his. Refusal: Invalid.</summary>
    [ReadOnly, Alias("ListAudit")]
    Task<AuditPageResult> ListAuditAsync(AuditQuery query, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes a webhook, which hears of changes from now on. A repeat returns the first result. Refusals: Invalid (URL, secret, too many),
    /// BadCredentials (the caller's login has ended).
    /// </summary>
    [Alias("CreateWebhook")]
    Task<WebhooksResult> CreateWebhookAsync(CreateWebhookCommand command, CancellationToken cancellationToken = default);

    /// <summary>The user's webhooks, without their secrets.</summary>
    [ReadOnly, Alias("ListWebhooks")]
    Task<WebhooksResult> ListWebhooksAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Disables a webhook, or enables it again, to go on where it was. A repeat changes nothing. Refusals: NotFound, BadCredentials (the
    /// caller's login has ended).
    /// </summary>
    [Alias("SwitchWebhook")]
    Task<WebhooksResult> SwitchWebhookAsync(string webhookId, bool isEnabled, CancellationToken cancellationToken = default);

    /// <summary>Removes a webhook. Refusal: NotFound.</summary>
    [Alias("DeleteWebhook")]
    Task<Outcome> DeleteWebhookAsync(string webhookId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Binds an idempotency key to the id of the thing that the request creates. A repeat within 24 h gets the first id, so
    /// that the command, repeated with it, returns the first result. Refusal: IdempotencyKeyReused.
    /// </summary>
    /// <param name="key">1 to 255 characters of the caller's choice.</param>
    /// <param name="fingerprint">SHA-256 (hex) of what the request asks for.</param>
    /// <param name="proposedId">Id to bind when the key is new.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [Alias("BindIdempotencyKey")]
    Task<IdempotencyResult> BindIdempotencyKeyAsync(string key, string fingerprint, string proposedId, CancellationToken cancellationToken = default);
}

/// <summary>The id bound to an idempotency key.</summary>
[GenerateSerializer, Immutable, Alias("gv.IdempotencyResult")]
public sealed record IdempotencyResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] string? ResourceId);

/// <summary>What came of emptying the trash.</summary>
/// <param name="Refusal">Null for success.</param>
/// <param name="EntryCount">Entries that this call has removed.</param>
/// <param name="IsDone">Nothing is left.</param>
[GenerateSerializer, Immutable, Alias("gv.EmptiedResult")]
public sealed record EmptiedResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] int EntryCount, [property: Id(2)] bool IsDone);
