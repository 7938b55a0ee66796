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
    public async Task Unknown_measurement_is_refused()
    {
        var (exitCode, _, error) = await BenchProgram.RunAsync("uplod");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("unknown measurement 'uplod'", error, StringComparison.Ordinal);
    }
}
