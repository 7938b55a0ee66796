using System.Security.Cryptography;
using GrainVault.Storage.Buffers;

namespace GrainVault.Storage.S3;

/// <summary>The body of a PUT together with its SHA-256, which the signature needs and the caller already has.</summary>
internal sealed class PayloadStream(StoreContent content) : ReadOnlyMemoryStream(content.Bytes)
{
    /// <summary>SHA-256 of the body as lower-case hex.</summary>
    public string Sha256Hex { get; } =
        Convert.ToHexStringLower(content.Sha256.IsEmpty ? SHA256.HashData(content.Bytes.Span) : content.Sha256.Span);

    /// <summary>A stream for one attempt: the one of an attempt that timed out may still be read by its connection.</summary>
    public Stream OpenAttempt() => new ReadOnlyMemoryStream(content.Bytes);
}
