using System.Diagnostics;
using GrainVault.TestKit.Processes;

namespace GrainVault.Bench.Tests;

/// <summary>Runs a new kind of measurement in a tiny form, so that none of them rots. What they measure is no test.</summary>
internal static class BenchProgram
{
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(5);

    public static async Task AssertPrintsAsync(int rowCount, string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(arguments);

        Assert.True(exitCode == 0, error);
        var rows = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[2..];
        Assert.Equal(rowCount, rows.Length);
        Assert.All(rows, row => Assert.Matches(@"^\| .* \d.* \|$", row));
        Assert.DoesNotContain("NaN", output, StringComparison.Ordinal);
    }

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Repository.Built("bench/Bench", "grainvault-bench"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(EndsWithin);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"not within {EndsWithin.TotalMinutes} min: {string.Join(' ', arguments)}");
        }

        return (process.ExitCode, await output, await error);
    }
}
