using Orleans;

namespace GrainVault.Files;

/// <summary>A version of a file.</summary>
/// <param name="Number">From 1; never used again.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="ContentType">Media type that the uploader gave.</param>
/// <param name="Sha256">SHA-256 of the content, lower-case hex; null until known.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="IsCurrent">It is what the file has now.</param>
/// <param name="MadeBy">Who made it.</param>
[GenerateSerializer, Immutable, Alias("gv.FileVersion")]
public sealed record FileVersion(
    [property: Id(0)] int Number,
    [property: Id(1)] long SizeBytes,
    [property: Id(2)] string ContentType,
    [property: Id(3)] string? Sha256,
    [property: Id(4)] DateTimeOffset CreatedAt,
    [property: Id(5)] bool IsCurrent,
    [property: Id(6)] string MadeBy = "");

/// <summary>A page of versions, newest first.</summary>
[GenerateSerializer, Immutable, Alias("gv.VersionPageResult")]
public sealed record VersionPageResult(
    [property: Id(0)] Refusal? Refusal,
    [property: Id(1)] List<FileVersion> Versions,
    [property: Id(2)] string? NextCursor);
