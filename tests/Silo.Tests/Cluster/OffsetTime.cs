namespace GrainVault.Silo.Tests.Cluster;

/// <summary>The system's clock with an offset, and a stopwatch that tests can push forward.</summary>
internal sealed class OffsetTime(TimeSpan offset = default) : TimeProvider
{
    private TimeSpan _advanced;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + offset + _advanced;

    public override long GetTimestamp() => System.GetTimestamp() + (long)(_advanced.TotalSeconds * TimestampFrequency);

    public void Advance(TimeSpan time) => _advanced += time;
}
