namespace GrainVault.Runtime.Tests.Bundled.Cluster;

/// <summary>
/// What is under way between the members of a cluster in memory and their table. Their timeouts go by a clock that the test moves: it
/// must not run ahead of what takes no time in the cluster, but does on a busy machine.
/// </summary>
internal sealed class Traffic
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private int _count;

    /// <summary>Counts one until it is disposed.</summary>
    public Passage Enter()
    {
        Interlocked.Increment(ref _count);
        return new Passage(this);
    }

    /// <summary>Waits until nothing is under way, or does not come to an end.</summary>
    public async Task SettleAsync()
    {
        var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        // What ends often begins something else a moment later.
        for (var quietCount = 0; quietCount < 2 && Environment.TickCount64 < deadline; quietCount = Volatile.Read(ref _count) == 0 ? quietCount + 1 : 0)
            await Task.Delay(1);
    }

    public readonly struct Passage(Traffic traffic) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref traffic._count);
    }
}
