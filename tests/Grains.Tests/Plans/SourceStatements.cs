using System.Text;
using System.Text.RegularExpressions;
using GrainVault.TestKit.Processes;

namespace GrainVault.Grains.Tests.Plans;

/// <summary>A statement as it stands in the sources of the grains.</summary>
/// <param name="Place">File.</param>
/// <param name="Parts">Its text, cut where something is put in.</param>
internal sealed partial record SourceStatement(string Place, string[] Parts)
{
    /// <summary>All of it stands there.</summary>
    public bool IsWhole => Parts.Length == 1;

    public string Text => string.Join(" ... ", Parts);

    /// <summary>All statements of the grains.</summary>
    public static List<SourceStatement> FindAll()
    {
        var root = Path.Combine(Repository.Root, "src", "Grains");
        return [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(root, path).StartsWith("obj", StringComparison.Ordinal))
            .SelectMany(path => Texts().Matches(File.ReadAllText(path)).Select(text => new SourceStatement(
                Path.GetRelativePath(root, path), Cut(text.Value))))
            .Where(statement => Beginnings().IsMatch(statement.Parts[0]))];
    }

    /// <summary>True for a statement that was run and is this one, or has it in it.</summary>
    public bool IsIn(string statement)
    {
        var at = 0;
        foreach (var part in Parts)
        {
            at = statement.IndexOf(part, at, StringComparison.Ordinal);
            if (at < 0)
                return false;
            at += part.Length;
        }

        return true;
    }

    /// <summary>The same words with one space between them.</summary>
    public static string Normal(string sql) => Spaces().Replace(sql, " ").Trim();

    private static string[] Cut(string literal)
    {
        var isInterpolated = literal.StartsWith('$');
        var text = literal.TrimStart('$').Trim('"');
        if (!isInterpolated)
            return [Normal(text)];
        var parts = new List<string>();
        var part = new StringBuilder();
        var depth = 0;
        foreach (var c in text)
        {
            if (c == '{' && depth++ == 0)
            {
                parts.Add(Normal(part.ToString()));
                part.Clear();
            }
            else if (c == '}')
            {
                depth--;
            }
            else if (depth == 0)
            {
                part.Append(c);
            }
        }

        parts.Add(Normal(part.ToString()));
        return [.. parts];
    }

    [GeneratedRegex(@"(?s)\$?\x22{3}.*?\x22{3}|\$?\x22(\\.|\{[^{}]*\}|[^\x22\\\r\n])*\x22")]
    private static partial Regex Texts();

    [GeneratedRegex(@"^\(?(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\b")]
    private static partial Regex Beginnings();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
