using System.Diagnostics;
using System.Globalization;
using GrainVault.Accounts;
using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Silo.Migrations;
using GrainVault.Silo.Postgres;
using GrainVault.Storage;
using GrainVault.Storage.Disk;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Orleans;
using Orleans.Hosting;

namespace GrainVault.Bench.Scale;

/// <summary>
/// What a user with very many entries waits for, in a silo of its own on a database of its own. Where a small number takes as long as a large
/// one is to take, the small one is the baseline.
/// </summary>
internal sealed class ScaleRun : IAsyncDisposable
{
    private const string Database = "scale";
    private const int PageLength = 100;

    private readonly BenchOptions _options;
    private readonly DiskObjectStore _store;
    private readonly string _connectionString;
    private IHost? _host;

    private ScaleRun(BenchOptions options, DiskObjectStore store, string connectionString) =>
        (_options, _store, _connectionString) = (options, store, connectionString);

    private IGrainFactory Grains => _host!.Services.GetRequiredService<IGrainFactory>();

    private IUserGrain User => Grains.GetGrain<IUserGrain>(ScaleData.User);

    public static async Task<IEnumerable<string>> RunAsync(BenchSystem system, BenchOptions options)
    {
        await using (var create = system.Database.CreateCommand($"CREATE DATABASE {Database}"))
        {
            await create.ExecuteNonQueryAsync();
        }

        var store = new DiskObjectStore(new DiskOptions { Directory = system.NewFolder("scale") }, TimeProvider.System, NullLogger<DiskObjectStore>.Instance);
        await using var run = new ScaleRun(
            options, store, new NpgsqlConnectionStringBuilder(system.PostgresConnectionString) { Database = Database }.ConnectionString);
        return await run.MeasureAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }

        (_store as IDisposable)?.Dispose();
    }

    private async Task<IEnumerable<string>> MeasureAsync()
    {
        var runner = new MigrationRunner(NullLogger<MigrationRunner>.Instance, TimeProvider.System);
        foreach (var schema in (string[])[IdentityDatabase.Key, CatalogueDatabase.Key])
        {
            await runner.ApplyAsync(_connectionString, MigrationSet.FromResources(schema), TimeSpan.FromSeconds(30));
        }

        await ScaleData.LoadAsync(ConnectionString(CatalogueDatabase.Key), _options.EntryCount, _options.TotalCount);
        await StartAsync();
        Caller.Set(ScaleData.User, "", null);
        var rows = new List<string>();
        foreach (var sort in Enum.GetValues<EntrySort>())
        {
            rows.Add(await CompareAsync(
                $"list {PageLength} of {_options.EntryCount} by {sort}; against {PageLength} of {ScaleData.SmallCount}",
                () => ListAsync(new EntryQuery(EntryView.Owned, ScaleData.Million, null, null, PageLength, sort)),
                () => ListAsync(new EntryQuery(EntryView.Owned, ScaleData.Thousand, null, null, PageLength, sort))));
        }

        rows.Add(await MiddleAsync());
        rows.Add(await MeasureAsync("list recent", () => ListAsync(new EntryQuery(EntryView.Recent, null, null, null, PageLength))));
        foreach (var (what, text, filter) in Searches)
        {
            rows.Add(await MeasureAsync($"search {what}", () => ListAsync(new EntryQuery(EntryView.Owned, null, text, null, PageLength, Filter: filter))));
        }

        rows.Add(await MeasureAsync("find a/b/c/d/e by path", async () => Check((await User.FindByPathAsync("a/b/c/d/e")).Refusal)));
        rows.Add(await MeasureAsync($"find one of {_options.EntryCount} by path", async () => Check((await User.FindByPathAsync("million/file 9 invoice.txt")).Refusal)));
        rows.Add(await CompareAsync(
            $"move a folder of {ScaleData.PartCount(_options.EntryCount)} entries down {ScaleData.DeepCount} levels and back; against an empty one",
            () => MoveAsync(ScaleData.Moved),
            () => MoveAsync(ScaleData.Empty)));
        rows.Add(await MeasureAsync($"{PageLength} changes of {_options.EntryCount}", ReadChangesAsync));
        rows.Add(await EmptyTrashAsync());
        return rows;
    }

    private static IEnumerable<(string What, string Text, EntryFilter? Filter)> Searches =>
    [
        ("what all have", "file", null),
        ("what an eighth has", "報告", null),
        ("one character", "9", null),
        ("one character of another script", "告", null),
        ("what one in 100,000 has", "needle", null),
        ("what nobody has", "zzqqx", null),
        ("by number", " 7777 ", null),
        ("a beginning", "file 77", new EntryFilter(true, null, null, null, null, null, null)),
        ("large images with a word", "photo", new EntryFilter(false, EntryKind.File, "text/", 900_000, null, null, null)),
    ];

    private async Task ListAsync(EntryQuery query)
    {
        var page = await User.ListFilesAsync(query);
        Check(page.Refusal);
    }

    /// <summary>A page far from the beginning costs what the first one does.</summary>
    private async Task<string> MiddleAsync()
    {
        var query = new EntryQuery(EntryView.Owned, ScaleData.Million, null, null, 1_000);
        for (var i = 0; i < Math.Min(50, _options.EntryCount / 2_000); i++)
        {
            query = query with { Cursor = (await User.ListFilesAsync(query)).NextCursor };
        }

        query = query with { Limit = PageLength };
        return await MeasureAsync("list where 50,000 came before", () => ListAsync(query));
    }

    private async Task MoveAsync(string folder)
    {
        foreach (var parent in (string?[])[ScaleData.Deep, null])
        {
            Check((await Grains.GetGrain<IFileGrain>(folder).ChangeAsync(new ChangeEntryCommand(null, true, parent, null, null))).Refusal);
        }
    }

    private async Task ReadChangesAsync()
    {
        var database = _host!.Services.GetRequiredKeyedService<NpgsqlDataSource>(CatalogueDatabase.Key);
        await using var command = database.CreateCommand("SELECT seq, entry_id, kind, at FROM changes WHERE owner_id = $1 AND seq > $2 ORDER BY seq LIMIT $3");
        command.Parameters.AddWithValue(ScaleData.User);
        command.Parameters.AddWithValue((long)_options.EntryCount / 2);
        command.Parameters.AddWithValue(PageLength);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
        }
    }

    private async Task<string> EmptyTrashAsync()
    {
        var clock = Stopwatch.StartNew();
        var first = await User.EmptyTrashAsync();
        var answered = clock.Elapsed;
        var count = first.EntryCount;
        // What the janitor does later.
        for (var isDone = first.IsDone; !isDone;)
        {
            var more = await User.GoOnEmptyingAsync();
            (count, isDone) = (count + more.EntryCount, more.IsDone);
        }

        return count == ScaleData.PartCount(_options.EntryCount)
            ? string.Create(CultureInfo.InvariantCulture, $"| empty a trash of {count} | {clock.Elapsed.TotalSeconds:F1} s, answered after {answered.TotalSeconds:F1} s | - | - | - | 1 |")
            : throw new InvalidOperationException($"{count} entries were in the trash");
    }

    private async Task<string> MeasureAsync(string name, Func<Task> call)
    {
        var latencies = new Latencies();
        await call();
        for (var i = 0; i < _options.CallCount; i++)
        {
            await latencies.AddAsync(call);
        }

        return $"| {name} | {latencies} | - | - | - | {_options.CallCount} |";
    }

    private async Task<string> CompareAsync(string name, Func<Task> large, Func<Task> small)
    {
        var (ours, baseline) = (new Latencies(), new Latencies());
        await small();
        await large();
        for (var i = 0; i < _options.CallCount; i++)
        {
            await baseline.AddAsync(small);
            await ours.AddAsync(large);
        }

        return string.Create(CultureInfo.InvariantCulture, $"| {name} | {ours} | {baseline} | **{ours.Median / baseline.Median:F2}** | - | {_options.CallCount} |");
    }

    private async Task StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["GrainVault:Janitor:Period"] = "1.00:00:00" });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IObjectStore>(_store);
        builder.Services.AddKeyedSingleton(IdentityDatabase.Key, (_, _) => NpgsqlDataSource.Create(ConnectionString(IdentityDatabase.Key)));
        builder.Services.AddKeyedSingleton(CatalogueDatabase.Key, (_, _) => NpgsqlDataSource.Create(ConnectionString(CatalogueDatabase.Key)));
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(LoopbackPorts.FindFree(), LoopbackPorts.FindFree(), serviceId: "bench", clusterId: Guid.NewGuid().ToString("n"));
            silo.UseInMemoryReminderService();
        });
        builder.Services.AddGrainVaultGrains(builder.Configuration);
        _host = builder.Build();
        await _host.StartAsync();
    }

    private string ConnectionString(string schema) =>
        new NpgsqlConnectionStringBuilder(_connectionString) { SearchPath = schema, MaxAutoPrepare = 64 }.ConnectionString;

    private static void Check(Refusal? refusal)
    {
        if (refusal is not null)
        {
            throw new InvalidOperationException(refusal.Detail);
        }
    }
}
