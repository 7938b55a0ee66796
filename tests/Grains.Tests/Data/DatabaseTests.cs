using GrainVault.Data;
using GrainVault.Resilience;
using GrainVault.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace GrainVault.Grains.Tests.Data;

/// <summary>Connections that break under a statement, and databases that are gone.</summary>
public sealed class DatabaseTests : IAsyncLifetime
{
    private PostgresDatabase _postgres = null!;
    private NpgsqlDataSource _source = null!;

    public async Task InitializeAsync()
    {
        _postgres = await PostgresDatabase.CreateAsync();
        await using var create = _postgres.DataSource.CreateCommand("CREATE TABLE calls (id int GENERATED ALWAYS AS IDENTITY)");
        await create.ExecuteNonQueryAsync();
        _source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { MaxPoolSize = 1, ApplicationName = "victim" }.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await _source.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task Read_whose_connection_broke_is_repeated_on_another()
    {
        var database = Create(_source);
        Assert.Equal(1, await ReadOneAsync(database));
        for (var i = 0; i < 3; i++)
        {
            await KillConnectionsAsync();
            Assert.Equal(1, await ReadOneAsync(database));
        }
    }

    [Fact]
    public async Task Command_whose_connection_broke_is_not_repeated_since_its_outcome_is_unknown()
    {
        var database = Create(_source);
        await ReadOneAsync(database);
        await KillConnectionsAsync();
        await Assert.ThrowsAsync<DependencyUnavailableException>(() => database.ExecuteAsync("INSERT INTO calls DEFAULT VALUES", _ => { }));
        Assert.Equal(1, await database.ExecuteAsync("INSERT INTO calls DEFAULT VALUES", _ => { }));
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task Command_that_may_run_twice_is_repeated_after_its_connection_broke()
    {
        var database = Create(_source);
        await ReadOneAsync(database);
        await KillConnectionsAsync();
        Assert.Equal(0, await database.ExecuteRepeatablyAsync("DELETE FROM calls", _ => { }));
    }

    [Fact]
    public async Task Database_that_is_gone_is_left_alone_after_a_few_attempts()
    {
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Timeout=2;Username=x;Password=y");
        var database = Create(nowhere, new ResilienceOptions { BreakerCallCountMin = 4, BreakMin = TimeSpan.FromSeconds(30), BreakMax = TimeSpan.FromSeconds(30), PostgresRetryDelay = TimeSpan.FromMilliseconds(1) });
        for (var i = 0; i < 4; i++)
            await Assert.ThrowsAsync<DependencyUnavailableException>(() => ReadOneAsync(database));
        var bound = 0;
        await Assert.ThrowsAsync<DependencyUnavailableException>(() => database.QueryAsync("SELECT 1", _ => bound++, _ => Task.FromResult(0)));
        Assert.Equal(0, bound);
    }

    [Fact]
    public async Task Statement_that_takes_too_long_ends()
    {
        var database = Create(_source, new ResilienceOptions { PostgresTimeout = TimeSpan.FromSeconds(1) });
        await Assert.ThrowsAsync<DependencyUnavailableException>(() => database.ExecuteAsync("SELECT pg_sleep(60)", _ => { }));
        Assert.Equal(1, await ReadOneAsync(database));
    }

    private static CatalogueDatabase Create(NpgsqlDataSource source, ResilienceOptions? options = null) => new(
        source, NullLogger<CatalogueDatabase>.Instance, new Breakers(Microsoft.Extensions.Options.Options.Create(options ?? new ResilienceOptions()), TimeProvider.System));

    private static Task<int> ReadOneAsync(CatalogueDatabase database) => database.ReadAsync(
        "SELECT 1",
        _ => { },
        async reader =>
        {
            await reader.ReadAsync();
            return reader.GetInt32(0);
        });

    private async Task KillConnectionsAsync()
    {
        await using var kill = _postgres.DataSource.CreateCommand(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'victim' AND datname = current_database()");
        Assert.True((long)(await kill.ExecuteScalarAsync())! > 0);
        // The signal is on its way; the connection is gone when the server does not list it any more.
        await using var left = _postgres.DataSource.CreateCommand(
            "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = 'victim' AND datname = current_database())");
        await Support.Poll.UntilAsync(async () => (bool)(await left.ExecuteScalarAsync())!, "the connections are gone");
    }

    private async Task<long> CountAsync()
    {
        await using var count = _postgres.DataSource.CreateCommand("SELECT count(*) FROM calls");
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
