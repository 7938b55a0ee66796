using GrainVault.Files;
using Orleans;

namespace GrainVault.Uploads;

/// <summary>
/// Writes content to the object store: the only grain that sees any, one bounded buffer a call. Stateless worker, keys
/// <c>w-0</c> to <c>w-63</c>. The buffer may be used again only when a call has answered; after a timeout or cancellation it must not.
/// </summary>
[Alias("gv.IPartWriterGrain")]
public interface IPartWriterGrain : IGrainWithStringKey
{
    /// <summary>Number of keys.</summary>
    public const int KeyCount = 64;

    /// <summary>Stores one part of a session and acknowledges it in the ledger. Refusals: as <see cref="IUploadSessionGrain.BeginPartAsync"/>, Unavailable, StoreFull.</summary>
    [ResponseTimeout("00:06:00"), Alias("WritePart")]
    Task<PartResult> WritePartAsync(WritePartCommand command, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes a whole file of at most one part in one call: intent, store, commit. A repeat with the same file id returns the
    /// first result. Refusals: as <see cref="IUploadSessionGrain.CreateAsync"/>, Unavailable, StoreFull.
    /// </summary>
    [ResponseTimeout("00:06:00"), Alias("WriteFile")]
    Task<EntryResult> WriteFileAsync(WriteFileCommand command, CancellationToken cancellationToken = default);
}

/// <summary>Bytes, passed by reference within a process; they must not change until the call has ended.</summary>
[GenerateSerializer, Immutable, Alias("gv.PartContent")]
public sealed record PartContent([property: Id(0)] ReadOnlyMemory<byte> Bytes);

/// <summary>One part on its way to the store.</summary>
/// <param name="UploadId">Session.</param>
/// <param name="Number">From 1.</param>
/// <param name="Content">The bytes.</param>
/// <param name="Sha256">SHA-256 of the bytes, 32 bytes, computed while they were read.</param>
[GenerateSerializer, Immutable, Alias("gv.WritePartCommand")]
public sealed record WritePartCommand(
    [property: Id(0)] string UploadId,
    [property: Id(1)] int Number,
    [property: Id(2)] PartContent Content,
    [property: Id(3)] byte[] Sha256);

/// <summary>One whole small file on its way to the store.</summary>
/// <param name="FileId">Id of the new file, made by the front end.</param>
/// <param name="Name">Name.</param>
/// <param name="ParentId">Folder; null for the root.</param>
/// <param name="ContentType">Media type; null for application/octet-stream.</param>
/// <param name="OnConflict">What happens when the name is taken.</param>
/// <param name="Content">The bytes.</param>
/// <param name="Sha256">SHA-256 of the bytes, 32 bytes.</param>
[GenerateSerializer, Immutable, Alias("gv.WriteFileCommand")]
public sealed record WriteFileCommand(
    [property: Id(0)] string FileId,
    [property: Id(1)] string Name,
    [property: Id(2)] string? ParentId,
    [property: Id(3)] string? ContentType,
    [property: Id(4)] OnConflict OnConflict,
    [property: Id(5)] PartContent Content,
    [property: Id(6)] byte[] Sha256);
