using System.Globalization;

namespace GrainVault.Files;

/// <summary>
/// What a request may demand of an entry (RFC 9110, section 13.1.1): the tag of its metadata, or that of its current content, which is the
/// content's <see cref="ContentDescriptor.ETag"/>. Without quotes.
/// </summary>
public static class EntryTag
{
    /// <summary>Most tags of one request.</summary>
    public const int CountMax = 100;

    /// <summary>Longest tag, in characters; no longer one is any entry's.</summary>
    public const int LengthMax = 200;

    /// <summary>The tag of metadata: the number that every change of an entry raises.</summary>
    public static string OfMetadata(long rowVersion) => string.Create(CultureInfo.InvariantCulture, $"m{rowVersion}");
}
