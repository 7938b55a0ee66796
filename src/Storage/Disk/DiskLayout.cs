using System.Globalization;

namespace GrainVault.Storage.Disk;

/// <summary>
/// Where things lie under the store's root. <c>+</c> stands in no key and sorts before every character of keys, so
/// names never collide and the order of names is the order of keys.
/// </summary>
/// <remarks>
/// <code>
/// keys/objects/ab/&lt;id&gt;+obj                 a whole object, or the manifest of a multipart object
/// keys/objects/ab/&lt;id&gt;+open-&lt;upload&gt;/00001   a part of an unfinished upload
/// keys/objects/ab/&lt;id&gt;+parts-&lt;upload&gt;/00001  the same part after completion
/// tmp/&lt;process&gt;/                           files being written; the folder is locked while its process lives
/// trash/                                     what is being deleted; nothing in here can live again
/// </code>
/// </remarks>
internal sealed class DiskLayout(string root)
{
    public const string ObjectSuffix = "+obj";
    public const string OpenInfix = "+open-";
    public const string SealedInfix = "+parts-";
    private const string PartFormat = "00000";

    /// <summary>Length of an upload's id: a version 7 UUID as hex, so that it tells when the upload began.</summary>
    public const int UploadIdLength = 32;

    public string Root { get; } = Path.GetFullPath(root);

    public string Keys => Path.Combine(Root, "keys");

    public string Temporary => Path.Combine(Root, "tmp");

    public string Trash => Path.Combine(Root, "trash");

    /// <summary>File of a whole object or manifest.</summary>
    public string ObjectFile(string key) => KeyPath(key) + ObjectSuffix;

    /// <summary>Folder in which everything of a key stands.</summary>
    public string FolderOf(string key) => Path.GetDirectoryName(KeyPath(key))!;

    /// <summary>Folder of an unfinished upload's parts.</summary>
    public string OpenUpload(string key, string uploadId) => KeyPath(key) + OpenInfix + uploadId;

    /// <summary>Folder of the parts after completion; no part can be written to it.</summary>
    public string SealedUpload(string key, string uploadId) => KeyPath(key) + SealedInfix + uploadId;

    /// <summary>File of a part in one of the two folders.</summary>
    public static string PartFile(string uploadFolder, int number) =>
        Path.Combine(uploadFolder, number.ToString(PartFormat, CultureInfo.InvariantCulture));

    /// <summary>Number of a part from its file's name; 0 for a foreign file.</summary>
    public static int PartNumber(ReadOnlySpan<char> fileName) =>
        fileName.Length == PartFormat.Length && int.TryParse(fileName, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    /// <summary>True for ids that this store gave; another store's id is simply not known here.</summary>
    public static bool IsUploadId(string? id) =>
        id is { Length: UploadIdLength } && !id.AsSpan().ContainsAnyExcept("0123456789abcdef");

    /// <summary>When the upload of this id began.</summary>
    public static DateTimeOffset InitiatedAt(string uploadId) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(uploadId.AsSpan(0, 12), NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private string KeyPath(string key)
    {
        ObjectKeys.Check(key);
        return Path.Combine(Keys, key);
    }
}
