using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace GrainVault.TestKit.FakeS3;

/// <summary>Bytes of an object or part: kept, or only as many zeros as there were bytes.</summary>
public sealed class FakeContent
{
    private static readonly byte[] Zeros = new byte[1 << 20];
    private static readonly ConcurrentDictionary<long, byte[]> HashesOfZeros = new();

    /// <summary>Zeros past this many bytes get a hash of their number instead, since hashing gigabytes takes seconds.</summary>
    private const long HashedSizeBytesMax = 64 << 20;

    private readonly IReadOnlyList<(byte[]? Bytes, long SizeBytes)> _pieces;

    private FakeContent(IReadOnlyList<(byte[]? Bytes, long SizeBytes)> pieces, byte[] md5)
    {
        _pieces = pieces;
        Md5 = md5;
        SizeBytes = pieces.Sum(piece => piece.SizeBytes);
    }

    public long SizeBytes { get; }

    /// <summary>MD5 of what came, which is what a part's ETag shows.</summary>
    public byte[] Md5 { get; }

    /// <summary>Content that is kept.</summary>
    public static FakeContent Of(byte[] bytes) => new([(bytes, bytes.Length)], MD5.HashData(bytes));

    /// <summary>Content of which only size and hash are kept.</summary>
    public static FakeContent Forgotten(long sizeBytes, byte[] md5) => new([(null, sizeBytes)], md5);

    /// <summary>That many zeros, none of them kept.</summary>
    public static FakeContent Sparse(long sizeBytes) => new([(null, sizeBytes)], HashesOfZeros.GetOrAdd(sizeBytes, HashOfZeros));

    /// <summary>One behind the other.</summary>
    public static FakeContent Concat(IEnumerable<FakeContent> parts)
    {
        var all = parts.ToList();
        return new FakeContent([.. all.SelectMany(part => part._pieces)], MD5.HashData(all.SelectMany(part => part.Md5).ToArray()));
    }

    /// <summary>The same bytes as one piece, as a copy has them: its hash is that of the bytes.</summary>
    public async Task<FakeContent> FlattenAsync()
    {
        if (_pieces.Count == 1)
            return this;
        if (_pieces.All(piece => piece.Bytes is null))
            return Sparse(SizeBytes);
        return await SliceAsync(0, SizeBytes);
    }

    /// <summary>A range of the bytes as content of its own.</summary>
    public async Task<FakeContent> SliceAsync(long offset, long length)
    {
        using var copy = new MemoryStream();
        await WriteAsync(copy, offset, length, CancellationToken.None);
        return Of(copy.ToArray());
    }

    /// <summary>Writes a range of the bytes.</summary>
    public async Task WriteAsync(Stream target, long offset, long length, CancellationToken cancellationToken)
    {
        foreach (var (bytes, sizeBytes) in _pieces)
        {
            if (length == 0)
                return;
            if (offset >= sizeBytes)
            {
                offset -= sizeBytes;
                continue;
            }

            var count = Math.Min(length, sizeBytes - offset);
            for (var done = 0L; done < count;)
            {
                var step = (int)Math.Min(count - done, Zeros.Length);
                await target.WriteAsync(bytes is null ? Zeros.AsMemory(0, step) : bytes.AsMemory((int)(offset + done), step), cancellationToken);
                done += step;
            }

            (offset, length) = (0, length - count);
        }
    }

    private static byte[] HashOfZeros(long sizeBytes)
    {
        if (sizeBytes > HashedSizeBytesMax)
            return MD5.HashData(BitConverter.GetBytes(sizeBytes));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        for (var done = 0L; done < sizeBytes; done += Zeros.Length)
            hash.AppendData(Zeros, 0, (int)Math.Min(Zeros.Length, sizeBytes - done));
        return hash.GetHashAndReset();
    }
}
