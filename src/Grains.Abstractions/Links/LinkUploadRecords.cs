using GrainVault.Uploads;
using Orleans;

namespace GrainVault.Links;

/// <summary>A file that a visitor puts into the folder of a link. A name that is taken there is made another, and nobody hears of it.</summary>
/// <param name="UploadId">Id of the session, made by the front end.</param>
/// <param name="Name">Name of the file.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="ContentType">Media type; null when unknown.</param>
/// <param name="PartSizeBytes">Part size; null for the default.</param>
/// <param name="Sha256">SHA-256 of the content, lower-case hex, verified at completion; null for none.</param>
[GenerateSerializer, Immutable, Alias("gv.LinkUploadCommand")]
public sealed record LinkUploadCommand(
    [property: Id(0)] string UploadId,
    [property: Id(1)] string Name,
    [property: Id(2)] long SizeBytes,
    [property: Id(3)] string? ContentType,
    [property: Id(4)] long? PartSizeBytes,
    [property: Id(5)] string? Sha256);

/// <summary>A session of a visitor.</summary>
/// <param name="Refusal">Null for success.</param>
/// <param name="Upload">The session.</param>
/// <param name="Secret">The right to go on with it, told once.</param>
[GenerateSerializer, Immutable, Alias("gv.LinkUploadResult")]
public sealed record LinkUploadResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] UploadInfo? Upload, [property: Id(2)] string? Secret)
{
    /// <inheritdoc/>
    public override string ToString() => "upload by a link";
}

/// <summary>The right to put files into the folder of a link.</summary>
/// <param name="Refusal">Null for success.</param>
/// <param name="LinkId">The link: who acts; see <see cref="Caller.ActByLink"/>.</param>
/// <param name="FolderId">The folder. Visitors don't learn it.</param>
/// <param name="FileSizeBytesMax">Largest file, in bytes.</param>
/// <param name="OwnerId">Whose the folder is; null when refused.</param>
[GenerateSerializer, Immutable, Alias("gv.LinkUploadRight")]
public sealed record LinkUploadRight(
    [property: Id(0)] Refusal? Refusal, [property: Id(1)] string LinkId, [property: Id(2)] string FolderId, [property: Id(3)] long FileSizeBytesMax,
    [property: Id(4)] string? OwnerId = null);
