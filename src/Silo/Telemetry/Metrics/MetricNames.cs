using System.Text;

namespace GrainVault.Silo.Telemetry.Metrics;

/// <summary>What a metric is in the text that Prometheus reads.</summary>
internal enum MetricKind
{
    /// <summary>Only grows.</summary>
    Counter,

    /// <summary>Goes up and down; also what an up-down counter is.</summary>
    Gauge,

    /// <summary>Counts per bucket, their sum and their number.</summary>
    Histogram,
}

/// <summary>Names by the compatibility rules of OpenTelemetry for Prometheus: units become suffixes, counters end in <c>_total</c>.</summary>
internal static class MetricNames
{
    private static readonly Dictionary<string, string> Units = new(StringComparer.Ordinal)
    {
        ["d"] = "days",
        ["h"] = "hours",
        ["min"] = "minutes",
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["By"] = "bytes",
        ["KiBy"] = "kibibytes",
        ["MiBy"] = "mebibytes",
        ["%"] = "percent",
        ["Cel"] = "celsius",
        ["Hz"] = "hertz",
    };

    /// <summary>The name of an instrument's metric, without the suffixes of a histogram's samples.</summary>
    public static string Of(string instrument, string? unit, MetricKind kind)
    {
        var name = Sanitize(instrument);
        if (UnitSuffix(unit, kind) is { } suffix && !name.EndsWith("_" + suffix, StringComparison.Ordinal))
            name = $"{name}_{suffix}";
        return kind == MetricKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    /// <summary>Letters, digits and single underscores, not beginning with a digit.</summary>
    public static string Sanitize(string name)
    {
        var result = new StringBuilder(name.Length + 1);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetter(letter) || (char.IsAsciiDigit(letter) && result.Length > 0))
                result.Append(letter);
            else if (char.IsAsciiDigit(letter))
                result.Append('_').Append(letter);
            else if (result.Length == 0 || result[^1] != '_')
                result.Append('_');
        }

        return result.Length > 0 ? result.ToString() : "_";
    }

    private static string? UnitSuffix(string? unit, MetricKind kind)
    {
        // An annotation in braces says what is counted and is no unit.
        if (string.IsNullOrEmpty(unit) || unit[0] == '{')
            return null;
        if (unit == "1")
            return kind == MetricKind.Gauge ? "ratio" : null;
        var slash = unit.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return Word(unit);
        var per = Word(unit[(slash + 1)..]).TrimEnd('s');
        return unit[0] == '{' || slash == 0 ? $"per_{per}" : $"{Word(unit[..slash])}_per_{per}";
    }

    private static string Word(string unit) => Units.TryGetValue(unit, out var word) ? word : Sanitize(unit);
}
