using GrainVault.TestKit;

namespace GrainVault.Bench.Tests;

/// <summary>Measurements of one process that is the whole system.</summary>
public sealed class AloneMeasurementTests
{
    [Fact]
    public Task Costs_and_row_sizes_are_printed() =>
        BenchProgram.AssertPrintsAsync(11, ["costs", "rows", "--size-mib", "32", "--small-files", "2", "--rows", "10", "--seconds", "1"]);

    [Fact]
    public Task Direct_uploads_events_and_sweep_are_printed() =>
        BenchProgram.AssertPrintsAsync(
            7, ["direct", "ways", "presign", "events", "sweep", "--runs", "1", "--size-mib", "16", "--small-files", "10", "--rows", "1000", "--objects", "50"]);

    [Fact]
    public async Task Scale_is_printed_and_its_plans_are_written()
    {
        using var folder = new TestFolder();

        await BenchProgram.AssertPrintsAsync(24, ["scale", "--entries", "2000", "--total", "5000", "--calls", "2", "--plans", folder["plans.md"]]);

        var plans = await File.ReadAllTextAsync(folder["plans.md"]);
        Assert.Contains("Index Scan by entries_live_name on entries: 101 rows", plans, StringComparison.Ordinal);
        Assert.Contains("## trash a folder", plans, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_measurement_is_refused()
    {
        var (exitCode, _, error) = await BenchProgram.RunAsync("uplod");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("unknown measurement 'uplod'", error, StringComparison.Ordinal);
    }
}
