namespace GrainVault.Grains.Tests.Support;

/// <summary>Waits for what happens in the background, up to a deadline.</summary>
public static class Poll
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static async Task UntilAsync(Func<Task<bool>> isTrue, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await isTrue())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Deadline, $"{what}: not within {Deadline}");
            await Task.Delay(20);
        }
    }
}
