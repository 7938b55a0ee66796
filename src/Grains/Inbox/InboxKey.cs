using System.Text;
using GrainVault.Files;
using GrainVault.Storage;

namespace GrainVault.Inbox;

/// <summary>What the key of an object in the inbox says: <c>inbox/&lt;user&gt;/&lt;any folders&gt;/&lt;name&gt;</c>.</summary>
/// <param name="UserId">Whose file it becomes; not checked.</param>
/// <param name="Name">Name of the file: the last segment, made valid.</param>
internal sealed record InboxKey(string UserId, string Name)
{
    private const char Substitute = '_';

    /// <summary>Longest extension that a name keeps when it is cut, in UTF-8 bytes with the dot.</summary>
    private const int ExtensionSizeBytesMax = 32;

    /// <summary>Reads a key; null when it names no user or no file.</summary>
    public static InboxKey? Parse(string key)
    {
        if (!ObjectKeys.IsInboxKey(key))
            return null;
        var rest = key[ObjectKeys.InboxPrefix.Length..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return null;
        var name = Fit(Clean(rest[(rest.LastIndexOf('/') + 1)..]));
        return EntryNames.Check(name) is null ? new InboxKey(rest[..slash], name) : null;
    }

    /// <summary>True for what consoles and tools put there to show a folder: it is no file, and nobody misses it.</summary>
    public static bool IsFolder(ListedObject item) => item.SizeBytes == 0 && item.Key.EndsWith('/');

    private static string Clean(string segment)
    {
        var name = new StringBuilder(segment.Length);
        foreach (var rune in segment.EnumerateRunes())
        {
            // With a character in front, since a name of dots alone is another matter.
            if (EntryNames.Check($"x{rune}") is null)
                name.Append(rune.ToString());
            else
                name.Append(Substitute);
        }

        return name.ToString();
    }

    private static string Fit(string name)
    {
        if (Encoding.UTF8.GetByteCount(name) <= EntryNames.SizeBytesMax)
            return name;
        var dot = name.LastIndexOf('.');
        var extension = dot > 0 && Encoding.UTF8.GetByteCount(name.AsSpan(dot)) <= ExtensionSizeBytesMax ? name[dot..] : "";
        var room = EntryNames.SizeBytesMax - Encoding.UTF8.GetByteCount(extension);
        var length = 0;
        foreach (var rune in name.EnumerateRunes())
        {
            room -= rune.Utf8SequenceLength;
            if (room < 0)
                break;
            length += rune.Utf16SequenceLength;
        }

        return name[..length] + extension;
    }
}
