using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace GrainVault.Crash.Tests;

/// <summary>What the client was told about one upload: the simple model that the system is checked against.</summary>
internal sealed class Expectation(int seed, int size, int partSize)
{
    /// <summary>Made again when needed: long runs have more content than memory.</summary>
    private readonly WeakReference<byte[]> _content = new([]);

    /// <summary>Ties repeats of the creation together when its answer was lost.</summary>
    public string IdempotencyKey { get; } = $"crash-{seed}";

    public string Name { get; } = $"file-{seed}.bin";

    public int Size { get; } = size;

    public int PartSize { get; } = partSize;

    public int PartCount => (Size + PartSize - 1) / PartSize;

    /// <summary>Null until the creation was acknowledged.</summary>
    public string? UploadId { get; set; }

    /// <summary>Null until the file was acknowledged.</summary>
    public string? FileId { get; set; }

    /// <summary>Set when a check has downloaded the file and found every byte.</summary>
    public bool SeenWhole { get; set; }

    /// <summary>Set before a permanent delete is sent: from then on the file may or may not be there.</summary>
    public bool DeleteSent { get; set; }

    public bool DeleteAcknowledged { get; set; }

    /// <summary>Part numbers acknowledged with 200, with the ETag of the answer.</summary>
    public ConcurrentDictionary<int, string> AcknowledgedParts { get; } = new();

    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Bytes()));

    public ReadOnlyMemory<byte> Part(int number)
    {
        var start = (number - 1) * PartSize;
        return Bytes().AsMemory(start, Math.Min(PartSize, Size - start));
    }

    public ReadOnlyMemory<byte> Content => Bytes();

    private byte[] Bytes()
    {
        if (_content.TryGetTarget(out var bytes) && bytes.Length == Size)
        {
            return bytes;
        }

        bytes = new byte[Size];
        new Random(seed).NextBytes(bytes);
        _content.SetTarget(bytes);
        return bytes;
    }
}
