using System.Diagnostics;
using System.Globalization;
using GrainVault.Accounts;
using GrainVault.Changes;
using GrainVault.Data;
using GrainVault.Silo.Migrations;
using GrainVault.Storage.Disk;
using GrainVault.TestKit.Plans;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace GrainVault.Bench.Scale;

/// <summary>
/// What a user with very many entries waits for, in a silo of its own on a database of its own, and with which plans. Where a small number
/// takes as long as a large one is to take, the small one is the baseline.
/// </summary>
internal sealed class ScaleRun
{
    private const string Database = "scale";

    private readonly BenchOptions _options;
    private readonly DiskObjectStore _store;
    private readonly string _connectionString;

    private ScaleRun(BenchOptions options, DiskObjectStore store, string connectionString) =>
        (_options, _store, _connectionString) = (options, store, connectionString);

    public static async Task<IEnumerable<string>> RunAsync(BenchSystem system, BenchOptions options)
    {
        await using (var create = system.Database.CreateCommand($"CREATE DATABASE {Database}"))
        {
            await create.ExecuteNonQueryAsync();
        }

        using var store = new DiskObjectStore(new DiskOptions { Directory = system.NewFolder("scale") }, TimeProvider.System, NullLogger<DiskObjectStore>.Instance);
        var run = new ScaleRun(options, store, new NpgsqlConnectionStringBuilder(system.PostgresConnectionString) { Database = Database }.ConnectionString);
        return await run.RunAsync();
    }

    private async Task<IEnumerable<string>> RunAsync()
    {
        var runner = new MigrationRunner(NullLogger<MigrationRunner>.Instance, TimeProvider.System);
        foreach (var schema in (string[])[IdentityDatabase.Key, CatalogueDatabase.Key])
        {
            await runner.ApplyAsync(_connectionString, MigrationSet.FromResources(schema), TimeSpan.FromSeconds(30));
        }

        await using var catalogue = NpgsqlDataSource.Create(ConnectionString(CatalogueDatabase.Key));
        await ScaleData.LoadAsync(ConnectionString(CatalogueDatabase.Key), _options.EntryCount, _options.TotalCount);
        Caller.Set(ScaleData.User, "", null);
        var rows = new List<string>();
        var feedCursor = await MeasureAsync(catalogue, Add);
        Add(await RecordPlansAsync(catalogue, feedCursor));
        return rows;

        // Seen at once, too: a run at full size is long.
        void Add(string row)
        {
            rows.Add(row);
            Console.Error.WriteLine(row);
        }
    }

    /// <summary>Measures everything; returns the cursor of the feed that was read from.</summary>
    private async Task<string> MeasureAsync(NpgsqlDataSource catalogue, Action<string> add)
    {
        await using var silo = await ScaleSilo.StartAsync(_store, schema => NpgsqlDataSource.Create(ConnectionString(schema)));
        var operations = new ScaleOperations(silo.Grains, _options);
        var feedCursor = await MiddleOfFeedAsync(catalogue, operations.User);
        foreach (var operation in await operations.ListAsync(feedCursor))
        {
            add(await MeasureAsync(operation));
        }

        add(await EmptyTrashAsync(operations.User));
        return feedCursor;
    }

    /// <summary>A cursor of the feed as it was when half of the changes had been made.</summary>
    private async Task<string> MiddleOfFeedAsync(NpgsqlDataSource catalogue, IUserGrain user)
    {
        await SetLastChangeAsync(_options.EntryCount / 2);
        var page = await user.ReadChangesAsync(ChangeFeedCursors.Now, 1);
        await SetLastChangeAsync(_options.EntryCount);
        return page.Cursor ?? throw new InvalidOperationException(page.Refusal?.Detail);

        async Task SetLastChangeAsync(int number)
        {
            await using var command = catalogue.CreateCommand("UPDATE users SET change_seq = $1 WHERE id = $2");
            command.Parameters.AddWithValue((long)number);
            command.Parameters.AddWithValue(ScaleData.User);
            await command.ExecuteNonQueryAsync();
        }
    }

    private async Task<string> MeasureAsync(ScaleOperation operation)
    {
        var (ours, small) = (new Latencies(), new Latencies());
        if (operation.Small is not null)
        {
            await operation.Small();
        }

        await operation.RunAsync();
        for (var i = 0; i < _options.CallCount; i++)
        {
            if (operation.Small is not null)
            {
                await small.AddAsync(operation.Small);
            }

            await ours.AddAsync(operation.RunAsync);
        }

        return operation.Small is null
            ? $"| {operation.Name} | {ours} | - | - | - | {_options.CallCount} |"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"| {operation.Name} | {ours} | {small} | **{ours.Median / small.Median:F2}**{(operation.RatioMax is { } most ? $" (goal {most})" : "")} | - | {_options.CallCount} |");
    }

    private async Task<string> EmptyTrashAsync(IUserGrain user)
    {
        var clock = Stopwatch.StartNew();
        var first = await user.EmptyTrashAsync();
        var answered = clock.Elapsed;
        var (count, isDone) = (first.EntryCount, first.IsDone);
        // What the janitor does later.
        while (!isDone)
        {
            var more = await user.GoOnEmptyingAsync();
            (count, isDone) = (count + more.EntryCount, more.IsDone);
        }

        return count == ScaleData.PartCount(_options.EntryCount)
            ? string.Create(CultureInfo.InvariantCulture, $"| empty a trash of {count} | {clock.Elapsed.TotalSeconds:F1} s, answered after {answered.TotalSeconds:F1} s | - | - | - | 1 |")
            : throw new InvalidOperationException($"{count} entries were in the trash");
    }

    /// <summary>Everything once more, by a silo of which each statement is explained: that takes its time, so it is not measured.</summary>
    private async Task<string> RecordPlansAsync(NpgsqlDataSource catalogue, string feedCursor)
    {
        using var recorder = new PlanRecorder();
        await using var silo = await ScaleSilo.StartAsync(_store, schema => recorder.Open(ConnectionString(schema)));
        var operations = new ScaleOperations(silo.Grains, _options);
        var plans = new ScalePlans(recorder);
        foreach (var operation in await operations.ListAsync(feedCursor))
        {
            await plans.RecordAsync(operation.Name, operation.RunAsync);
        }

        await plans.RecordAsync("trash a folder of 100 files and a file, and empty the trash", operations.EmptySmallTrashAsync);
        if (_options.PlansPath.Length > 0)
        {
            await plans.WriteAsync(
                _options.PlansPath,
                $"# Plans with {_options.EntryCount} entries in one folder and {_options.TotalCount} in all\n\n"
                + "Each statement of an operation with what it looked at, outermost first; `x` is how often, rows are those of one time.");
        }

        var (row, isGood) = await plans.SummariseAsync(catalogue);
        if (!isGood)
        {
            Environment.ExitCode = 1;
        }

        return row;
    }

    private string ConnectionString(string schema) =>
        new NpgsqlConnectionStringBuilder(_connectionString) { SearchPath = schema, MaxAutoPrepare = 64 }.ConnectionString;
}
