using System.Text;

namespace GrainVault.Api.Tests.Running.Access;

/// <summary>
/// The table: for each state of a file and each operation what each principal gets, in the order of <see cref="Principal"/>. "yes" is any
/// success, a number the status of the refusal, "-" nobody.
/// </summary>
internal static partial class AccessTable
{
    private static readonly string[] Heads =
    [
        "owner", "former owner", "editor", "viewer", "stranger", "visitor", "link", "link, wrong password", "expired token", "administrator",
    ];

    public static string[] States { get; } = ["private", "public", "shared", "via folder", "trashed", "purged", "transferred"];

    /// <summary>What the principals get, in their order.</summary>
    public static string[] Of(string state, string operation) => Rows(state).Single(row => row.Operation == operation).Answers;

    /// <summary>The table as a page of the documentation.</summary>
    public static string Print()
    {
        var text = new StringBuilder(Introduction);
        foreach (var state in States)
        {
            text.Append($"\n## {char.ToUpperInvariant(state[0])}{state[1..]}\n\n{Meaning(state)}\n\n");
            var hasFormer = state == "transferred";
            var columns = Enumerable.Range(0, Heads.Length).Where(column => hasFormer || column != (int)Principal.FormerOwner).ToArray();
            text.Append($"| | {string.Join(" | ", columns.Select(column => Heads[column]))} |\n|---|{string.Concat(columns.Select(_ => "---|"))}\n");
            foreach (var (operation, answers) in Rows(state))
                text.Append($"| {operation} | {string.Join(" | ", columns.Select(column => answers[column]))} |\n");
        }

        return text.ToString();
    }

    private static IEnumerable<(string Operation, string[] Answers)> Rows(string state) =>
        Text(state).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('|'))
            .Select(cells => (cells[0].Trim(), cells[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
}
