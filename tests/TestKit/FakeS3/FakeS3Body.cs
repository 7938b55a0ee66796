using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace GrainVault.TestKit.FakeS3;

/// <summary>The body of a request, read to its end.</summary>
/// <param name="Content">As it would be stored.</param>
/// <param name="Bytes">All of it; empty when the server keeps no bytes and it was content.</param>
/// <param name="Sha256Hex">SHA-256 of what came.</param>
internal sealed record FakeS3Body(FakeContent Content, byte[] Bytes, string Sha256Hex)
{
    private const int BufferSizeBytes = 64 << 10;

    public static async Task<FakeS3Body> ReadAsync(HttpRequest request, bool keepsBytes)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var kept = new MemoryStream(keepsBytes ? (int)Math.Min(request.ContentLength ?? 0, int.MaxValue) : 0);
        var buffer = new byte[BufferSizeBytes];
        var (size, count) = (0L, 0);
        while ((count = await request.Body.ReadAsync(buffer)) > 0)
        {
            md5.AppendData(buffer, 0, count);
            sha256.AppendData(buffer, 0, count);
            if (keepsBytes)
                kept.Write(buffer, 0, count);
            size += count;
        }

        var bytes = kept.ToArray();
        return new FakeS3Body(
            keepsBytes ? FakeContent.Of(bytes) : FakeContent.Forgotten(size, md5.GetHashAndReset()), bytes, Convert.ToHexStringLower(sha256.GetHashAndReset()));
    }
}
