namespace GrainVault.Cluster.Tests.Load;

/// <summary>How long clients rest between two things that they do. They don't, unless they are asked to.</summary>
internal sealed class Pace
{
    /// <summary>Leaves most of a small machine to others, and keeps every client at work.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1.5);

    private int _easeCount;

    /// <summary>Makes clients rest until the result is disposed.</summary>
    public IDisposable Ease()
    {
        Interlocked.Increment(ref _easeCount);
        return new Easing(this);
    }

    public async Task RestAsync(CancellationToken stop)
    {
        if (Volatile.Read(ref _easeCount) == 0)
            return;
        try
        {
            await Task.Delay(Rest, stop);
        }
        catch (OperationCanceledException)
        {
            // The load ends; nothing was under way.
        }
    }

    private sealed class Easing(Pace pace) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref pace._easeCount);
    }
}
