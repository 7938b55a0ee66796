using GrainVault.Files;
using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Links;

/// <summary>
/// A link as its visitors come to it. Whether it is good, and for what, is asked of the database each time, so that revoking, moving and
/// deleting act at once; expired, revoked, used up, unknown, and leading into the trash are all the same: NotFound. Key:
/// <see cref="LinkTokens.GrainKey"/>. The caller's own identity plays no part.
/// </summary>
[Alias("gv.ILinkGrain")]
public interface ILinkGrain : IGrainWithStringKey
{
    /// <summary>What the link leads to, or an entry below that. Refusals: NotFound, BadCredentials.</summary>
    [AlwaysInterleave, Alias("Get")]
    Task<LinkResult> GetAsync(LinkPass pass, string? entryId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Checks the password, one attempt after another, so that failed ones can't outrun their count. Without a password any is right.
    /// Refusals: NotFound, BadCredentials, Throttled, Busy.
    /// </summary>
    [Alias("Unlock"), ResponseTimeout("00:00:30")]
    Task<UnlockResult> UnlockAsync(string password, CancellationToken cancellationToken = default);

    /// <summary>Content of the file that the link leads to, or of one below the folder. Refusals: NotFound, BadCredentials.</summary>
    /// <param name="pass">What the visitor brings.</param>
    /// <param name="fileId">A file below the folder; null for the link's own file.</param>
    /// <param name="isDownload">Without a ticket that has as many bytes left a download is counted, and gets one; otherwise nothing is counted.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [AlwaysInterleave, Alias("OpenContent")]
    Task<LinkContentResult> OpenContentAsync(LinkPass pass, string? fileId, bool isDownload, CancellationToken cancellationToken = default);

    /// <summary>
    /// Gives back what a response under a ticket did not send of what it was opened for. Called once for each response; a call that is lost
    /// leaves the ticket less.
    /// </summary>
    /// <param name="ticket">The ticket that the response went on with, or gave.</param>
    /// <param name="lengthBytes">Bytes; negative when more was sent than was asked for.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [AlwaysInterleave, Alias("GiveBack")]
    Task<Outcome> GiveBackAsync(string ticket, long lengthBytes, CancellationToken cancellationToken = default);

    /// <summary>A page of a folder by name; of the link's own, or of one below it. Refusals: NotFound, BadCredentials, Invalid (cursor, limit).</summary>
    [AlwaysInterleave, Alias("List")]
    Task<EntryPageResult> ListAsync(LinkPass pass, string? folderId, string? cursor, int limit, CancellationToken cancellationToken = default);

    /// <summary>What an archive of the link's folder, or of one below it, would hold now. Refusals: NotFound (also for a file), BadCredentials.</summary>
    /// <param name="pass">What the visitor brings.</param>
    /// <param name="folderId">A folder below the link's; null for the link's own.</param>
    /// <param name="entryCountMax">Entries are counted no further than this.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [AlwaysInterleave, Alias("MeasureArchive")]
    Task<ArchiveResult> MeasureArchiveAsync(LinkPass pass, string? folderId, int entryCountMax, CancellationToken cancellationToken = default);

    /// <summary>
    /// Counts one download for an archive and gives the ticket by which the front end goes on with it; the visitor is not told it. Not to be
    /// repeated. Refusals: NotFound, BadCredentials.
    /// </summary>
    [AlwaysInterleave, Alias("BeginArchive")]
    Task<ArchiveTicketResult> BeginArchiveAsync(LinkPass pass, string? folderId, CancellationToken cancellationToken = default);

    /// <summary>Some of what stands in a folder of an archive. Refusals: NotFound (the folder is not there any more), Forbidden (the link has ended).</summary>
    [AlwaysInterleave, Alias("ListArchive")]
    Task<ArchivePageResult> ListArchiveAsync(string ticket, string folderId, string? after, CancellationToken cancellationToken = default);

    /// <summary>A file as it is, right before its content goes into an archive. Refusals: NotFound (the file is not there any more), Forbidden (the link has ended).</summary>
    [AlwaysInterleave, Alias("OpenArchiveEntry")]
    Task<ArchiveEntryResult> OpenArchiveEntryAsync(string ticket, string fileId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Opens an upload session into the folder of a link that takes files, one after another, so that their number stays within its limit.
    /// Refusals: NotFound, BadCredentials, Invalid, TooLarge, Throttled (what sessions of the link hold), QuotaExceeded (its owner's, or what
    /// may come by the link).
    /// </summary>
    [Alias("CreateUpload")]
    Task<LinkUploadResult> CreateUploadAsync(LinkPass pass, LinkUploadCommand command, CancellationToken cancellationToken = default);

    /// <summary>Whether a session may go on: the link is good still, and the secret is that of the session. Refusal: NotFound.</summary>
    [AlwaysInterleave, Alias("OpenUpload")]
    Task<LinkUploadRight> OpenUploadAsync(string uploadId, string secret, CancellationToken cancellationToken = default);

    /// <summary>Whether a file may be put into the folder in one request. Refusals: NotFound, BadCredentials, Throttled, QuotaExceeded.</summary>
    [AlwaysInterleave, Alias("AdmitFile")]
    Task<LinkUploadRight> AdmitFileAsync(LinkPass pass, CancellationToken cancellationToken = default);
}
