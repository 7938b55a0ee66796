using System.Diagnostics.Metrics;
using GrainVault.Silo.Telemetry.Metrics;

namespace GrainVault.Silo.Tests.Telemetry;

public sealed class MetricsCollectorTests : IDisposable
{
    // A name of its own, since meters are seen by every collector of the process.
    private readonly string _prefix = $"t{Guid.NewGuid():n}"[..12];
    private readonly Meter _meter = new("GrainVault.Tests");

    public void Dispose() => _meter.Dispose();

    [Fact]
    public void Counter_adds_up_per_set_of_labels_whatever_their_order()
    {
        using var collector = new MetricsCollector(100);
        var counter = _meter.CreateCounter<int>($"{_prefix}.count");
        counter.Add(1, new("a", "x"), new("b", 1));
        counter.Add(2, new("b", 1), new("a", "x"));
        counter.Add(5, new("a", "y"), new("b", true));

        Assert.Equal([$$"""{{_prefix}}_count_total{a="x",b="1"} 3""", $$"""{{_prefix}}_count_total{a="y",b="true"} 5"""], Samples(collector));
    }

    [Fact]
    public void Up_down_counter_and_gauge_show_where_they_stand()
    {
        using var collector = new MetricsCollector(100);
        var level = _meter.CreateUpDownCounter<long>($"{_prefix}.level", "By");
        var gauge = _meter.CreateGauge<double>($"{_prefix}.mark");
        level.Add(10);
        level.Add(-3);
        gauge.Record(4);
        gauge.Record(1.5);

        Assert.Equal([$"{_prefix}_level_bytes 7", $"{_prefix}_mark 1.5"], Samples(collector));
    }

    [Fact]
    public void Histogram_has_cumulative_buckets_that_agree_with_its_count()
    {
        using var collector = new MetricsCollector(100);
        var histogram = _meter.CreateHistogram(
            $"{_prefix}.time", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        foreach (var value in new[] { 0.25, 0.5, 0.75, 20 })
            histogram.Record(value);

        Assert.Equal(
            [
                $$"""{{_prefix}}_time_seconds_bucket{le="0.5"} 2""",
                $$"""{{_prefix}}_time_seconds_bucket{le="1"} 3""",
                $$"""{{_prefix}}_time_seconds_bucket{le="+Inf"} 4""",
                $"{_prefix}_time_seconds_sum 21.5",
                $"{_prefix}_time_seconds_count 4",
            ],
            Samples(collector));
    }

    [Fact]
    public void Observed_values_replace_each_other_and_those_that_nobody_reports_any_more_are_gone()
    {
        using var collector = new MetricsCollector(100);
        var reports = new List<Measurement<int>> { new(3, new KeyValuePair<string, object?>("pool", "a")), new(4, new KeyValuePair<string, object?>("pool", "b")) };
        _meter.CreateObservableUpDownCounter($"{_prefix}.open", () => reports);
        Assert.Equal([$$"""{{_prefix}}_open{pool="a"} 3""", $$"""{{_prefix}}_open{pool="b"} 4"""], Samples(collector));

        reports.RemoveAt(0);

        Assert.Equal([$$"""{{_prefix}}_open{pool="b"} 4"""], Samples(collector));
    }

    [Fact]
    public void Series_beyond_the_limit_are_counted_together()
    {
        using var collector = new MetricsCollector(seriesCountMax: 3);
        var counter = _meter.CreateCounter<int>($"{_prefix}.many");
        for (var id = 0; id < 1000; id++)
            counter.Add(1, new KeyValuePair<string, object?>("id", id));

        var samples = Samples(collector);

        Assert.Equal(4, samples.Length);
        Assert.Contains($$"""{{_prefix}}_many_total{otel_metric_overflow="true"} 997""", samples);
    }

    [Fact]
    public void Observation_that_fails_hides_no_other_metric()
    {
        using var collector = new MetricsCollector(100);
        _meter.CreateObservableGauge<int>($"{_prefix}.broken", (Func<int>)(() => throw new ObjectDisposedException("gone")));
        _meter.CreateObservableGauge($"{_prefix}.works", () => 1);

        Assert.Equal([$"{_prefix}_works 1"], Samples(collector));
        Assert.Matches(@"grainvault_telemetry_failures_total [1-9]", MetricsText.Write(collector.Collect(), isOpenMetrics: false));
    }

    [Fact]
    public async Task Nothing_is_lost_when_many_threads_record_at_once()
    {
        using var collector = new MetricsCollector(100);
        var counter = _meter.CreateCounter<double>($"{_prefix}.sum");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++)
                counter.Add(0.5, new KeyValuePair<string, object?>("worker", worker % 2));
        })));

        Assert.Equal([$$"""{{_prefix}}_sum_total{worker="0"} 20000""", $$"""{{_prefix}}_sum_total{worker="1"} 20000"""], Samples(collector));
    }

    [Fact]
    public void Text_escapes_what_would_end_a_label_or_a_line()
    {
        using var collector = new MetricsCollector(100);
        var counter = _meter.CreateCounter<int>($"{_prefix}.odd", description: "two\nlines \\ \"quoted\"");
        counter.Add(1, new KeyValuePair<string, object?>("a", "\"\\\n"));

        var text = MetricsText.Write(collector.Collect(), isOpenMetrics: false);
        var open = MetricsText.Write(collector.Collect(), isOpenMetrics: true);

        Assert.Contains($$"""{{_prefix}}_odd_total{a="\"\\\n"} 1""" + "\n", text, StringComparison.Ordinal);
        Assert.Contains($"# HELP {_prefix}_odd_total two\\nlines \\\\ \"quoted\"\n# TYPE {_prefix}_odd_total counter\n", text, StringComparison.Ordinal);
        Assert.Contains($"# HELP {_prefix}_odd two\\nlines \\\\ \\\"quoted\\\"\n# TYPE {_prefix}_odd counter\n", open, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", open, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("catalogue", "catalogue")]
    [InlineData("Host=db;Username=u;Application Name=grainvault-orleans", "grainvault-orleans")]
    [InlineData("Host=db;Username=u", "other")]
    public void Pool_is_never_named_by_its_connection_string(string name, string shown) => Assert.Equal(shown, LabelRules.OfPool(name));

    [Fact]
    public void Recording_in_a_known_series_allocates_nothing()
    {
        using var collector = new MetricsCollector(100);
        var counter = _meter.CreateCounter<long>($"{_prefix}.cheap");
        KeyValuePair<string, object?> a = new("store", "disk"), b = new("operation", "put"), c = new("outcome", "ok");
        Record(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Record(1_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Record(int count)
        {
            for (var i = 0; i < count; i++)
                counter.Add(1, a, b, c);
        }
    }

    private string[] Samples(MetricsCollector collector) =>
        [.. MetricsText.Write(collector.Collect(), isOpenMetrics: false).Split('\n').Where(line => line.StartsWith(_prefix, StringComparison.Ordinal))];
}
