using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace GrainVault.Cluster.Tests.Load;

/// <summary>What a client was told about one file: the simple model that the system is checked against.</summary>
internal sealed class Upload(int seed, int sizeBytes)
{
    /// <summary>The smallest part size that sessions may have.</summary>
    public const int PartSizeBytes = 5 << 20;

    private const int BlockSizeBytes = 4 << 10;

    /// <summary>Made again when needed: long runs have more content than memory.</summary>
    private readonly WeakReference<byte[]> _content = new([]);

    private string? _sha256;

    public string Name { get; } = $"load-{seed}.bin";

    /// <summary>Ties repeats together whose answer was lost.</summary>
    public string IdempotencyKey { get; } = $"load-{seed}";

    public int SizeBytes { get; } = sizeBytes;

    public int PartCount => (SizeBytes + PartSizeBytes - 1) / PartSizeBytes;

    /// <summary>Null until the creation was acknowledged.</summary>
    public string? UploadId { get; set; }

    /// <summary>Null until the file was acknowledged.</summary>
    public string? FileId { get; set; }

    /// <summary>Set before a permanent delete is sent: from then on the file may or may not be there.</summary>
    public bool IsDeleteSent { get; set; }

    public bool IsDeleteAcknowledged { get; set; }

    /// <summary>A check has found that it is gone, and needn't ask again.</summary>
    public bool IsSeenGone { get; set; }

    /// <summary>Numbers of the acknowledged parts, each with the ETag of the answer.</summary>
    public ConcurrentDictionary<int, string> Parts { get; } = new();

    public string Sha256 => _sha256 ??= Convert.ToHexStringLower(SHA256.HashData(Bytes()));

    public ReadOnlyMemory<byte> Content => Bytes();

    public ReadOnlyMemory<byte> Part(int number)
    {
        var start = (number - 1) * PartSizeBytes;
        return Bytes().AsMemory(start, Math.Min(PartSizeBytes, SizeBytes - start));
    }

    private byte[] Bytes()
    {
        if (_content.TryGetTarget(out var bytes) && bytes.Length == SizeBytes)
            return bytes;
        bytes = new byte[SizeBytes];
        Fill(bytes);
        _content.SetTarget(bytes);
        return bytes;
    }

    /// <summary>One random block again and again, each with its place in it: much cheaper than as many random bytes, and no two places are alike.</summary>
    private void Fill(Span<byte> bytes)
    {
        var block = new byte[BlockSizeBytes];
        new Random(seed).NextBytes(block);
        for (var start = 0; start < bytes.Length; start += block.Length)
        {
            BinaryPrimitives.WriteInt32LittleEndian(block, start);
            block.AsSpan(0, Math.Min(block.Length, bytes.Length - start)).CopyTo(bytes[start..]);
        }
    }
}
