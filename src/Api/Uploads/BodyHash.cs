using System.Security.Cryptography;

namespace GrainVault.Api.Uploads;

/// <summary>Hashes a body while it arrives: SHA-256 always, MD5 only when the client claims one.</summary>
internal sealed class BodyHash(bool needsMd5) : IDisposable
{
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
#pragma warning disable CA5351 // Content-MD5 (RFC 1864) is the client's choice of checksum; nothing is secured by it.
    private readonly IncrementalHash? _md5 = needsMd5 ? IncrementalHash.CreateHash(HashAlgorithmName.MD5) : null;
#pragma warning restore CA5351

    /// <summary>Adds bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _sha256.AppendData(bytes);
        _md5?.AppendData(bytes);
    }

    /// <summary>SHA-256 of what was added; starts anew.</summary>
    public byte[] Sha256() => _sha256.GetHashAndReset();

    /// <summary>MD5 of what was added, empty when it was not asked for; starts anew.</summary>
    public byte[] Md5() => _md5?.GetHashAndReset() ?? [];

    /// <inheritdoc/>
    public void Dispose()
    {
        _sha256.Dispose();
        _md5?.Dispose();
    }
}
