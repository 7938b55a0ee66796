using System.Security.Cryptography;
using System.Text;
using GrainVault.Silo.Options;

namespace GrainVault.Silo.Cluster;

/// <summary>
/// The secrets that this process holds, the current one first. While a secret is being rotated, processes with the new one
/// hold the old one too, so that they and those that still hold only the old one can prove themselves to each other.
/// </summary>
internal sealed class ClusterSecrets
{
    /// <summary>Size of a proof in bytes: HMAC-SHA-256 (RFC 2104).</summary>
    public const int ProofSizeBytes = HMACSHA256.HashSizeInBytes;

    /// <summary>Most secrets of one process.</summary>
    public const int CountMax = 1 + GrainClusterOptions.PreviousSecretCountMax;

    private readonly byte[][] _keys;

    /// <param name="current">The secret that others must hold.</param>
    /// <param name="previous">Secrets that are accepted besides it.</param>
    public ClusterSecrets(string current, IReadOnlyCollection<string> previous)
    {
        ArgumentException.ThrowIfNullOrEmpty(current);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(previous.Count, CountMax - 1);
        _keys = [.. previous.Prepend(current).Distinct(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>Number of secrets, at least 1.</summary>
    public int Count => _keys.Length;

    /// <summary>Writes the proof that the holder of secret <paramref name="index"/> has seen <paramref name="message"/>.</summary>
    public void Prove(int index, ReadOnlySpan<byte> message, Span<byte> proof) => HMACSHA256.HashData(_keys[index], message, proof);

    /// <summary>True when a proof of the message was made with the secret; takes the same time for every wrong one.</summary>
    public bool IsProof(int index, ReadOnlySpan<byte> message, ReadOnlySpan<byte> proof)
    {
        Span<byte> expected = stackalloc byte[ProofSizeBytes];
        Prove(index, message, expected);
        return CryptographicOperations.FixedTimeEquals(expected, proof);
    }

    /// <summary>
    /// What the database keeps to recognise the secrets by, the current one first: nobody can find a secret of 32 random
    /// characters from it.
    /// </summary>
    public IReadOnlyList<byte[]> Fingerprints() =>
        [.. _keys.Select(key => HMACSHA256.HashData(key, "GrainVault cluster secret fingerprint 1"u8))];
}
