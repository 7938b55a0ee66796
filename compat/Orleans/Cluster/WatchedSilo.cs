using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>What a silo knows of another one that it probes.</summary>
internal sealed class WatchedSilo(SiloAddress address)
{
    private readonly Lock _gate = new();
    private Task _probe = Task.CompletedTask;
    private int _missCount;

    internal SiloAddress Address { get; } = address;

    /// <summary>Probes without an answer since the last one that had one.</summary>
    internal int MissCount => Volatile.Read(ref _missCount);

    internal bool HasAnswered { get; private set; }

    /// <summary>Whether the last probe was answered.</summary>
    internal bool Answers => HasAnswered && MissCount == 0;

    /// <summary>Probes, or joins the probe that is under way.</summary>
    internal Task ProbeOnceAsync(Func<WatchedSilo, Task> probe)
    {
        lock (_gate)
            return _probe = _probe.IsCompleted ? RunAsync(probe) : _probe;
    }

    internal void SetAnswered()
    {
        HasAnswered = true;
        Volatile.Write(ref _missCount, 0);
    }

    internal void Forgive() => Volatile.Write(ref _missCount, 0);

    internal int AddMiss() => Interlocked.Increment(ref _missCount);

    private async Task RunAsync(Func<WatchedSilo, Task> probe)
    {
        // Leaves the lock first.
        await Task.Yield();
        await probe(this);
    }
}
