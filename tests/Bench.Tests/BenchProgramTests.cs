using System.Diagnostics;
using GrainVault.TestKit.Processes;

namespace GrainVault.Bench.Tests;

/// <summary>Runs every new kind of measurement in a tiny form, so that none of them rots. What they measure is no test.</summary>
public sealed class BenchProgramTests
{
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(5, "costs", "--size-mib", "128", "--small-files", "2")]
    [InlineData(6, "rows", "--rows", "10")]
    [InlineData(4, "front-ends", "recovery", "--runs", "1", "--size-mib", "16", "--probes", "6")]
    [InlineData(2, "heartbeat", "--seconds", "1")]
    public async Task Measurement_prints_its_rows(int rowCount, params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(arguments);

        Assert.True(exitCode == 0, error);
        var rows = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[2..];
        Assert.Equal(rowCount, rows.Length);
        Assert.All(rows, row => Assert.Matches(@"^\| .* \d.* \|$", row));
        Assert.DoesNotContain("NaN", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_measurement_is_refused()
    {
        var (exitCode, _, error) = await RunAsync("uplod");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("unknown measurement 'uplod'", error, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
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
