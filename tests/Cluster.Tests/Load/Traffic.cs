using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace GrainVault.Cluster.Tests.Load;

/// <summary>Counts what clients saw, for the output of a test and for its waits.</summary>
internal sealed class Traffic
{
    private readonly ConcurrentDictionary<string, int> _troubles = new();
    private long _answered;
    private long _acknowledged;
    private long _longestTicks;

    /// <summary>Requests that were answered in the end.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>Acknowledgements that must hold: parts, files and deletes.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public void CountAnswer(TimeSpan elapsed)
    {
        Interlocked.Increment(ref _answered);
        var seen = Interlocked.Read(ref _longestTicks);
        while (elapsed.Ticks > seen && Interlocked.CompareExchange(ref _longestTicks, elapsed.Ticks, seen) is var now && now != seen)
            seen = now;
    }

    public void CountAcknowledgement() => Interlocked.Increment(ref _acknowledged);

    /// <summary>An answer or error after which a client tries again.</summary>
    public void CountTrouble(string kind) => _troubles.AddOrUpdate(kind, 1, (_, count) => count + 1);

    /// <summary>What happened since the last call, in one line, and starts counting anew.</summary>
    public string Take()
    {
        var troubles = string.Join(", ", _troubles.OrderByDescending(trouble => trouble.Value).Select(trouble => $"{trouble.Value} x {trouble.Key}"));
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{Interlocked.Exchange(ref _answered, 0)} requests, the longest took {new TimeSpan(Interlocked.Exchange(ref _longestTicks, 0)).TotalSeconds:f1} s; retried after: {(troubles.Length == 0 ? "nothing" : troubles)}");
        _troubles.Clear();
        return line;
    }

    /// <summary>Waits until so many more acknowledgements have come: a moment counted in work done, not in time.</summary>
    public async Task ReachAsync(int more, TimeSpan limit, Func<string?> findFailure)
    {
        var goal = Acknowledged + more;
        var clock = Stopwatch.StartNew();
        while (Acknowledged < goal)
        {
            if (findFailure() is { } failure)
                Assert.Fail(failure);
            if (clock.Elapsed > limit)
                Assert.Fail($"only {Acknowledged - goal + more} of {more} acknowledgements within {limit.TotalSeconds} s: {Take()}");
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }
}
