using System.Diagnostics;

namespace GrainVault.TestKit.Processes;

/// <summary>Waits for a condition that another process brings about, with a deadline.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks until the answer is true; fails with <paramref name="otherwise"/> when it is not within <paramref name="limit"/>.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan limit, Func<string> otherwise)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > limit)
                throw new TimeoutException($"not within {limit.TotalSeconds} s: {otherwise()}");
            await Task.Delay(Pause);
        }
    }
}
