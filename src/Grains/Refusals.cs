using System.Globalization;
using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Links;
using GrainVault.Storage;

namespace GrainVault;

/// <summary>The refusals of grains, with one wording each.</summary>
internal static class Refusals
{
    /// <summary>When to come back after a dependency did not answer, in seconds.</summary>
    private const int DependencyRetrySeconds = 5;

    public static Refusal NotFound(string what) => new(RefusalReason.NotFound, $"There is no such {what}.");

    public static Refusal Invalid(string detail) => new(RefusalReason.Invalid, detail);

    public static Refusal Busy(string detail, int retryAfterSeconds = 1) => new(RefusalReason.Busy, detail, retryAfterSeconds);

    public static Refusal UploadClosed { get; } = new(RefusalReason.UploadClosed, "The upload session is no longer open.");

    public static Refusal BadCredentials { get; } = new(RefusalReason.BadCredentials, "Unknown user or wrong password.");

    public static Refusal Throttled(int seconds) =>
        new(RefusalReason.Throttled, string.Create(CultureInfo.InvariantCulture, $"Too many failed attempts; try again in {seconds} s."), seconds);

    /// <summary>The refusal for a reason that carries no details of its own, as the functions in <c>sql/</c> return it.</summary>
    public static Refusal From(RefusalReason reason) => reason switch
    {
        RefusalReason.NotFound => NotFound("file or folder"),
        RefusalReason.Forbidden => new(reason, "You may not do this."),
        RefusalReason.NameTaken => new(reason, "An entry of this name exists in the folder."),
        RefusalReason.UploadClosed => UploadClosed,
        RefusalReason.QuotaExceeded => new(reason, "The quota does not allow it."),
        RefusalReason.VersionConflict => new(reason, "The file has another version than expected."),
        RefusalReason.EmailTaken => new(reason, "An account with this email exists."),
        RefusalReason.ChecksumMismatch => new(reason, "The content does not have the announced SHA-256."),
        RefusalReason.InvalidPart => new(reason, "Parts are not those that were acknowledged or listed, or not of their size; send them again."),
        RefusalReason.FolderCircle => new(reason, "A folder can't stand in itself or below itself."),
        RefusalReason.TooDeep => new(reason, $"Folders stand at most {EntryListing.FolderDepthMax} deep."),
        RefusalReason.InTrash => new(reason, "The entry or a folder above it is in the trash; restore it first."),
        RefusalReason.CurrentVersion => new(reason, "The current version can't be removed; restore another one or remove the file."),
        RefusalReason.TooManyUploads => new(reason, "There are too many unfinished uploads; complete or end some first."),
        RefusalReason.TooManyShares => new(reason, "Too much is shared with this user, by you or by others; end some shares first."),
        RefusalReason.CursorExpired => new(reason, "Changes after this cursor may be gone; read the feed from its beginning."),
        RefusalReason.Unavailable => new(reason, "The store took too long; try again.", DependencyRetrySeconds),
        _ => new(reason, "The command was refused."),
    };

    /// <summary>The refusal that a statement has raised.</summary>
    public static Refusal From(RefusedException refused) => VisitRefusals.Find(refused.Constraint) ?? From(refused.Reason);

    /// <summary>The refusal for a failed store call; its effect is unknown and nothing was acknowledged.</summary>
    public static Refusal From(ObjectStoreException exception) => exception.Error switch
    {
        ObjectStoreError.Full => new(RefusalReason.StoreFull, "The object store has no room left.", 60),
        ObjectStoreError.UploadNotFound or ObjectStoreError.InvalidPart =>
            new(RefusalReason.InvalidPart, "The object store has lost parts of this upload."),
        _ => new(RefusalReason.Unavailable, "The object store does not answer.", DependencyRetrySeconds),
    };
}
