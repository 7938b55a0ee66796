using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Disk;

/// <summary>What a file of the store holds.</summary>
internal enum SealKind
{
    /// <summary>A whole object or a part: content as it came.</summary>
    Content = 1,

    /// <summary>A multipart object: the list of its part files.</summary>
    Manifest = 2,
}

/// <summary>
/// The last 64 bytes of every file of the store. They say what stands before them, so that a cut or foreign file is
/// never taken for content, ETags need no side file, and user content can never pose as a manifest.
/// </summary>
/// <param name="Kind">What the file holds.</param>
/// <param name="PartCount">Number of parts of a multipart object; 0 otherwise.</param>
/// <param name="ObjectSizeBytes">Size of the object or part in bytes.</param>
/// <param name="ContentSizeBytes">Bytes in this file before the seal.</param>
/// <param name="Hash">32 bytes: SHA-256 of the content, or of the part hashes in order for a manifest.</param>
internal readonly record struct FileSeal(SealKind Kind, int PartCount, long ObjectSizeBytes, long ContentSizeBytes, ReadOnlyMemory<byte> Hash)
{
    /// <summary>Size of a seal, in bytes.</summary>
    public const int SizeBytes = 64;

    /// <summary>Bytes of the hash that make the ETag; 16 as with MD5, so that clients see the usual length.</summary>
    public const int ETagHashSizeBytes = 16;

    private static ReadOnlySpan<byte> Magic => "GVSEAL01"u8;

    /// <summary>ETag of the object or part: hex, with <c>-N</c> for N parts, as S3 shows them.</summary>
    public string ETag
    {
        get
        {
            var hash = Convert.ToHexStringLower(Hash.Span[..ETagHashSizeBytes]);
            return Kind == SealKind.Manifest ? $"{hash}-{PartCount}" : hash;
        }
    }

    /// <summary>ETag that a part or whole object of this SHA-256 has.</summary>
    public static string ETagOf(ReadOnlySpan<byte> sha256) => Convert.ToHexStringLower(sha256[..ETagHashSizeBytes]);

    /// <summary>Writes the seal into <paramref name="target"/>, <see cref="SizeBytes"/> long.</summary>
    public void Format(Span<byte> target)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], (int)Kind);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], PartCount);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], ObjectSizeBytes);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], ContentSizeBytes);
        Hash.Span[..32].CopyTo(target[32..]);
    }

    /// <summary>Reads the seal of an open file and checks it against the file's length.</summary>
    /// <exception cref="ObjectStoreException">The file is cut or foreign.</exception>
    public static FileSeal Read(SafeFileHandle file, string key)
    {
        var bytes = new byte[SizeBytes];
        var contentSizeBytes = RandomAccess.GetLength(file) - SizeBytes;
        if (contentSizeBytes < 0 || RandomAccess.Read(file, bytes, contentSizeBytes) != SizeBytes || !bytes.AsSpan().StartsWith(Magic))
            throw DiskErrors.Damaged(key, "it has no seal");
        var seal = new FileSeal(
            (SealKind)BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8)),
            BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)),
            BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16)),
            BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(24)),
            bytes.AsMemory(32));
        var consistent = seal.Kind switch
        {
            SealKind.Content => seal.ObjectSizeBytes == contentSizeBytes,
            SealKind.Manifest => seal.PartCount > 0 && contentSizeBytes > PartManifest.SizeBytesOf(seal.PartCount),
            _ => false,
        };
        return consistent && seal.ContentSizeBytes == contentSizeBytes
            ? seal
            : throw DiskErrors.Damaged(key, "its seal and its length differ");
    }
}
