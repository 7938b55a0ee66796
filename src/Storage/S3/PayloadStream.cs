using System.Security.Cryptography;
using GrainVault.Storage.Buffers;

namespace GrainVault.Storage.S3;

/// <summary>The body of a PUT together with its SHA-256, which the signature needs and the caller already has.</summary>
internal sealed class PayloadStream(StoreContent content) : ReadOnlyMemoryStream(content.Bytes)
{
    private readonly ReadOnlyMemory<byte> _sha256 = content.Sha256.IsEmpty ? SHA256.HashData(content.Bytes.Span) : content.Sha256;

    /// <summary>SHA-256 of the body as lower-case hex.</summary>
    public string Sha256Hex => Convert.ToHexStringLower(_sha256.Span);

    /// <summary>SHA-256 of the body in base64, as checksum headers have it.</summary>
    public string Sha256Base64 => Convert.ToBase64String(_sha256.Span);

    /// <summary>A stream for one attempt: the one of an attempt that timed out may still be read by its connection.</summary>
    public Stream OpenAttempt() => new ReadOnlyMemoryStream(content.Bytes);
}
