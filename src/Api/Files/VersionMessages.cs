using GrainVault.Files;

namespace GrainVault.Api.Files;

/// <summary>A version of a file.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="ContentType">Media type.</param>
/// <param name="Sha256">SHA-256 of the content in lower-case hexadecimal; absent until known.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="IsCurrent">It is what the file has now.</param>
/// <param name="MadeBy">Id of who made it.</param>
internal sealed record VersionAnswer(int Number, long Size, string ContentType, string? Sha256, DateTimeOffset CreatedAt, bool IsCurrent, string MadeBy)
{
    /// <summary>The wire form of a version.</summary>
    public static VersionAnswer From(FileVersion version) =>
        new(version.Number, version.SizeBytes, version.ContentType, version.Sha256, version.CreatedAt, version.IsCurrent, version.MadeBy);
}

/// <summary>A page of versions, newest first.</summary>
/// <param name="Versions">The versions.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last.</param>
internal sealed record VersionPageAnswer(IReadOnlyList<VersionAnswer> Versions, string? NextCursor);
