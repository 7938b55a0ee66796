using GrainVault.Silo.Telemetry.Metrics;

namespace GrainVault.Silo.Tests.Telemetry;

public sealed class MetricNamesTests
{
    [Theory]
    [InlineData("grainvault.parts", "{part}", 0, "grainvault_parts_total")]
    [InlineData("grainvault.parts.size", "By", 0, "grainvault_parts_size_bytes_total")]
    [InlineData("http.server.request.duration", "s", 2, "http_server_request_duration_seconds")]
    [InlineData("orleans-grains", null, 1, "orleans_grains")]
    [InlineData("already_total", null, 0, "already_total")]
    [InlineData("pause.seconds", "s", 1, "pause_seconds")]
    [InlineData("share", "1", 1, "share_ratio")]
    [InlineData("share", "1", 0, "share_total")]
    [InlineData("speed", "By/s", 1, "speed_bytes_per_second")]
    [InlineData("9 lives--left", "", 1, "_9_lives_left")]
    public void Names_follow_the_rules_of_OpenTelemetry(string instrument, string? unit, int kind, string expected) =>
        Assert.Equal(expected, MetricNames.Of(instrument, unit, (MetricKind)kind));
}
