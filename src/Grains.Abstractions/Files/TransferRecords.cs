using Orleans;

namespace GrainVault.Files;

/// <summary>An offer to give an entry, with what is below it, to another user.</summary>
/// <param name="EntryId">The entry.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="SizeBytes">Size of a file, in bytes; 0 for anything else, which says nothing of what is in a folder.</param>
/// <param name="FromId">Owner who offers it.</param>
/// <param name="FromName">How the owner is called: name, or the part of the address before the @ where there is none.</param>
/// <param name="ToId">User to whom it is offered.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="ExpiresAt">Until when it can be accepted.</param>
[GenerateSerializer, Immutable, Alias("gv.Transfer")]
public sealed record Transfer(
    [property: Id(0)] string EntryId,
    [property: Id(1)] EntryKind Kind,
    [property: Id(2)] string Name,
    [property: Id(3)] long SizeBytes,
    [property: Id(4)] string FromId,
    [property: Id(5)] string FromName,
    [property: Id(6)] string ToId,
    [property: Id(7)] DateTimeOffset CreatedAt,
    [property: Id(8)] DateTimeOffset ExpiresAt);

/// <summary>Outcome that carries an offer.</summary>
[GenerateSerializer, Immutable, Alias("gv.TransferResult")]
public sealed record TransferResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] Transfer? Transfer);

/// <summary>A page of offers.</summary>
[GenerateSerializer, Immutable, Alias("gv.TransferPageResult")]
public sealed record TransferPageResult(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] List<Transfer> Transfers,
    [property: Id(2)] string? NextCursor);
