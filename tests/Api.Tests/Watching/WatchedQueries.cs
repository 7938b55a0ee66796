using System.Text.Json;
using System.Text.RegularExpressions;

namespace GrainVault.Api.Tests.Watching;

/// <summary>All queries in <c>deploy/</c>: of dashboards, of their variables, and of alerts.</summary>
internal static partial class WatchedQueries
{
    public static IReadOnlyList<(string File, string Expression)> Read(string root)
    {
        var dashboards = Directory.GetFiles(Path.Combine(root, "deploy", "grafana", "dashboards"), "*.json");
        Assert.NotEmpty(dashboards);
        return
        [
            .. dashboards.SelectMany(file => OfDashboard(JsonDocument.Parse(File.ReadAllText(file)).RootElement).Select(query => (Path.GetFileName(file), query))),
            .. OfAlerts(File.ReadAllLines(Path.Combine(root, "deploy", "prometheus", "alerts.yml"))).Select(query => ("alerts.yml", query)),
        ];
    }

    private static IEnumerable<string> OfDashboard(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                return element.EnumerateArray().SelectMany(OfDashboard);
            case JsonValueKind.Object:
                return element.EnumerateObject().SelectMany(member => member switch
                {
                    { Name: "expr" } => [member.Value.GetString()!],
                    // The variable's second argument is a label, so that its metric alone is an expression.
                    { Name: "query", Value.ValueKind: JsonValueKind.String } when LabelValues().Match(member.Value.GetString()!) is { Success: true } match => [match.Groups[1].Value],
                    _ => OfDashboard(member.Value),
                });
            default:
                return [];
        }
    }

    /// <summary>The values of <c>expr</c>: on the same line, or in the block of deeper lines that <c>|</c> announces.</summary>
    private static IEnumerable<string> OfAlerts(string[] lines)
    {
        for (var index = 0; index < lines.Length; index++)
        {
            var match = ExpressionKey().Match(lines[index]);
            if (!match.Success)
                continue;
            var indent = match.Groups["indent"].Length;
            var block = lines.Skip(index + 1).TakeWhile(line => line.Length - line.TrimStart().Length > indent);
            yield return match.Groups["value"].Value == "|" ? string.Join(' ', block) : match.Groups["value"].Value;
        }
    }

    [GeneratedRegex(@"^label_values\((.+),\s*\w+\)$")]
    private static partial Regex LabelValues();

    [GeneratedRegex(@"^(?<indent>\s*)expr:\s*(?<value>.*)$")]
    private static partial Regex ExpressionKey();
}
