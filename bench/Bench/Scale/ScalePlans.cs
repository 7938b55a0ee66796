using System.Globalization;
using GrainVault.TestKit.Plans;
using Npgsql;

namespace GrainVault.Bench.Scale;

/// <summary>The plans of what is done to very many entries, for the record, and whether one of them reads a whole table.</summary>
internal sealed class ScalePlans(PlanRecorder recorder)
{
    /// <summary>Rows of a table that is rather read as a whole, whatever indexes it has.</summary>
    private const int SmallTableRowsMax = 10_000;

    private readonly List<(string Operation, List<StatementPlan> Plans)> _recorded = [];

    /// <summary>Runs an operation and keeps its plans: of the second run, for which caches are warm.</summary>
    public async Task RecordAsync(string operation, Func<Task> run)
    {
        await run();
        recorder.Clear();
        await run();
        _recorded.Add((operation, [.. recorder.Plans]));
    }

    /// <summary>Writes the plans of what looked at a table, each of its kind once an operation.</summary>
    public async Task WriteAsync(string path, string heading)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        await using var file = new StreamWriter(path);
        await file.WriteLineAsync(heading);
        foreach (var (operation, plans) in _recorded)
        {
            await file.WriteLineAsync($"\n## {operation}\n");
            foreach (var kind in plans.Where(plan => plan.Scans.Count > 0).GroupBy(Kind))
            {
                await file.WriteLineAsync($"{kind.Count()} x {kind.First()}\n");
            }
        }
    }

    /// <summary>A row of results: how many statements there were, and which of them read a large table from end to end.</summary>
    /// <param name="database">Knows how large tables are.</param>
    public async Task<(string Row, bool IsGood)> SummariseAsync(NpgsqlDataSource database)
    {
        var large = new HashSet<string>(StringComparer.Ordinal);
        await using (var command = database.CreateCommand($"SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > {SmallTableRowsMax}"))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                large.Add(reader.GetString(0));
            }
        }

        var bad = (
            from operation in _recorded
            from plan in operation.Plans
            where plan.Scans.Any(scan => scan.IsWholeTable && large.Contains(scan.Table!))
            select $"{operation.Operation}: {plan}").Distinct().ToList();
        foreach (var text in bad)
        {
            Console.Error.WriteLine(text);
        }

        var row = string.Create(
            CultureInfo.InvariantCulture,
            $"| statements of {_recorded.Count} operations; of those, with a plan that reads a table of more than {SmallTableRowsMax} rows from end to end | "
            + $"{_recorded.Sum(operation => operation.Plans.Count)}; {bad.Count} | - | - | - | 1 |");
        return (row, bad.Count == 0);
    }

    /// <summary>Statements of the same text and the same looks at tables.</summary>
    private static (string Statement, string Looks) Kind(StatementPlan plan) =>
        (plan.Statement, string.Join(',', plan.Scans.Select(scan => $"{scan.Kind} {scan.Table} {scan.Index}")));
}
