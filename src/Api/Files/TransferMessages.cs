using GrainVault.Files;

namespace GrainVault.Api.Files;

/// <summary>Body that offers an entry to another user.</summary>
/// <param name="To">The user, by id or email.</param>
internal sealed record TransferRequest(string To);

/// <summary>An offer to give an entry, with what is below it, to another user.</summary>
/// <param name="FileId">The file or folder.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="Size">Size of a file in bytes; absent for anything else: how much is in a folder may change until it is accepted, which says whether it fits.</param>
/// <param name="FromId">Owner who offers it.</param>
/// <param name="FromName">How the owner is called.</param>
/// <param name="ToId">User to whom it is offered.</param>
/// <param name="CreatedAt">Since when.</param>
/// <param name="ExpiresAt">Until when it can be accepted.</param>
internal sealed record TransferAnswer(
    string FileId, EntryKind Kind, string Name, long? Size, string FromId, string FromName, string ToId, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>The wire form of an offer.</summary>
    public static TransferAnswer From(Transfer transfer) => new(
        transfer.EntryId,
        transfer.Kind,
        transfer.Name,
        transfer.Kind == EntryKind.File ? transfer.SizeBytes : null,
        transfer.FromId,
        transfer.FromName,
        transfer.ToId,
        transfer.CreatedAt,
        transfer.ExpiresAt);
}

/// <summary>A page of offers.</summary>
/// <param name="Transfers">The offers.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last.</param>
internal sealed record TransferPageAnswer(IReadOnlyList<TransferAnswer> Transfers, string? NextCursor);
