using System.Globalization;
using GrainVault.Cluster;
using GrainVault.Silo.Hosting;
using GrainVault.Silo.Telemetry;
using GrainVault.Silo.Telemetry.Metrics;

namespace GrainVault.Silo.Status;

/// <summary>Makes the reports of this process from its metrics. Used by one caller at a time.</summary>
internal sealed class ClusterReports(MetricsCollector collector, ProcessRole role, string? siloName, TimeProvider time)
{
    /// <summary>Samples that are kept: calls are counted over the last 10 s.</summary>
    public const int SampleCountMax = 6;

    private const string GrainsMetric = "orleans_grains";
    private const string RemindersMetric = "orleans_reminders_active";
    private const string BytesMetric = "grainvault_admission_size_bytes";
    private const string WaitingMetric = "grainvault_admission_waiting";

    private static readonly string CallsMetric = MetricNames.Of(GrainCallMeter.DurationName, "s", MetricKind.Histogram);
    private static readonly string Version = typeof(ClusterReports).Assembly.GetName().Version!.ToString(3);

    private readonly string _name = (string.IsNullOrEmpty(siloName) ? "" : $"{siloName}, ")
        + string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}:{Environment.ProcessId}");

    private readonly string _runId = Guid.NewGuid().ToString("n");
    private readonly long _startedAt = time.GetTimestamp();
    private readonly Queue<Sample> _samples = new();

    /// <summary>A report of now.</summary>
    public ProcessReport Make(bool isStopping)
    {
        var metrics = collector.Collect().ToDictionary(metric => metric.Family.Name, metric => metric.Series, StringComparer.Ordinal);
        var sample = new Sample(time.GetTimestamp(), Environment.CpuUsage.TotalTime, Calls(metrics));
        _samples.Enqueue(sample);
        if (_samples.Count > SampleCountMax)
            _samples.Dequeue();
        var first = _samples.Peek();
        var window = time.GetElapsedTime(first.At, sample.At).TotalSeconds;
        return new ProcessReport(
            _runId,
            _name,
            role,
            isStopping,
            Version,
            RuntimeInfo.Current.Name,
            time.GetElapsedTime(_startedAt).TotalSeconds,
            window > 0 ? (sample.ProcessorTime - first.ProcessorTime).TotalSeconds / window : 0,
            Environment.WorkingSet,
            Sum(metrics, BytesMetric),
            Sum(metrics, WaitingMetric),
            Sum(metrics, RemindersMetric),
            window,
            Activations(metrics),
            Difference(first, sample));
    }

    private static Dictionary<(string Grain, string Method), (long[] Counts, long Errors)> Calls(Dictionary<string, MetricSeries[]> metrics)
    {
        var calls = new Dictionary<(string, string), (long[] Counts, long Errors)>();
        if (!metrics.TryGetValue(CallsMetric, out var series))
            return calls;
        foreach (var one in series.OfType<HistogramSeries>())
        {
            // The series for the rest has no such labels.
            if (!one.Tags.TryGetValue(GrainCallMeter.GrainTag, out var grain) || !one.Tags.TryGetValue(GrainCallMeter.MethodTag, out var method))
                continue;
            var counts = one.Counts();
            var errors = one.Tags.GetValueOrDefault(GrainCallMeter.OutcomeTag) == "error" ? counts.Sum() : 0;
            calls[(grain, method)] = calls.TryGetValue((grain, method), out var other)
                ? ([.. counts.Zip(other.Counts, (left, right) => left + right)], errors + other.Errors)
                : (counts, errors);
        }

        return calls;
    }

    private static List<MethodCalls> Difference(Sample first, Sample last)
    {
        var methods = new List<MethodCalls>();
        foreach (var ((grain, method), (counts, errors)) in last.Calls)
        {
            var before = first.Calls.GetValueOrDefault((grain, method));
            long[] grown = before.Counts is null ? counts : [.. counts.Zip(before.Counts, (now, then) => now - then)];
            if (grown.Sum() > 0)
                methods.Add(new MethodCalls(grain, method, grown, errors - before.Errors));
        }

        return methods;
    }

    private static List<ActivationCount> Activations(Dictionary<string, MetricSeries[]> metrics) => metrics.TryGetValue(GrainsMetric, out var series)
        ?
        [
            .. series.OfType<ValueSeries>()
                .Select(one => new ActivationCount(ShortName(one.Tags.GetValueOrDefault("type", "other")), (long)one.Value))
                .Where(type => type.Count > 0),
        ]
        : [];

    private static long Sum(Dictionary<string, MetricSeries[]> metrics, string name) =>
        metrics.TryGetValue(name, out var series) ? (long)series.OfType<ValueSeries>().Sum(one => one.Value) : 0;

    /// <summary>Runtimes name a class with its namespace, and one of them also with its assembly.</summary>
    private static string ShortName(string type)
    {
        var name = type.Split(',')[0];
        return name[(name.LastIndexOf('.') + 1)..];
    }

    private sealed record Sample(long At, TimeSpan ProcessorTime, Dictionary<(string Grain, string Method), (long[] Counts, long Errors)> Calls);
}
