using System.Text.RegularExpressions;

namespace GrainVault.Api.Tests.Watching;

/// <summary>What a PromQL expression names: its metrics and the labels that it selects or groups by.</summary>
internal sealed partial record PromQuery(IReadOnlySet<string> Metrics, IReadOnlySet<string> Labels)
{
    private static readonly HashSet<string> Words = new(StringComparer.Ordinal)
    {
        "by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "and", "or", "unless", "atan2", "inf", "nan",
    };

    /// <summary>Reads an expression; Grafana's variables stand for values and are left out.</summary>
    public static PromQuery Parse(string expression)
    {
        var labels = new HashSet<string>(StringComparer.Ordinal);
        var text = StringPattern().Replace(expression, "\"\"");
        text = SelectorPattern().Replace(text, selector =>
        {
            foreach (Match label in LabelPattern().Matches(selector.Groups[1].Value))
                labels.Add(label.Groups[1].Value);
            return " ";
        });
        text = RangePattern().Replace(text, " ");
        text = GroupingPattern().Replace(text, grouping =>
        {
            foreach (var label in grouping.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                labels.Add(label);
            return " ";
        });
        text = DurationPattern().Replace(text, " ");
        var metrics = IdentifierPattern().Matches(text)
            .Where(word => !Words.Contains(word.Groups[1].Value) && word.Groups[2].Length == 0)
            .Select(word => word.Groups[1].Value);
        return new PromQuery(metrics.ToHashSet(StringComparer.Ordinal), labels);
    }

    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)*\"")]
    private static partial Regex StringPattern();

    [GeneratedRegex(@"\{([^}]*)\}")]
    private static partial Regex SelectorPattern();

    [GeneratedRegex(@"([A-Za-z_][A-Za-z0-9_]*)\s*(?:=~|!~|!=|=)")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex RangePattern();

    [GeneratedRegex(@"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")]
    private static partial Regex GroupingPattern();

    [GeneratedRegex(@"\$\w+|\b[0-9][0-9a-z.]*")]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"(?<![A-Za-z0-9_:])([A-Za-z_:][A-Za-z0-9_:]*)\s*(\(?)")]
    private static partial Regex IdentifierPattern();
}
