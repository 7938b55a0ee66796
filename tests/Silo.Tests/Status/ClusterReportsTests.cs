using System.Diagnostics.Metrics;
using GrainVault.Cluster;
using GrainVault.Diagnostics;
using GrainVault.Silo.Status;
using GrainVault.Silo.Telemetry;
using GrainVault.Silo.Telemetry.Metrics;

namespace GrainVault.Silo.Tests.Status;

public sealed class ClusterReportsTests : IDisposable
{
    private readonly MetricsCollector _collector = new(1_000);
    private readonly Meter _meter = new(GrainsMeter.Name);
    private readonly Histogram<double> _calls;
    private readonly Clock _clock = new();
    private readonly ClusterReports _reports;

    // A name of its own: other tests of the process record too.
    private readonly string _grain = $"I{Guid.NewGuid():n}Grain";

    public ClusterReportsTests()
    {
        _calls = _meter.CreateHistogram(
            GrainCallMeter.DurationName, "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = CallLatency.BoundsSeconds });
        _reports = new ClusterReports(_collector, ProcessRole.Silo, "silo-7", _clock);
    }

    public void Dispose()
    {
        _meter.Dispose();
        _collector.Dispose();
    }

    [Fact]
    public void Report_counts_the_calls_of_its_window_by_bucket_and_outcome()
    {
        Call("Get", 0.0001, "ok");
        _reports.Make(isStopping: false);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Call("Get", 0.0001, "ok");
        Call("Get", 0.3, "ok");
        Call("Get", 100, "error");

        var report = _reports.Make(isStopping: false);

        Assert.Equal(2, report.WindowSeconds);
        var calls = Assert.Single(report.Methods, method => method.Grain == _grain);
        Assert.Equal(("Get", 1L), (calls.Method, calls.ErrorCount));
        Assert.Equal([1L, 1L, 1L], calls.LatencyCounts.Where(count => count > 0));
        Assert.Equal((1L, 1L, 1L), (calls.LatencyCounts[0], calls.LatencyCounts[9], calls.LatencyCounts[^1]));
    }

    [Fact]
    public void Calls_leave_the_report_when_their_window_has_passed()
    {
        _reports.Make(isStopping: false);
        Call("Get", 0.01, "ok");
        for (var count = 0; count < ClusterReports.SampleCountMax; count++)
        {
            _clock.Advance(TimeSpan.FromSeconds(2));
            var report = _reports.Make(isStopping: false);
            Assert.Equal(count < ClusterReports.SampleCountMax - 1 ? 1 : 0, report.Methods.Count(method => method.Grain == _grain));
            Assert.True(report.WindowSeconds <= 10);
        }
    }

    [Fact]
    public void Report_says_who_it_is_from()
    {
        var first = _reports.Make(isStopping: false);
        _clock.Advance(TimeSpan.FromSeconds(3));
        var last = _reports.Make(isStopping: true);

        Assert.Equal(first.RunId, last.RunId);
        Assert.NotEqual(first.RunId, new ClusterReports(_collector, ProcessRole.Silo, "silo-7", _clock).Make(isStopping: false).RunId);
        Assert.Equal((false, true), (first.IsStopping, last.IsStopping));
        Assert.Equal($"silo-7, {Environment.MachineName}:{Environment.ProcessId}", last.Name);
        Assert.Equal(3, last.UptimeSeconds);
        Assert.True(last.MemoryBytes > 1 << 20);
        Assert.True(last.ProcessorsUsed >= 0);
    }

    private void Call(string method, double seconds, string outcome) => _calls.Record(
        seconds,
        new(GrainCallMeter.GrainTag, _grain),
        new(GrainCallMeter.MethodTag, method),
        new(GrainCallMeter.OutcomeTag, outcome));

    private sealed class Clock : TimeProvider
    {
        private long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}
