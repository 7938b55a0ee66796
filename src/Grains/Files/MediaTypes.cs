namespace GrainVault.Files;

/// <summary>Media types that uploaders give.</summary>
internal static class MediaTypes
{
    /// <summary>Media type of a content whose uploader gave none.</summary>
    public const string Default = "application/octet-stream";

    private const int LengthMax = 255;

    /// <summary>
    /// Why a media type is not valid; null when it is or there is none. It becomes a header of every download, so it is
    /// visible ASCII.
    /// </summary>
    public static Refusal? Check(string? contentType) =>
        contentType is null || (contentType.Length is > 0 and <= LengthMax && contentType.All(character => character is >= ' ' and <= '~'))
            ? null
            : Refusals.Invalid("A content type has 1 to 255 visible ASCII characters.");
}
