using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>What a silo knows of another one that it probes.</summary>
internal sealed class WatchedSilo(SiloAddress address)
{
    private int _isProbing;
    private int _missCount;

    internal SiloAddress Address { get; } = address;

    /// <summary>Probes without an answer since the last one that had one.</summary>
    internal int MissCount => Volatile.Read(ref _missCount);

    internal bool HasAnswered { get; private set; }

    /// <summary>Whether the last probe was answered.</summary>
    internal bool Answers => HasAnswered && MissCount == 0;

    internal bool TryBeginProbe() => Interlocked.Exchange(ref _isProbing, 1) == 0;

    internal void EndProbe() => Volatile.Write(ref _isProbing, 0);

    internal void SetAnswered()
    {
        HasAnswered = true;
        Volatile.Write(ref _missCount, 0);
    }

    internal void Forgive() => Volatile.Write(ref _missCount, 0);

    internal int AddMiss() => Interlocked.Increment(ref _missCount);
}
