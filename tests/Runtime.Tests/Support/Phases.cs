using System.Collections.Concurrent;

namespace GrainVault.Runtime.Tests.Support;

/// <summary>Named points that tests and grains reach and wait for, so that no test depends on how fast anything is.</summary>
public sealed class Phases
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _points = new();
    private readonly ConcurrentDictionary<string, int> _counts = new();

    /// <summary>Marks a point as reached.</summary>
    public void Reach(string name)
    {
        _counts.AddOrUpdate(name, 1, static (_, count) => count + 1);
        Point(name).TrySetResult();
    }

    /// <summary>Lets go whatever still waits, so that a test that failed does not wait too.</summary>
    public void ReachAll()
    {
        foreach (var point in _points.Values)
            point.TrySetResult();
    }

    /// <summary>Waits until a point is reached.</summary>
    public Task WaitFor(string name) => Point(name).Task.WaitAsync(Patience);

    public bool IsReached(string name) => Point(name).Task.IsCompleted;

    public int CountOf(string name) => _counts.GetValueOrDefault(name);

    /// <summary>Waits until this many have come here.</summary>
    public async Task Meet(string name, int count)
    {
        if (_counts.AddOrUpdate(name, 1, static (_, met) => met + 1) >= count)
            Point(name).TrySetResult();
        await WaitFor(name);
    }

    /// <summary>Asks again and again until something is so.</summary>
    public static async Task Until(Func<bool> condition, string what)
    {
        var deadline = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < deadline, $"Still not so: {what}.");
            await Task.Delay(10);
        }
    }

    private TaskCompletionSource Point(string name) =>
        _points.GetOrAdd(name, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
