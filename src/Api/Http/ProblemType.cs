namespace GrainVault.Api.Http;

/// <summary>A kind of problem (RFC 9457): its stable slug, its one status code and its title.</summary>
internal sealed record ProblemType(string Slug, int Status, string Title);

/// <summary>All problem types. Clients rely on the slugs.</summary>
internal static class ProblemTypes
{
    public static readonly ProblemType Invalid = new("invalid", 400, "A value is not valid");
    public static readonly ProblemType BadRequest = new("bad-request", 400, "The request is malformed");
    public static readonly ProblemType PartSize = new("part-size", 400, "The part has the wrong size");
    public static readonly ProblemType WeakPassword = new("weak-password", 400, "The password is too weak");
    public static readonly ProblemType Unauthorized = new("unauthorized", 401, "No valid token");
    public static readonly ProblemType BadCredentials = new("bad-credentials", 401, "The credentials are not right");
    public static readonly ProblemType Forbidden = new("forbidden", 403, "Not allowed");
    public static readonly ProblemType NotFound = new("not-found", 404, "Not found");
    public static readonly ProblemType MethodNotAllowed = new("method-not-allowed", 405, "Method not allowed");
    public static readonly ProblemType RequestTimeout = new("request-timeout", 408, "The request came too slowly");
    public static readonly ProblemType NameTaken = new("name-taken", 409, "The name is taken");
    public static readonly ProblemType EmailTaken = new("email-taken", 409, "The email address has an account");
    public static readonly ProblemType UploadClosed = new("upload-closed", 409, "The upload is closed");
    public static readonly ProblemType MissingParts = new("missing-parts", 409, "Parts are missing");
    public static readonly ProblemType InvalidPart = new("invalid-part", 409, "A part is not as recorded");
    public static readonly ProblemType FolderCircle = new("folder-circle", 409, "A folder can't stand in itself");
    public static readonly ProblemType TooDeep = new("too-deep", 409, "The folder would stand too deep");
    public static readonly ProblemType InTrash = new("in-trash", 409, "It is in the trash");
    public static readonly ProblemType Superseded = new("superseded", 409, "A newer request took over");
    public static readonly ProblemType CurrentVersion = new("current-version", 409, "It is the current version");
    public static readonly ProblemType TooManyUploads = new("too-many-uploads", 409, "Too many unfinished uploads");
    public static readonly ProblemType TooManyShares = new("too-many-shares", 409, "Too many shares with the user");
    public static readonly ProblemType CursorExpired = new("cursor-expired", 410, "The cursor is too old");
    public static readonly ProblemType LengthRequired = new("length-required", 411, "Content-Length is required");
    public static readonly ProblemType VersionConflict = new("version-conflict", 412, "The file has another version");
    public static readonly ProblemType PreconditionFailed = new("precondition-failed", 412, "A precondition failed");
    public static readonly ProblemType TooLarge = new("too-large", 413, "Too large");
    public static readonly ProblemType UnsupportedMediaType = new("unsupported-media-type", 415, "Unsupported media type");
    public static readonly ProblemType RangeNotSatisfiable = new("range-not-satisfiable", 416, "The range is not satisfiable");
    public static readonly ProblemType ChecksumMismatch = new("checksum-mismatch", 422, "Content and checksum differ");
    public static readonly ProblemType IdempotencyKeyReused = new("idempotency-key-reused", 422, "The idempotency key was used for another request");
    public static readonly ProblemType Throttled = new("throttled", 429, "Too many requests");
    public static readonly ProblemType Busy = new("busy", 503, "Not finished yet");
    public static readonly ProblemType Overloaded = new("overloaded", 503, "Too much to do at once");
    public static readonly ProblemType Unavailable = new("unavailable", 503, "A dependency is down");
    public static readonly ProblemType StoreFull = new("store-full", 503, "The object store is full");
    public static readonly ProblemType Unexpected = new("unexpected", 503, "Something unexpected happened");
    public static readonly ProblemType QuotaExceeded = new("quota-exceeded", 507, "The quota is exceeded");

    /// <summary>The one table from what grains refuse to what clients see.</summary>
    public static ProblemType Of(RefusalReason reason) => reason switch
    {
        RefusalReason.NotFound => NotFound,
        RefusalReason.Forbidden => Forbidden,
        RefusalReason.Invalid => Invalid,
        RefusalReason.NameTaken => NameTaken,
        RefusalReason.UploadClosed => UploadClosed,
        RefusalReason.MissingParts => MissingParts,
        RefusalReason.WrongPartSize => PartSize,
        RefusalReason.TooLarge => TooLarge,
        RefusalReason.ChecksumMismatch => ChecksumMismatch,
        RefusalReason.QuotaExceeded => QuotaExceeded,
        RefusalReason.VersionConflict => VersionConflict,
        RefusalReason.EmailTaken => EmailTaken,
        RefusalReason.BadCredentials => BadCredentials,
        RefusalReason.Throttled => Throttled,
        RefusalReason.Busy => Busy,
        RefusalReason.Unavailable => Unavailable,
        RefusalReason.StoreFull => StoreFull,
        RefusalReason.InvalidPart => InvalidPart,
        RefusalReason.IdempotencyKeyReused => IdempotencyKeyReused,
        RefusalReason.WeakPassword => WeakPassword,
        RefusalReason.FolderCircle => FolderCircle,
        RefusalReason.TooDeep => TooDeep,
        RefusalReason.InTrash => InTrash,
        RefusalReason.CurrentVersion => CurrentVersion,
        RefusalReason.TooManyUploads => TooManyUploads,
        RefusalReason.TooManyShares => TooManyShares,
        RefusalReason.CursorExpired => CursorExpired,
        _ => Unexpected,
    };

    /// <summary>The type for a status that something below the endpoints answered without a body.</summary>
    public static ProblemType OfStatus(int status) => status switch
    {
        400 => BadRequest,
        401 => Unauthorized,
        403 => Forbidden,
        404 => NotFound,
        405 => MethodNotAllowed,
        408 => RequestTimeout,
        411 => LengthRequired,
        412 => PreconditionFailed,
        413 => TooLarge,
        415 => UnsupportedMediaType,
        416 => RangeNotSatisfiable,
        429 => Throttled,
        < 500 => new("refused", status, "The request was refused"),
        _ => Unexpected,
    };
}
