using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace GrainVault.TestKit.Plans;

/// <summary>One look at a table or an index within a plan.</summary>
/// <param name="Kind">Type of the node, for example <c>Index Scan</c>.</param>
/// <param name="Table">The table; null where only an index is read.</param>
/// <param name="Index">The index; null where there is none.</param>
/// <param name="Rows">Rows that each of the loops gave, on average.</param>
/// <param name="Loops">How often the node ran; 0 for never.</param>
/// <param name="Dropped">Rows of each loop that a condition dropped after they had been read.</param>
public sealed record PlanScan(string Kind, string? Table, string? Index, double Rows, double Loops, double Dropped)
{
    /// <summary>Reads a whole table.</summary>
    public bool IsWholeTable => Kind.EndsWith("Seq Scan", StringComparison.Ordinal);

    public override string ToString()
    {
        var what = $"{Kind}{(Index is null ? "" : $" by {Index}")}{(Table is null ? "" : $" on {Table}")}";
        var dropped = Dropped > 0 ? string.Create(CultureInfo.InvariantCulture, $", {Dropped:0.##} dropped") : "";
        return Loops == 0 ? $"{what}: never ran" : string.Create(CultureInfo.InvariantCulture, $"{what}: {Rows:0.##} rows x {Loops:0.##}{dropped}");
    }
}

/// <summary>How PostgreSQL carried out one statement, also one within a function or a trigger.</summary>
/// <param name="Statement">Its text.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="PagesHit">Pages of 8 KiB that were in PostgreSQL's memory.</param>
/// <param name="PagesRead">Pages that were not.</param>
/// <param name="Scans">What it looked at, outermost first.</param>
public sealed partial record StatementPlan(string Statement, double Milliseconds, long PagesHit, long PagesRead, IReadOnlyList<PlanScan> Scans)
{
    private const int StatementLengthMax = 200;

    /// <summary>The statement in one line, shortened.</summary>
    public string Line
    {
        get
        {
            var line = Spaces().Replace(Statement, " ").Trim();
            return line.Length <= StatementLengthMax ? line : line[..StatementLengthMax] + " ...";
        }
    }

    /// <summary>Reads a message of <c>auto_explain</c> in its JSON form; null for any other message.</summary>
    public static StatementPlan? Parse(string message)
    {
        if (Beginning().Match(message) is not { Success: true } beginning)
            return null;
        using var document = JsonDocument.Parse(message[(beginning.Index + beginning.Length)..]);
        return From(
            document.RootElement.GetProperty("Query Text").GetString()!,
            double.Parse(beginning.Groups[1].Value, CultureInfo.InvariantCulture),
            document.RootElement.GetProperty("Plan"));
    }

    /// <summary>Reads what EXPLAIN says about a statement, in its JSON form.</summary>
    public static StatementPlan ParseExplain(string statement, string answer)
    {
        using var document = JsonDocument.Parse(answer);
        return From(statement, 0, document.RootElement[0].GetProperty("Plan"));
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Line}\n  {Milliseconds:0.##} ms, pages: {PagesHit} in memory, {PagesRead} read");
        foreach (var scan in Scans)
            text.Append("\n  ").Append(scan);
        return text.ToString();
    }

    private static StatementPlan From(string statement, double milliseconds, JsonElement top)
    {
        var scans = new List<PlanScan>();
        Collect(top, scans);
        return new StatementPlan(statement, milliseconds, (long)Number(top, "Shared Hit Blocks"), (long)Number(top, "Shared Read Blocks"), scans);
    }

    private static void Collect(JsonElement node, List<PlanScan> scans)
    {
        var kind = node.GetProperty("Node Type").GetString()!;
        var (table, index) = (Text(node, "Relation Name"), Text(node, "Index Name"));
        if (kind.EndsWith("Scan", StringComparison.Ordinal) && (table ?? index) is not null)
        {
            var dropped = Number(node, "Rows Removed by Filter") + Number(node, "Rows Removed by Index Recheck");
            scans.Add(new PlanScan(kind, table, index, Number(node, "Actual Rows"), Number(node, "Actual Loops"), dropped));
        }

        if (!node.TryGetProperty("Plans", out var children))
            return;
        foreach (var child in children.EnumerateArray())
            Collect(child, scans);
    }

    private static string? Text(JsonElement node, string name) => node.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static double Number(JsonElement node, string name) => node.TryGetProperty(name, out var value) ? value.GetDouble() : 0;

    [GeneratedRegex(@"duration: ([0-9.]+) ms\s+plan:\s*")]
    private static partial Regex Beginning();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
