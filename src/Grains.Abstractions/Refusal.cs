using Orleans;

namespace GrainVault;

/// <summary>Why a command was not carried out. The front end translates each value into one HTTP status and problem type.</summary>
[GenerateSerializer, Alias("gv.RefusalReason")]
public enum RefusalReason
{
    /// <summary>There is no such thing, or the caller must not know of it (404).</summary>
    NotFound = 1,

    /// <summary>The caller sees the thing but may not do this to it (403).</summary>
    Forbidden = 2,

    /// <summary>A value is outside its allowed range (400).</summary>
    Invalid = 3,

    /// <summary>A live entry of that name exists in the folder (409).</summary>
    NameTaken = 4,

    /// <summary>The upload session is no longer open (409).</summary>
    UploadClosed = 5,

    /// <summary>Completion was asked for while parts are missing (409); <see cref="Refusal.Parts"/> lists the first 1,000.</summary>
    MissingParts = 6,

    /// <summary>The part does not have the size that its number demands (400).</summary>
    WrongPartSize = 7,

    /// <summary>Larger than a limit allows (413).</summary>
    TooLarge = 8,

    /// <summary>Content and checksum differ (422).</summary>
    ChecksumMismatch = 9,

    /// <summary>The owner's quota does not allow it (507).</summary>
    QuotaExceeded = 10,

    /// <summary>The entry has another version than the caller expects (412).</summary>
    VersionConflict = 11,

    /// <summary>An account with this email exists (409).</summary>
    EmailTaken = 12,

    /// <summary>Unknown user or wrong password, indistinguishable (401).</summary>
    BadCredentials = 13,

    /// <summary>A rate limit; <see cref="Refusal.RetryAfterSeconds"/> says when to come back (429).</summary>
    Throttled = 14,

    /// <summary>Another request works on the same thing, or it is not finished yet; come back (503).</summary>
    Busy = 15,

    /// <summary>A store or database that the command needs does not answer (503).</summary>
    Unavailable = 16,

    /// <summary>The object store has no room left (503).</summary>
    StoreFull = 17,

    /// <summary>A part in the ledger is not in the store as recorded; the session is open again (409).</summary>
    InvalidPart = 18,

    /// <summary>The idempotency key was used for another request (422).</summary>
    IdempotencyKeyReused = 19,

    /// <summary>The password is too short, too long or very common (400).</summary>
    WeakPassword = 20,

    /// <summary>A folder would come to stand in itself (409).</summary>
    FolderCircle = 21,

    /// <summary>A folder, or one below it, would stand deeper than folders may (409).</summary>
    TooDeep = 22,

    /// <summary>The entry, or a folder above it, is in the trash (409).</summary>
    InTrash = 23,

    /// <summary>The version is the current one, which stays as long as the file does (409).</summary>
    CurrentVersion = 24,

    /// <summary>The user has as many unfinished upload sessions as one may have (409).</summary>
    TooManyUploads = 40,

    /// <summary>Changes after the cursor may be gone; the feed is to be read from its beginning (410).</summary>
    CursorExpired = 41,

    /// <summary>There are as many shares with the user as there may be, of this owner or of all (409).</summary>
    TooManyShares = 42,
}

/// <summary>An expected outcome other than success.</summary>
/// <param name="Reason">Stable reason.</param>
/// <param name="Detail">One sentence for a person; holds no secret.</param>
/// <param name="RetryAfterSeconds">When to try again, in seconds; 0 where that does not help.</param>
/// <param name="Parts">Part numbers that the reason is about; null where it is not about parts.</param>
/// <param name="CurrentVersion">With VersionConflict: number of the version that the file has, 0 for what has none; null where it is not told.</param>
/// <param name="CurrentTag">With VersionConflict: the tag, without quotes, that the request would have to name; null where it is not told.</param>
[GenerateSerializer, Immutable, Alias("gv.Refusal")]
public sealed record Refusal(
    [property: Id(0)] RefusalReason Reason,
    [property: Id(1)] string Detail,
    [property: Id(2)] int RetryAfterSeconds = 0,
    [property: Id(3)] int[]? Parts = null,
    [property: Id(4)] int? CurrentVersion = null,
    [property: Id(5)] string? CurrentTag = null);

/// <summary>Outcome of a command that returns nothing but success.</summary>
/// <param name="Refusal">Null for success.</param>
[GenerateSerializer, Immutable, Alias("gv.Outcome")]
public sealed record Outcome([property: Id(0)] Refusal? Refusal)
{
    /// <summary>Success.</summary>
    public static Outcome Done { get; } = new((Refusal?)null);
}
