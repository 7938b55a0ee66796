using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace GrainVault.Silo.Telemetry.Metrics;

/// <summary>All series of one metric. Their number is bounded: what comes later is counted in one series for the rest.</summary>
/// <param name="name">Name as Prometheus sees it.</param>
/// <param name="help">What it measures.</param>
/// <param name="kind">Its kind.</param>
/// <param name="isSum">Measurements are added up; otherwise the last one counts.</param>
/// <param name="bounds">Upper bounds of a histogram's buckets.</param>
/// <param name="seriesCountMax">Most series, without the one for the rest.</param>
internal sealed class MetricFamily(string name, string help, MetricKind kind, bool isSum, double[] bounds, int seriesCountMax)
{
    /// <summary>Label of the series for the rest, as OpenTelemetry names it.</summary>
    public const string OverflowLabel = "otel_metric_overflow";

    /// <summary>Longest value of a label, in characters.</summary>
    private const int ValueLengthMax = 200;

    private static readonly KeyValuePair<string, object?>[] OverflowTags = [new(OverflowLabel, "true")];

    private readonly ConcurrentDictionary<TagSet, MetricSeries> _byTags = new(TagSetComparer.Instance);
    private readonly Dictionary<string, MetricSeries> _byLabels = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private MetricSeries? _overflow;

    public string Name => name;

    public string Help => help;

    public MetricKind Kind => kind;

    public double[] Bounds => bounds;

    /// <summary>The series, in the order of their labels.</summary>
    public MetricSeries[] Series()
    {
        lock (_gate)
        {
            IEnumerable<MetricSeries> all = _byLabels.Values;
            return [.. (_overflow is null ? all : all.Append(_overflow)).OrderBy(series => series.Labels, StringComparer.Ordinal)];
        }
    }

    /// <summary>The series of a measurement's tags.</summary>
    public MetricSeries Find(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _byTags.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>().TryGetValue(tags, out var series) ? series : Add(tags);

    private MetricSeries Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var byName = Labels(tags);
        var text = Text(byName);
        lock (_gate)
        {
            if (!_byLabels.TryGetValue(text, out var series))
            {
                if (_byLabels.Count >= seriesCountMax)
                    return _overflow ??= Create(OverflowTags);
                _byLabels[text] = series = Create(byName, text);
            }

            // The same tags in another order are the same series; how many orders are remembered is bounded too.
            if (_byTags.Count < 2 * seriesCountMax)
                _byTags[TagSetComparer.Instance.Create(tags)] = series;
            return series;
        }
    }

    private MetricSeries Create(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var byName = Labels(tags);
        return Create(byName, Text(byName));
    }

    private MetricSeries Create(SortedDictionary<string, string> byName, string text) =>
        kind == MetricKind.Histogram ? new HistogramSeries(byName, text, bounds) : new ValueSeries(byName, text, isSum);

    private static SortedDictionary<string, string> Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags)
        {
            var text = value switch
            {
                null => "",
                bool flag => flag ? "true" : "false",
                _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
            };
            text = LabelRules.Apply(key, text);
            labels[MetricNames.Sanitize(key)] = text.Length <= ValueLengthMax ? text : text[..ValueLengthMax];
        }

        return labels;
    }

    private static string Text(SortedDictionary<string, string> labels)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in labels)
        {
            text.Append(text.Length > 0 ? "," : "").Append(key).Append("=\"");
            foreach (var letter in value)
            {
                _ = letter switch
                {
                    '\\' => text.Append(@"\\"),
                    '"' => text.Append("\\\""),
                    '\n' => text.Append(@"\n"),
                    _ => text.Append(letter),
                };
            }

            text.Append('"');
        }

        return text.ToString();
    }
}
