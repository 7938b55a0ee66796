using System.Globalization;
using System.Text.RegularExpressions;
using GrainVault.Data;
using GrainVault.TestKit.Plans;
using Npgsql;
using Xunit.Abstractions;

namespace GrainVault.Grains.Tests.Plans;

/// <summary>
/// No statement that somebody waits for, and none of the janitors, reads a table from end to end, however PostgreSQL plans it: for the
/// values that it has, and for any values, as functions and prepared statements are at the latest from their sixth run on. The plans are those
/// of the product's own statements, and of those in functions and triggers.
/// </summary>
public sealed partial class HotPlanTests(PlansHost host, ITestOutputHelper output) : IClassFixture<PlansHost>
{
    /// <summary>Functions and statements that this test may not reach yet: they are printed, and whoever adds one need not look for a way at once.</summary>
    private const int UnknownCountMax = 10;

    /// <summary>Tables that may be without enough rows yet; of those nothing is asserted.</summary>
    private const int SmallTableCountMax = 2;

    /// <summary>Tables of which all may be read.</summary>
    private static readonly Dictionary<string, string> Constant = new()
    {
        ["installation"] = "has one row",
        ["inbox_listing"] = "has one row",
        ["janitor_shards"] = "has 16 rows",
        ["schema_migrations"] = "has a row for each file of sql/",
        ["feed_hints"] = "has rows of transactions that have not ended; what they leave is pruned by the next look at its page",
    };

    /// <summary>Statements, or how they begin, that look at all rows on purpose, or at the first that comes.</summary>
    private static readonly Dictionary<string, string> Whole = new()
    {
        ["SELECT count(*) FROM inbox_objects"] = "a gauge of what waits in the inbox, once for each listing of it, which asks the store for all of it, too",
        ["NOT p_first_is_admin OR EXISTS (SELECT 1 FROM accounts)"] = "asks for any row",
        ["SELECT r.login_id, r.revoked_at, now() - $3 FROM (SELECT 1) one LEFT JOIN ("] = "gives a front end that starts all logins that are revoked",
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_statement_reads_a_whole_table(bool isGeneric)
    {
        await host.PlanAsync(isGeneric);
        var user = host.Users[isGeneric ? 1 : 0];
        await new HotWork(host, user, await host.SignUpAsync()).RunAsync();
        await new HotMaintenance(host, user, isGeneric).RunAsync();

        var plans = host.Recorder.Plans.ToList();
        var run = plans.Select(plan => SourceStatement.Normal(plan.Statement)).ToHashSet(StringComparer.Ordinal);
        var statements = SourceStatement.FindAll();
        Assert.True(statements.Count > 150, $"{statements.Count} statements in the sources");
        var missing = statements.Where(statement => !run.Any(statement.IsIn)).ToList();
        var unknown = (await MissingFunctionsAsync(statements, run)).Select(name => $"{name} is a function that nothing of this test calls")
            .Concat(missing.Where(statement => !statement.IsWhole).Select(statement => $"{statement.Place}: {statement.Text} is put together at run time, and not by this test")).ToList();
        plans.AddRange(await ExplainAsync(missing.Where(statement => statement.IsWhole), unknown));
        unknown.ForEach(output.WriteLine);
        Assert.True(unknown.Count <= UnknownCountMax, string.Join("\n\n", unknown));

        Assert.Contains(plans, plan => plan.Scans.Any(scan => scan.Index == "entries_grams"));
        // A name in a folder of a million is found by the name, and not among all that are in the folder.
        var walks = plans.Where(plan => plan.Statement.Contains("WITH RECURSIVE walk", StringComparison.Ordinal) && plan.Statement.Contains("name_key", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(walks);
        Assert.All(walks.SelectMany(plan => plan.Scans).Where(scan => scan.Table == "entries"), scan => Assert.Contains(scan.Index, (string[])["entries_live_name", "entries_pkey"]));
        // The first rows of a folder are read in their order, and not all of it and sorted.
        var folders = plans.Where(plan => plan.Statement.Contains("WITH page", StringComparison.Ordinal) && plan.Statement.Contains("ORDER BY parent_id", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(folders);
        Assert.All(folders.SelectMany(plan => plan.Scans).Where(scan => scan.Table == "entries"), scan => Assert.Contains(scan.Index, (string[])["entries_live_name", "entries_folder_sizes", "entries_folder_times"]));
        var small = await SmallTablesAsync();
        None(Lines(plans.Where(plan => IsBad(plan, small)).Select(plan => plan.ToString()).Distinct(), "reads a whole table"));
    }

    [Fact]
    public async Task Every_table_has_so_many_rows_that_nobody_would_read_all_of_them()
    {
        var small = await SmallTablesAsync();
        small.ExceptWith(Constant.Keys);

        output.WriteLine(string.Join('\n', small));
        Assert.True(small.Count <= SmallTableCountMax, Lines(small, $"needs {PlansData.Count} rows in {nameof(PlansData)}, or a reason here"));
    }

    private async Task<HashSet<string>> SmallTablesAsync()
    {
        var tables = new HashSet<string>(StringComparer.Ordinal);
        await using var command = host.Catalogue.CreateCommand(
            $"""
            SELECT relname FROM pg_class
            WHERE relkind = 'r' AND relnamespace IN ('catalogue'::regnamespace, 'identity'::regnamespace) AND reltuples < {PlansData.Count}
            """);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            tables.Add(reader.GetString(0));
        return tables;
    }

    private static bool IsBad(StatementPlan plan, HashSet<string> small) =>
        plan.Scans.Any(scan => scan.IsWholeTable && !small.Contains(scan.Table!) && !scan.Table!.StartsWith("pg_", StringComparison.Ordinal)) && !Whole.Keys.Any(beginning => SourceStatement.Normal(plan.Statement).StartsWith(beginning, StringComparison.Ordinal));

    private static void None(string complaints) => Assert.True(complaints.Length == 0, complaints);

    private static string Lines(IEnumerable<string> items, string complaint) => string.Join("\n\n", items.Select(item => $"{item}\n  ^ {complaint}"));

    /// <summary>Functions that statements of the sources call, and that were not called: what is in them is known only when they run.</summary>
    private async Task<List<string>> MissingFunctionsAsync(List<SourceStatement> statements, HashSet<string> run)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        await using (var command = host.Catalogue.CreateCommand(
            """
            SELECT p.proname FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
            WHERE p.pronamespace IN ('catalogue'::regnamespace, 'identity'::regnamespace) AND l.lanname = 'plpgsql'
            """))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
                known.Add(reader.GetString(0));
        }

        var called = run.SelectMany(Calls).ToHashSet(StringComparer.Ordinal);
        return [.. statements.SelectMany(statement => Calls(statement.Text)).Where(name => known.Contains(name) && !called.Contains(name)).Distinct()];
    }

    /// <summary>Plans of statements for any values, without running them.</summary>
    private async Task<List<StatementPlan>> ExplainAsync(IEnumerable<SourceStatement> statements, List<string> unknown)
    {
        var plans = new List<StatementPlan>();
        await using var source = host.Open($"{CatalogueDatabase.Key},{IdentityDatabase.Key}", isGeneric: true);
        await using var connection = await source.OpenConnectionAsync();
        foreach (var statement in statements)
        {
            var types = ParameterTypes(statement.Text);
            var (declared, values) = types.Length == 0
                ? ("", "")
                : ($"({string.Join(", ", types)})", $"({string.Join(", ", Enumerable.Repeat("NULL", types.Length))})");
            try
            {
                await ExecuteAsync(connection, $"PREPARE one{declared} AS {statement.Text}");
            }
            catch (PostgresException exception)
            {
                unknown.Add($"{statement.Place}: {statement.Text} is not run by this test, nor explained without its types: {exception.MessageText}");
                continue;
            }

            await using (var explain = new NpgsqlCommand($"EXPLAIN (FORMAT json) EXECUTE one{values}", connection))
                plans.Add(StatementPlan.ParseExplain(statement.Text, (string)(await explain.ExecuteScalarAsync())!));
            await ExecuteAsync(connection, "DEALLOCATE one");
        }

        return plans;
    }

    /// <summary>Types of a statement's parameters: PostgreSQL finds out those of all but arrays.</summary>
    private static string[] ParameterTypes(string statement)
    {
        var types = Enumerable.Repeat("unknown", Parameters().Matches(statement).Select(match => Number(match.Groups[1])).DefaultIfEmpty().Max()).ToArray();
        foreach (Match interval in Intervals().Matches(statement))
            types[Number(interval.Groups[1]) - 1] = "interval";
        foreach (Match arrays in Arrays().Matches(statement))
        {
            var columns = arrays.Groups[2].Value.Split(", ");
            foreach (var (parameter, place) in Parameters().Matches(arrays.Groups[1].Value).Select((match, place) => (Number(match.Groups[1]), place)))
                types[parameter - 1] = columns.ElementAtOrDefault(place) switch { "number" or "s" => "integer[]", "size" => "bigint[]", _ => "text[]" };
        }

        return types;
    }

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static IEnumerable<string> Calls(string sql) => Names().Matches(sql).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"\b([a-z_]+)\s*\(")]
    private static partial Regex Names();

    [GeneratedRegex(@"now\(\) [-+] \$(\d+)")]
    private static partial Regex Intervals();

    [GeneratedRegex(@"unnest\(([^()]*)\)(?: AS \w+ \(([^()]*)\))?")]
    private static partial Regex Arrays();

    [GeneratedRegex(@"\$(\d+)")]
    private static partial Regex Parameters();
}
