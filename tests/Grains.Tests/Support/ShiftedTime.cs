namespace GrainVault.Grains.Tests.Support;

/// <summary>The time of the machine, which a test may move ahead; timers go on as they are.</summary>
public sealed class ShiftedTime : TimeProvider
{
    private long _shiftTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Volatile.Read(ref _shiftTicks));

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public void Advance(TimeSpan time) => Interlocked.Add(ref _shiftTicks, time.Ticks);
}
