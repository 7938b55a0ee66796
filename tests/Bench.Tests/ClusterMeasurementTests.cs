namespace GrainVault.Bench.Tests;

/// <summary>Measurements of clusters; they run beside the others, since what is measured here is looked at by nobody.</summary>
public sealed class ClusterMeasurementTests
{
    [Theory]
    [InlineData(4, "front-ends", "recovery", "--runs", "1", "--size-mib", "16", "--probes", "6")]
    [InlineData(2, "heartbeat", "--seconds", "1")]
    public Task Measurement_prints_its_rows(int rowCount, params string[] arguments) => BenchProgram.AssertPrintsAsync(rowCount, arguments);
}
