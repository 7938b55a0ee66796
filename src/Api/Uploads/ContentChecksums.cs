using System.Security.Cryptography;

namespace GrainVault.Api.Uploads;

/// <summary>Checksums that a request claims for its body.</summary>
/// <param name="Sha256">32 bytes; null when none was given.</param>
/// <param name="Md5">16 bytes; null when none was given.</param>
internal sealed record ContentChecksums(byte[]? Sha256, byte[]? Md5)
{
    /// <summary>Nothing is claimed.</summary>
    public static ContentChecksums None { get; } = new(null, null);

    /// <summary>True when the content is what was claimed.</summary>
    public bool Match(ReadOnlySpan<byte> sha256, ReadOnlySpan<byte> md5) =>
        (Sha256 is null || CryptographicOperations.FixedTimeEquals(Sha256, sha256))
        && (Md5 is null || CryptographicOperations.FixedTimeEquals(Md5, md5));
}
