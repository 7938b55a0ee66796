using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using GrainVault.Data;
using GrainVault.Maintenance;
using GrainVault.Silo.Migrations;
using GrainVault.Silo.Postgres;
using GrainVault.Storage;
using GrainVault.Storage.Disk;
using GrainVault.Storage.S3;
using GrainVault.TestKit.S3;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Orleans;
using Orleans.Hosting;

namespace GrainVault.Bench.Direct;

/// <summary>
/// How fast the janitor compares the store with a ledger of many rows, against listing the same store and comparing nothing. In a silo of its
/// own, on a database and a store of its own, so that the time is that of the sweep and not of the wait for its turn.
/// </summary>
internal sealed class SweepRate : IAsyncDisposable
{
    private const string Database = "sweep";
    private const int PutsAtOnce = 16;

    private readonly BenchOptions _options;
    private readonly IObjectStore _store;
    private readonly string _connectionString;
    private IHost? _host;

    private SweepRate(BenchOptions options, IObjectStore store, string connectionString) =>
        (_options, _store, _connectionString) = (options, store, connectionString);

    /// <summary>Measures it; the store and the database are those of the system.</summary>
    public static async Task<string> RunAsync(BenchSystem system, BenchOptions options)
    {
        var connection = new NpgsqlConnectionStringBuilder(system.PostgresConnectionString);
        await using (var create = system.Database.CreateCommand($"CREATE DATABASE {Database}"))
        {
            await create.ExecuteNonQueryAsync();
        }

        connection.Database = Database;
        await using var rate = new SweepRate(options, await OpenAsync(system), connection.ConnectionString);
        return await rate.MeasureAsync();
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

    private static async Task<IObjectStore> OpenAsync(BenchSystem system)
    {
        if (system.S3 is not { } server)
        {
            return new DiskObjectStore(new DiskOptions { Directory = system.NewFolder("swept") }, TimeProvider.System, NullLogger<DiskObjectStore>.Instance);
        }

        var s3 = new S3ObjectStore(
            new S3Options { Endpoint = server.Endpoint, Bucket = "swept", AccessKey = S3Server.AccessKey, SecretKey = S3Server.SecretKey }, TimeProvider.System, null);
        await s3.EnsureBucketAsync();
        return s3;
    }

    private async Task<string> MeasureAsync()
    {
        await FillAsync();
        await StartAsync();
        var grains = _host!.Services.GetRequiredService<IGrainFactory>();
        return await Comparison.RunAsync(
            string.Create(CultureInfo.InvariantCulture, $"sweep of {_options.ObjectCount} objects, {_options.RowCount} rows in the ledger, {_options.Store}; against listing them"),
            "objects/s",
            _options.Runs,
            async () =>
            {
                await ExecuteAsync("DELETE FROM janitor_shards");
                var clock = Stopwatch.StartNew();
                for (var shard = 0; shard < IJanitorGrain.ShardCount; shard++)
                {
                    await grains.GetGrain<IJanitorGrain>(string.Create(CultureInfo.InvariantCulture, $"j-{shard}")).RunAsync();
                }

                var sample = new Sample(_options.ObjectCount / clock.Elapsed.TotalSeconds, double.NaN);
                await CheckAsync();
                return sample;
            },
            async () =>
            {
                var clock = Stopwatch.StartNew();
                var count = 0;
                await foreach (var _ in ((IListingStore)_store).ListObjectsAsync(ObjectKeys.ContentPrefix))
                {
                    count++;
                }

                return count == _options.ObjectCount
                    ? new Sample(count / clock.Elapsed.TotalSeconds, double.NaN)
                    : throw new InvalidOperationException($"the store has {count} of {_options.ObjectCount} objects");
            });
    }

    /// <summary>A sweep that was stopped, or that found something, was not the one to measure.</summary>
    private async Task CheckAsync()
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString(CatalogueDatabase.Key));
        await using var command = source.CreateCommand(
            "SELECT (SELECT count(*) FROM janitor_shards), (SELECT count(*) FROM objects WHERE state <> 'live')");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        if (reader.GetInt64(0) != IJanitorGrain.ShardCount || reader.GetInt64(1) != 0)
        {
            throw new InvalidOperationException($"{reader.GetInt64(0)} shards were swept, {reader.GetInt64(1)} objects are not live");
        }
    }

    /// <summary>As many rows as wanted, and the objects of the first of them.</summary>
    private async Task FillAsync()
    {
        var runner = new MigrationRunner(NullLogger<MigrationRunner>.Instance, TimeProvider.System);
        foreach (var schema in (string[])[IdentityDatabase.Key, CatalogueDatabase.Key])
        {
            await runner.ApplyAsync(_connectionString, MigrationSet.FromResources(schema), TimeSpan.FromSeconds(30));
        }

        await ExecuteAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            INSERT INTO objects (key, store, state, size_bytes)
            SELECT 'objects/' || left(md5(n::text), 2) || '/' || md5(n::text), '{_store.Profile.Name}', 'live', 1 FROM generate_series(1, {_options.RowCount}) n;
            ANALYZE objects
            """));
        await Parallel.ForEachAsync(
            Enumerable.Range(1, _options.ObjectCount),
            new ParallelOptions { MaxDegreeOfParallelism = PutsAtOnce },
            async (number, token) =>
            {
                var id = Convert.ToHexStringLower(MD5.HashData(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture))));
                await _store.PutAsync($"{ObjectKeys.ContentPrefix}{id[..2]}/{id}", new StoreContent(new byte[] { 1 }, SHA256.HashData([1])), token);
            });
    }

    private async Task StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            // By hand alone, and for objects of any age.
            ["GrainVault:Janitor:Period"] = "1.00:00:00",
            ["GrainVault:Janitor:SweepPeriod"] = "365.00:00:00",
            ["GrainVault:Janitor:UnknownObjectAge"] = "00:00:00",
            ["GrainVault:Janitor:ComputeChecksums"] = "false",
        });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(_store);
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
        // The store has its marker once the janitor has met it; without it nothing is swept.
        await _host.Services.GetRequiredService<SweepGuard>().EnsureAsync(CancellationToken.None);
    }

    private string ConnectionString(string schema) =>
        new NpgsqlConnectionStringBuilder(_connectionString) { SearchPath = schema, MaxAutoPrepare = 64 }.ConnectionString;

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString(CatalogueDatabase.Key));
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync();
    }
}
