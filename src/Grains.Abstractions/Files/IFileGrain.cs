using GrainVault.Links;
using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Files;

/// <summary>
/// One entry: metadata, versions and the access decision that every protocol uses. Key: <c>f-&lt;uuid&gt;</c>.
/// </summary>
[Alias("gv.IFileGrain")]
public interface IFileGrain : IGrainWithStringKey
{
    /// <summary>Metadata; from memory for the owner. Refusal: NotFound.</summary>
    [ReadOnly, Alias("Get")]
    Task<EntryResult> GetAsync(CancellationToken cancellationToken = default);

    /// <summary>Where the bytes of a version are. Visitors see the current one alone. Refusals: NotFound, Forbidden.</summary>
    /// <param name="version">Number of the version; null for the current one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [ReadOnly, Alias("OpenContent")]
    Task<ContentResult> OpenContentAsync(int? version, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes stored content a version of this file, in one transaction with name, quota, change feed, ledger and session.
    /// A repeat for the same object returns the first result. Refusals: NameTaken, NotFound (folder or file gone), VersionConflict,
    /// QuotaExceeded, UploadClosed. Called by grains only.
    /// </summary>
    [Alias("CommitVersion")]
    Task<EntryResult> CommitVersionAsync(CommitVersionCommand command, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes a folder under this id. A repeat returns the first result. Refusals: Invalid, NameTaken, NotFound (folder), TooDeep.
    /// </summary>
    [Alias("CreateFolder")]
    Task<EntryResult> CreateFolderAsync(CreateFolderCommand command, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes a file under this id with the current content of another, which is not moved: both refer to the same object. Whoever may read
    /// the content may copy it. A repeat returns the first result. Refusals: Invalid (name, no file), NameTaken, NotFound (source or folder),
    /// Forbidden (folder), InTrash, QuotaExceeded.
    /// </summary>
    [Alias("CopyFrom")]
    Task<EntryResult> CopyFromAsync(CopyFileCommand command, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes a shortcut under this id to what the caller may read. A repeat returns the first result. Refusals: Invalid, NameTaken, NotFound
    /// (target or folder), Forbidden.
    /// </summary>
    [Alias("CreateShortcut")]
    Task<EntryResult> CreateShortcutAsync(CreateShortcutCommand command, CancellationToken cancellationToken = default);

    /// <summary>
    /// Renames, moves, shows or hides the entry, all or nothing. Refusals: Invalid, NotFound (entry or folder), Forbidden, NameTaken,
    /// VersionConflict, FolderCircle, TooDeep, InTrash.
    /// </summary>
    [Alias("Change")]
    Task<EntryResult> ChangeAsync(ChangeEntryCommand command, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes the entry out of the trash: to its folder, or to the root when that is gone or in the trash, and under a numbered name when
    /// its own is taken there. A repeat succeeds. Refusals: NotFound, Forbidden, NameTaken.
    /// </summary>
    [Alias("Restore")]
    Task<EntryResult> RestoreAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// The same for an entry that has one of the tags. Refusals: also VersionConflict. Not to be repeated: what it has done raises the tag.
    /// </summary>
    [Alias("RestoreMatching")]
    Task<EntryResult> RestoreMatchingAsync(string[] tags, CancellationToken cancellationToken = default);

    /// <summary>A page of versions, newest first. Refusals: NotFound, Forbidden, Invalid (limit, cursor).</summary>
    [ReadOnly, Alias("ListVersions")]
    Task<VersionPageResult> ListVersionsAsync(string? cursor, int limit, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes the content of an older version the current one, as a new version that refers to the same object. Nothing happens when it is
    /// the current content already. Refusals: NotFound (file or version), Forbidden, InTrash.
    /// </summary>
    [Alias("RestoreVersion")]
    Task<EntryResult> RestoreVersionAsync(int version, CancellationToken cancellationToken = default);

    /// <summary>The same for a file that has one of the tags. Refusals: also VersionConflict. Not to be repeated.</summary>
    [Alias("RestoreVersionMatching")]
    Task<EntryResult> RestoreVersionMatchingAsync(int version, string[] tags, CancellationToken cancellationToken = default);

    /// <summary>Removes a version that is not the current one. Refusals: NotFound (file or version), Forbidden, CurrentVersion.</summary>
    [Alias("DeleteVersion")]
    Task<Outcome> DeleteVersionAsync(int version, CancellationToken cancellationToken = default);

    /// <summary>Removes a version whose time is over. Called by the janitor only.</summary>
    [Alias("ExpireVersion")]
    Task<Outcome> ExpireVersionAsync(int version, CancellationToken cancellationToken = default);

    /// <summary>Removes for good what has been in the trash since then; returns how many entries went. Called by the janitor only.</summary>
    [Alias("ExpireTrash")]
    Task<int> ExpireTrashAsync(DateTimeOffset trashedAt, CancellationToken cancellationToken = default);

    /// <summary>With whom the entry is shared, oldest first. Refusals: NotFound, Forbidden.</summary>
    [ReadOnly, Alias("ListShares")]
    Task<SharesResult> ListSharesAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Shares the entry, and what is below it, with a user, or changes the role; returns that share. Refusals: NotFound (entry or user),
    /// Forbidden, Invalid, InTrash.
    /// </summary>
    [Alias("Share")]
    Task<SharesResult> ShareAsync(string userIdOrEmail, ShareRole role, CancellationToken cancellationToken = default);

    /// <summary>Ends a share; who it is with may end it too. Refusals: NotFound (entry or share), Forbidden.</summary>
    [Alias("Unshare")]
    Task<Outcome> UnshareAsync(string userIdOrEmail, CancellationToken cancellationToken = default);

    /// <summary>Links to the entry, oldest first. Refusals: NotFound, Forbidden.</summary>
    [ReadOnly, Alias("ListLinks")]
    Task<LinksResult> ListLinksAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes a link to the entry and returns it. Refusals: NotFound, Forbidden, Invalid, InTrash, Busy (password), IdempotencyKeyReused (the id
    /// is that of a link with another token).
    /// </summary>
    [Alias("CreateLink"), ResponseTimeout("00:00:30")]
    Task<LinksResult> CreateLinkAsync(CreateLinkCommand command, CancellationToken cancellationToken = default);

    /// <summary>
    /// Offers the entry, with what is below it, to a user, instead of whom it was offered to before. Nothing changes until that user accepts.
    /// Refusals: NotFound (entry or user), Forbidden, Invalid (its owner, too many offers), InTrash, Busy.
    /// </summary>
    [Alias("OfferTransfer")]
    Task<TransferResult> OfferTransferAsync(string userIdOrEmail, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes the offer: the entry stands at the caller's root then, its bytes count on the caller's quota, and who gave it is an editor. A
    /// repeat returns the entry. Nothing that the former owner was remembered by is left then. Refusals: NotFound (no offer to the caller),
    /// QuotaExceeded, TooLarge (entries), NameTaken, Busy (a silo with some of the entries can't be reached: nothing has changed).
    /// </summary>
    [Alias("AcceptTransfer"), ResponseTimeout("00:01:00")]
    Task<EntryResult> AcceptTransferAsync(CancellationToken cancellationToken = default);

    /// <summary>Declines or withdraws an offer, by who got it or who made it. Refusal: NotFound.</summary>
    [Alias("EndTransfer")]
    Task<Outcome> EndTransferAsync(CancellationToken cancellationToken = default);

    /// <summary>Tells grains that were not told of an accepted transfer; returns how many. Called by the janitor only.</summary>
    [Alias("FinishTransfer")]
    Task<int> FinishTransferAsync(CancellationToken cancellationToken = default);

    /// <summary>Goes on removing a folder that is being removed for good; returns how many entries went. Called by the janitor only.</summary>
    [Alias("Purge")]
    Task<int> PurgeAsync(CancellationToken cancellationToken = default);

    /// <summary>The database has changed behind the grain's back: what it remembers is read again. Called by grains only.</summary>
    [Alias("Forget")]
    Task ForgetAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves the entry to the trash, or, permanently, removes it with all versions and gives their bytes back to the quota.
    /// A folder takes with it what is in it; of a large one the janitor removes the rest. Refusals: NotFound, Forbidden, InTrash (for what
    /// stands in a folder of the trash, unless permanently). A repeat succeeds while the entry is in the trash.
    /// </summary>
    [Alias("Delete")]
    Task<Outcome> DeleteAsync(bool permanent, CancellationToken cancellationToken = default);

    /// <summary>The same for an entry that has one of the tags. Refusals: also VersionConflict.</summary>
    [Alias("DeleteMatching")]
    Task<Outcome> DeleteMatchingAsync(bool permanent, string[] tags, CancellationToken cancellationToken = default);

    /// <summary>Notes the SHA-256 of a version that had none, computed by reading it back. Called by the janitor only. Refusal: NotFound.</summary>
    /// <param name="version">Number of the version.</param>
    /// <param name="sha256">Lower-case hex.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [Alias("RecordSha256")]
    Task<Outcome> RecordSha256Async(int version, string sha256, CancellationToken cancellationToken = default);
}

/// <summary>Content that is to become a version.</summary>
/// <param name="OwnerId">Owner of the file and of the quota.</param>
/// <param name="ObjectKey">Key of the object, in the ledger as intended.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="Checksum">Composite checksum: SHA-256 over the parts' SHA-256, lower-case hex, a dash and the number of parts.</param>
/// <param name="Sha256">SHA-256 of the content, lower-case hex; null when unknown.</param>
/// <param name="ContentType">Media type.</param>
/// <param name="Name">Name of a new file.</param>
/// <param name="ParentId">Folder of a new file; null for the root.</param>
/// <param name="OnConflict">What happens when the name is taken.</param>
/// <param name="IsNewFile">False when the version is added to an existing file.</param>
/// <param name="ExpectedVersion">Current version that the uploader expects; null for any.</param>
/// <param name="UploadId">Session that is finished by this commit; null for a one-request upload.</param>
/// <param name="UploadEpoch">Epoch of the session; ignored without one.</param>
/// <param name="ReservedBytes">Quota that the session had reserved, in bytes; moved from reserved to used.</param>
/// <param name="ActorId">Who made it; null for the owner. Whoever is not the owner must have the right to write there, and it may be lost by now.</param>
[GenerateSerializer, Immutable, Alias("gv.CommitVersionCommand")]
public sealed record CommitVersionCommand(
    [property: Id(0)] string OwnerId,
    [property: Id(1)] string? ObjectKey,
    [property: Id(2)] long SizeBytes,
    [property: Id(3)] string Checksum,
    [property: Id(4)] string? Sha256,
    [property: Id(5)] string ContentType,
    [property: Id(6)] string Name,
    [property: Id(7)] string? ParentId,
    [property: Id(8)] OnConflict OnConflict,
    [property: Id(9)] bool IsNewFile,
    [property: Id(10)] int? ExpectedVersion,
    [property: Id(11)] string? UploadId,
    [property: Id(12)] long UploadEpoch,
    [property: Id(13)] long ReservedBytes,
    [property: Id(14)] string? ActorId = null);
