using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;
using Npgsql;

namespace GrainVault.Silo.Tests.Hosting;

/// <summary>A silo on a PostgreSQL that somebody else runs.</summary>
public sealed class ExternalPostgresTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private PostgresDatabase _database = null!;

    public async Task InitializeAsync() => _database = await PostgresDatabase.CreateAsync();

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_schema_is_migrated_there_and_no_server_is_started()
    {
        await using var silo = Start(_database.ConnectionString);
        await silo.WaitForOutputAsync("Application started");
        await silo.SignalAsync("TERM");

        Assert.Equal(0, await silo.WaitForExitAsync());
        Assert.False(Directory.Exists(_folder[".data/postgres"]));
        await using var count = _database.DataSource.CreateCommand("SELECT count(*) FROM pg_tables WHERE tablename = 'schema_migrations'");
        Assert.Equal((long)PostgresConnections.Schemas.Count, await count.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Pools_that_the_server_can_not_serve_are_warned_of()
    {
        await using var silo = Start(_database.ConnectionString, ("GrainVault__Postgres__ProcessCountMax", "100"));

        await silo.WaitForOutputAsync("all processes together may open 4000 connections");
    }

    [Fact]
    public async Task Server_that_is_not_there_ends_the_start_with_one_line()
    {
        var nowhere = $"Host=127.0.0.1;Port={LoopbackPorts.FindFree()};Username=grainvault;Password=geheim";

        await using var silo = Start(nowhere, ("GrainVault__Postgres__StartTimeout", "00:00:01"));

        Assert.Equal(StartRefusedException.ExitCode, await silo.WaitForExitAsync());
        Assert.StartsWith("GrainVault can't start: PostgreSQL at 127.0.0.1:", silo.Errors, StringComparison.Ordinal);
        Assert.Contains("did not answer within 1 s", silo.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', silo.Errors);
        Assert.DoesNotContain("geheim", silo.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Password_that_the_server_refuses_ends_the_start_at_once()
    {
        var wrong = new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Password = "geheim" };

        await using var silo = Start(wrong.ConnectionString);

        Assert.Equal(StartRefusedException.ExitCode, await silo.WaitForExitAsync());
        Assert.Contains("refuses the connection for schema 'identity'", silo.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", silo.Errors, StringComparison.Ordinal);
    }

    private ProgramRun Start(string connectionString, params (string Name, string Value)[] settings)
    {
        var environment = settings.ToDictionary(setting => setting.Name, setting => setting.Value);
        environment["GrainVault__Postgres__ConnectionString"] = connectionString;
        environment["GrainVault__Cluster__Mode"] = "embedded";
        return ProgramRun.Start(Repository.Built("src/Silo", "GrainVault.Silo"), _folder.Path, environment);
    }
}
