using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Disk;

/// <summary>One part file of a multipart object.</summary>
/// <param name="Number">Number of the part, which names its file.</param>
/// <param name="Offset">Where the part begins in the object, in bytes.</param>
/// <param name="SizeBytes">Size of the part, in bytes.</param>
internal readonly record struct ManifestPart(int Number, long Offset, long SizeBytes);

/// <summary>
/// What stands at the key of a multipart object: the upload's id, which names the folder of its part files, each part's
/// number and size, and the key, by which a manifest in the trash still leads to its parts. The parts stay where they
/// were written.
/// </summary>
internal sealed record PartManifest(string UploadId, string Key, IReadOnlyList<ManifestPart> Parts)
{
    private const int HeadSizeBytes = 16;
    private const int PartSizeBytes = 12;

    /// <summary>Size of a manifest of <paramref name="partCount"/> parts without its key, in bytes.</summary>
    public static long SizeBytesOf(int partCount) => HeadSizeBytes + ((long)partCount * PartSizeBytes);

    /// <summary>Lays out the manifest as bytes.</summary>
    public static byte[] Format(string uploadId, string key, IReadOnlyList<StoredPart> parts)
    {
        var bytes = new byte[SizeBytesOf(parts.Count) + key.Length];
        Convert.FromHexString(uploadId, bytes.AsSpan(0, HeadSizeBytes), out _, out _);
        Encoding.ASCII.GetBytes(key, bytes.AsSpan(bytes.Length - key.Length));
        for (var i = 0; i < parts.Count; i++)
        {
            var target = bytes.AsSpan(HeadSizeBytes + (i * PartSizeBytes));
            BinaryPrimitives.WriteInt32LittleEndian(target, parts[i].Number);
            BinaryPrimitives.WriteInt64LittleEndian(target[4..], parts[i].SizeBytes);
        }

        return bytes;
    }

    /// <summary>Reads only the upload's id; empty when the manifest is cut.</summary>
    public static string ReadUploadId(SafeFileHandle file)
    {
        Span<byte> bytes = stackalloc byte[HeadSizeBytes];
        return RandomAccess.Read(file, bytes, 0) == HeadSizeBytes ? Convert.ToHexStringLower(bytes) : "";
    }

    /// <summary>Reads the manifest of an open file.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="seal">Its seal.</param>
    /// <param name="name">What messages call it.</param>
    public static PartManifest Read(SafeFileHandle file, FileSeal seal, string name)
    {
        var bytes = new byte[seal.ContentSizeBytes];
        if (RandomAccess.Read(file, bytes, 0) != bytes.Length)
            throw DiskErrors.Damaged(name, "its manifest is cut");
        var parts = new ManifestPart[seal.PartCount];
        var offset = 0L;
        for (var i = 0; i < parts.Length; i++)
        {
            var source = bytes.AsSpan(HeadSizeBytes + (i * PartSizeBytes));
            var sizeBytes = BinaryPrimitives.ReadInt64LittleEndian(source[4..]);
            parts[i] = new ManifestPart(BinaryPrimitives.ReadInt32LittleEndian(source), offset, sizeBytes);
            offset += sizeBytes;
        }

        if (offset != seal.ObjectSizeBytes)
            throw DiskErrors.Damaged(name, "its parts and its size differ");
        var uploadId = Convert.ToHexStringLower(bytes.AsSpan(0, HeadSizeBytes));
        var key = Encoding.ASCII.GetString(bytes.AsSpan((int)SizeBytesOf(parts.Length)));
        return new PartManifest(uploadId, key, parts);
    }
}
