using System.Buffers.Binary;

namespace GrainVault.Silo.Cluster;

/// <summary>
/// Remembers the nonces of first messages for as long as their clock would be accepted, so that a copy of one gets no
/// answer. Only messages with a valid proof get here: nobody without the secret can fill it.
/// </summary>
/// <param name="lifetime">How long a nonce must be remembered at least.</param>
/// <param name="time">Clock.</param>
internal sealed class ReplayGuard(TimeSpan lifetime, TimeProvider time)
{
    /// <summary>Most nonces in memory; beyond it first messages are refused until older ones have gone.</summary>
    public const int CountMax = 2 * GenerationCountMax;

    private const int GenerationCountMax = 65_536;

    private readonly Lock _gate = new();
    private HashSet<UInt128> _current = [];
    private HashSet<UInt128> _older = [];
    private long _startedAt = time.GetTimestamp();

    /// <summary>True when the nonce was not seen before and is remembered now.</summary>
    public bool TryAdd(ReadOnlySpan<byte> nonce)
    {
        // Half of a nonce is random enough to be told from every other one.
        var id = BinaryPrimitives.ReadUInt128BigEndian(nonce);
        lock (_gate)
        {
            var age = time.GetElapsedTime(_startedAt);
            if (age >= lifetime)
            {
                _older = age >= lifetime * 2 ? [] : _current;
                _current = [];
                _startedAt = time.GetTimestamp();
            }

            return _current.Count < GenerationCountMax && !_older.Contains(id) && _current.Add(id);
        }
    }
}
