using System.Globalization;
using System.Text;

namespace GrainVault.Silo.Telemetry.Metrics;

/// <summary>Writes metrics as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0, which differs in three places.</summary>
internal static class MetricsText
{
    /// <summary>Media type of the text format.</summary>
    public const string TextType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Media type of OpenMetrics.</summary>
    public const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private const string TotalSuffix = "_total";

    /// <summary>The text of all metrics.</summary>
    public static string Write(IReadOnlyList<(MetricFamily Family, MetricSeries[] Series)> metrics, bool isOpenMetrics)
    {
        var text = new StringBuilder(64 << 10);
        foreach (var (family, series) in metrics)
        {
            // OpenMetrics names a family of counters without the suffix of its samples.
            var name = isOpenMetrics && family.Kind == MetricKind.Counter ? family.Name[..^TotalSuffix.Length] : family.Name;
            text.Append("# HELP ").Append(name).Append(' ').Append(Escape(family.Help, isOpenMetrics)).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(TypeOf(family.Kind)).Append('\n');
            foreach (var one in series)
            {
                if (one is HistogramSeries histogram)
                    WriteHistogram(text, family, histogram);
                else
                    WriteSample(text, family.Name, "", one.Labels, ((ValueSeries)one).Value);
            }
        }

        if (isOpenMetrics)
            text.Append("# EOF\n");
        return text.ToString();
    }

    private static void WriteHistogram(StringBuilder text, MetricFamily family, HistogramSeries series)
    {
        var counts = series.Counts();
        var separator = series.Labels.Length > 0 ? "," : "";
        long total = 0;
        for (var index = 0; index < counts.Length; index++)
        {
            total += counts[index];
            var bound = index < family.Bounds.Length ? Number(family.Bounds[index]) : "+Inf";
            WriteSample(text, family.Name, "_bucket", $"{series.Labels}{separator}le=\"{bound}\"", total);
        }

        WriteSample(text, family.Name, "_sum", series.Labels, series.Sum);
        WriteSample(text, family.Name, "_count", series.Labels, total);
    }

    private static void WriteSample(StringBuilder text, string name, string suffix, string labels, double value)
    {
        text.Append(name).Append(suffix);
        if (labels.Length > 0)
            text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string Escape(string help, bool isOpenMetrics)
    {
        var escaped = help.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
        return isOpenMetrics ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static string TypeOf(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };
}
