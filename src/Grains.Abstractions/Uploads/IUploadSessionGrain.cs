using GrainVault.Files;
using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Uploads;

/// <summary>
/// One upload: its protocol state, its part ledger (rows, never memory per part) and its multipart upload. It is the lock of
/// the upload. Only who uploads may use it, and the owner of the folder or file may look at it and end it; others get NotFound. Key: <c>up-&lt;uuid&gt;</c>.
/// </summary>
[Alias("gv.IUploadSessionGrain")]
public interface IUploadSessionGrain : IGrainWithStringKey
{
    /// <summary>
    /// Creates the session and reserves its quota. Refusals: Invalid, TooLarge, NameTaken, NotFound (folder, file), Forbidden,
    /// VersionConflict, InTrash (the owner's own file), QuotaExceeded.
    /// </summary>
    [Alias("Create")]
    Task<UploadResult> CreateAsync(CreateUploadCommand command, CancellationToken cancellationToken = default);

    /// <summary>The session with a page of its parts.</summary>
    /// <param name="afterPart">Part number to start after; 0 for the first page.</param>
    /// <param name="limit">Parts in the page, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [AlwaysInterleave, Alias("Get")]
    Task<UploadResult> GetAsync(int afterPart, int limit, CancellationToken cancellationToken = default);

    /// <summary>
    /// Asks, before the body is read, whether part <paramref name="number"/> of <paramref name="sizeBytes"/> bytes is wanted.
    /// Refusals: NotFound, UploadClosed, Invalid (number), WrongPartSize, TooLarge, QuotaExceeded.
    /// </summary>
    /// <param name="number">From 1.</param>
    /// <param name="sizeBytes">Declared size; null when the front end reads until the end or the part is full.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [AlwaysInterleave, Alias("PlanPart")]
    Task<PartPlan> PlanPartAsync(int number, long? sizeBytes, CancellationToken cancellationToken = default);

    /// <summary>
    /// Gives a part writer the right to store one part; one store write per number at a time. Called by part writers only.
    /// Refusals: as <see cref="PlanPartAsync"/>, and Busy when another write of the number does not end in time.
    /// </summary>
    [AlwaysInterleave, Alias("BeginPart")]
    Task<PartPermit> BeginPartAsync(int number, long sizeBytes, byte[] sha256, CancellationToken cancellationToken = default);

    /// <summary>
    /// Says that the writer is still at work; one that is silent for 10 s is taken for dead, and its right goes to whoever asks
    /// next. Called by part writers only.
    /// </summary>
    /// <param name="number">Number of the part.</param>
    /// <param name="ticket">Ticket of the permit; one that is no longer valid changes nothing.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [AlwaysInterleave, Alias("KeepPart")]
    Task KeepPartAsync(int number, long ticket, CancellationToken cancellationToken = default);

    /// <summary>Gives the right back. Called by part writers only.</summary>
    /// <param name="number">Number of the part.</param>
    /// <param name="end">What became of it.</param>
    /// <param name="epoch">Epoch of the permit.</param>
    /// <param name="ticket">Ticket of the permit.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [AlwaysInterleave, Alias("EndPart")]
    Task EndPartAsync(int number, PartEnd end, long epoch, long ticket, CancellationToken cancellationToken = default);

    /// <summary>
    /// URLs with which the client sends parts straight to the store; any number of times, for any part, whatever the session's mode.
    /// Refusals: NotFound, UploadClosed, Busy, Invalid (numbers, size not known, no URLs from this store), Unavailable.
    /// </summary>
    /// <param name="numbers">1 to 1,000 different part numbers.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [AlwaysInterleave, Alias("Presign")]
    Task<PresignResult> PresignAsync(int[] numbers, CancellationToken cancellationToken = default);

    /// <summary>
    /// Called when the store may have got a file of one part by its URL: completes the session if it has. Nothing happens where it
    /// has not, and in any other session.
    /// </summary>
    [AlwaysInterleave, ResponseTimeout("00:02:00"), Alias("FinishStaged")]
    Task FinishStagedAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes the file. Can be repeated at any time and joins a completion that is under way; after it the first result is
    /// replayed. Refusals: MissingParts, InvalidPart, NameTaken, NotFound, VersionConflict, ChecksumMismatch, QuotaExceeded, UploadClosed,
    /// Unavailable.
    /// </summary>
    [AlwaysInterleave, ResponseTimeout("00:02:00"), Alias("Complete")]
    Task<EntryResult> CompleteAsync(CompleteUploadCommand command, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes the file without its bytes, by a proof that the uploader has a content that the owner has already. A repeat gives the same file.
    /// When it is refused the session stays open. Refusals: as those of completing it, NotFound (no such content), ChecksumMismatch (wrong proof), Forbidden
    /// (too many proofs in this session), Throttled (too many wrong ones in this hour), Invalid, Busy.
    /// </summary>
    [AlwaysInterleave, Alias("Prove")]
    Task<EntryResult> ProveAsync(ProvePossessionCommand command, CancellationToken cancellationToken = default);

    /// <summary>Ends the session without a file and gives its quota back. A repeat succeeds. Refusal: UploadClosed when completed or completing.</summary>
    [AlwaysInterleave, Alias("Abort")]
    Task<Outcome> AbortAsync(CancellationToken cancellationToken = default);

    /// <summary>Called by the janitor: finishes a completion that a crash left, or ends the session when its time is over.</summary>
    [AlwaysInterleave, ResponseTimeout("00:02:00"), Alias("Recover")]
    Task RecoverAsync(CancellationToken cancellationToken = default);
}

/// <summary>What became of a part that a writer was given the right to store.</summary>
[GenerateSerializer, Alias("gv.PartEnd")]
public enum PartEnd
{
    /// <summary>The ledger has it.</summary>
    Acknowledged = 1,

    /// <summary>It is not known to be stored.</summary>
    Failed = 2,

    /// <summary>It was stored, and the ledger did not accept the permit's epoch any more.</summary>
    Fenced = 3,

    /// <summary>The store does not know the multipart upload any more, so all its parts are lost.</summary>
    UploadLost = 4,
}

/// <summary>The right to store one part.</summary>
/// <param name="Refusal">Why not; null when granted or when <paramref name="Stored"/> answers.</param>
/// <param name="Stored">The part is in the ledger with the same SHA-256: nothing is to be written.</param>
/// <param name="ObjectKey">Key of the object.</param>
/// <param name="StoreUploadId">Multipart upload at the store; null when the object is written whole.</param>
/// <param name="Epoch">Epoch under which the ledger accepts the part.</param>
/// <param name="IsGrowing">The session's size is not known: quota is reserved with the part.</param>
/// <param name="Ticket">Tells this right from later ones for the same number: only its holder can give it back.</param>
[GenerateSerializer, Immutable, Alias("gv.PartPermit")]
public sealed record PartPermit(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] PartInfo? Stored,
    [property: Id(2)] string? ObjectKey,
    [property: Id(3)] string? StoreUploadId,
    [property: Id(4)] long Epoch,
    [property: Id(5)] bool IsGrowing,
    [property: Id(6)] long Ticket);
