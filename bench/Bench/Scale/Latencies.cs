using System.Diagnostics;
using System.Globalization;

namespace GrainVault.Bench.Scale;

/// <summary>How long calls took.</summary>
internal sealed class Latencies
{
    private readonly List<double> _milliseconds = [];

    public double Median => At(0.5);

    /// <summary>Measures one call.</summary>
    public async Task AddAsync(Func<Task> call)
    {
        var start = Stopwatch.GetTimestamp();
        await call();
        _milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"p50 {At(0.5):F2} ms, p99 {At(0.99):F2} ms");

    private double At(double share)
    {
        var sorted = _milliseconds.Order().ToArray();
        return sorted[(int)Math.Min(sorted.Length - 1, Math.Floor(sorted.Length * share))];
    }
}
