using GrainVault.Files;
using Orleans;

namespace GrainVault.Uploads;

/// <summary>Bytes of a content.</summary>
/// <param name="Offset">Position of the first, from 0.</param>
/// <param name="LengthBytes">Number of bytes, 1 or more.</param>
[GenerateSerializer, Immutable, Alias("gv.ContentRange")]
public sealed record ContentRange([property: Id(0)] long Offset, [property: Id(1)] long LengthBytes);

/// <summary>
/// What somebody has to show who says that he has a content: the SHA-256 of the nonce, as text, and these bytes of the content behind it.
/// Who knows no more than the content's own hash can't.
/// </summary>
/// <param name="Nonce">32 hexadecimal digits, of this session alone.</param>
/// <param name="Ranges">At most 4 ranges, ascending.</param>
[GenerateSerializer, Immutable, Alias("gv.PossessionChallenge")]
public sealed record PossessionChallenge([property: Id(0)] string Nonce, [property: Id(1)] List<ContentRange> Ranges);

/// <summary>A proof that the uploader has the content, and what is otherwise said at completion.</summary>
/// <param name="Proof">The SHA-256 that was asked for, 64 lower-case hexadecimal digits.</param>
/// <param name="Name">Another name than at creation; null to keep it.</param>
/// <param name="ParentId">Another folder than at creation; null to keep it.</param>
/// <param name="OnConflict">Another rule than at creation; null to keep it.</param>
[GenerateSerializer, Immutable, Alias("gv.ProvePossessionCommand")]
public sealed record ProvePossessionCommand(
    [property: Id(0)] string Proof,
    [property: Id(1)] string? Name,
    [property: Id(2)] string? ParentId,
    [property: Id(3)] OnConflict? OnConflict);
