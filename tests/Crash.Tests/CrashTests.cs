using System.Globalization;
using GrainVault.TestKit.S3;
using Xunit.Abstractions;

namespace GrainVault.Crash.Tests;

/// <summary>
/// Kills the running system with SIGKILL at random moments of parallel uploads, starts it again on the same data, and checks
/// what was acknowledged. The seed is printed; <c>GRAINVAULT_SEED</c> repeats a run's choices.
/// </summary>
public abstract class CrashTests(ITestOutputHelper output)
{
    private const int RoundsInEveryRun = 8;
    private const int RoundsInSoak = 50;

    private static int Rounds => Environment.GetEnvironmentVariable("GRAINVAULT_SOAK") == "1" ? RoundsInSoak : RoundsInEveryRun;

    private static int Seed => Environment.GetEnvironmentVariable("GRAINVAULT_SEED") is { Length: > 0 } seed
        ? int.Parse(seed, CultureInfo.InvariantCulture)
        : Random.Shared.Next();

    private protected async Task RunAsync(Dictionary<string, string> settings)
    {
        // Garbage goes at once, so that the sweeper too is killed in the middle of its work.
        settings["GrainVault__Janitor__GarbageDelay"] = "00:00:02";
        foreach (var (name, value) in WebhookCheck.Settings)
            settings[name] = value;
        var seed = Seed;
        output.WriteLine($"seed {seed}, {Rounds} rounds");
        await using var run = await CrashRun.CreateAsync(seed, settings, output.WriteLine);
        for (var round = 1; round <= Rounds; round++)
        {
            await run.RoundAsync(round);
        }

        await run.FinishAsync();
    }
}

/// <summary>The system with its content on disk; runs beside the other one.</summary>
public sealed class DiskCrashTests(ITestOutputHelper output) : CrashTests(output)
{
    [Fact]
    public Task Killed_at_random_points_on_disk_loses_nothing_acknowledged() =>
        RunAsync(new Dictionary<string, string> { ["GrainVault__Objects__Provider"] = "disk" });
}

/// <summary>The system with its content on an S3 server; runs beside the other one.</summary>
public sealed class S3CrashTests(ITestOutputHelper output) : CrashTests(output)
{
    [Fact]
    public async Task Killed_at_random_points_on_S3_loses_nothing_acknowledged()
    {
        await using var s3 = await S3Server.StartAsync();
        await RunAsync(new Dictionary<string, string>
        {
            ["GrainVault__Objects__Provider"] = "s3",
            ["GrainVault__Objects__S3__Endpoint"] = s3.Endpoint,
            ["GrainVault__Objects__S3__Region"] = "us-east-1",
            ["GrainVault__Objects__S3__Bucket"] = "crash",
            ["GrainVault__Objects__S3__AccessKey"] = S3Server.AccessKey,
            ["GrainVault__Objects__S3__SecretKey"] = S3Server.SecretKey,
            ["GrainVault__Objects__S3__ForcePathStyle"] = "true",
        });
    }
}
