using System.Net;
using GrainVault.Silo.Migrations;
using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using GrainVault.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainVault.Silo.Tests.Cluster;

/// <summary>What keeps a process out of a cluster although it holds the secret, and a front end from being ready.</summary>
public sealed class ClusterStartTests : IAsyncLifetime
{
    private PostgresDatabase _database = null!;

    public async Task InitializeAsync() => _database = await PostgresDatabase.CreateAsync("complete", async connectionString =>
    {
        foreach (var schema in PostgresConnections.Schemas)
        {
            await new MigrationRunner(NullLogger<MigrationRunner>.Instance, TimeProvider.System)
                .ApplyAsync(connectionString, MigrationSet.FromResources(schema), TimeSpan.FromSeconds(30));
        }
    });

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Silo_with_a_clock_an_hour_off_is_refused()
    {
        await PutServerClockAheadAsync();

        await using var silo = await ClusterProgram.StartSiloAsync(_database);

        Assert.Equal(StartRefusedException.ExitCode, await silo.Run.WaitForExitAsync());
        Assert.Matches("^GrainVault can't start: The clock of this machine is 3[56]\\d\\d s behind PostgreSQL's; allowed: at most 60 s", silo.Run.Errors);
        Assert.DoesNotContain('\n', silo.Run.Errors);
    }

    [Fact]
    public async Task Front_end_with_a_clock_an_hour_off_is_refused()
    {
        await PutServerClockAheadAsync();

        await using var frontEnd = await ClusterProgram.StartFrontEndAsync(_database);

        Assert.Equal(StartRefusedException.ExitCode, await frontEnd.Run.WaitForExitAsync());
        Assert.Contains("GrainVault can't start: The clock of this machine is ", frontEnd.Run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("catalogue")]
    [InlineData("orleans")]
    public async Task Silo_below_the_minimum_of_a_schema_is_refused(string schema)
    {
        await RaiseMinimumAsync(schema);

        await using var silo = await ClusterProgram.StartSiloAsync(_database);

        Assert.Equal(StartRefusedException.ExitCode, await silo.Run.WaitForExitAsync());
        Assert.StartsWith($"GrainVault can't start: Schema '{schema}' serves programs from version 999, and this one knows only ", silo.Run.Errors, StringComparison.Ordinal);
        Assert.EndsWith("start a newer GrainVault.", silo.Run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Front_end_below_the_minimum_of_the_cluster_is_refused()
    {
        await RaiseMinimumAsync("orleans");

        await using var frontEnd = await ClusterProgram.StartFrontEndAsync(_database);

        Assert.Equal(StartRefusedException.ExitCode, await frontEnd.Run.WaitForExitAsync());
        Assert.Contains("GrainVault can't start: Schema 'orleans' serves programs from version 999", frontEnd.Run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Front_end_without_a_gateway_lives_is_not_ready_and_says_so()
    {
        await using var frontEnd = await ClusterProgram.StartFrontEndAsync(_database);

        await frontEnd.WaitForAsync("/healthz/live", HttpStatusCode.OK);
        await frontEnd.WaitForAsync("/healthz/ready", HttpStatusCode.ServiceUnavailable, "no gateway can be reached");
        await frontEnd.Run.WaitForOutputAsync("This front end is not ready until one can");
        await using var silo = await ClusterProgram.StartSiloAsync(_database);
        await frontEnd.WaitUntilReadyAsync();

        await silo.Run.SignalAsync("TERM");

        Assert.Equal(0, await silo.Run.WaitForExitAsync());
        await frontEnd.WaitForAsync("/healthz/ready", HttpStatusCode.ServiceUnavailable, "no gateway can be reached");
    }

    [Fact]
    public async Task Rotation_of_the_secret_shuts_nobody_out_before_it_has_ended()
    {
        const string Next = "the secret that comes after it, long enough";
        await using var before = await ClusterProgram.StartSiloAsync(_database);
        await before.WaitUntilReadyAsync();

        await using var after = await ClusterProgram.StartSiloAsync(_database, ("Cluster:Secret", Next), ("Cluster:PreviousSecrets:0", ClusterProgram.Secret));
        await after.WaitUntilReadyAsync(); // A silo joins when it reaches all others and they reach it.
        await using var frontEnd = await ClusterProgram.StartFrontEndAsync(_database);

        await frontEnd.WaitUntilReadyAsync();
    }

    [Fact]
    public async Task Front_end_without_keys_of_tokens_is_refused_at_once()
    {
        await using var frontEnd = await ClusterProgram.StartFrontEndAsync(_database, ("Auth:SigningKeys:0:Kid", ""), ("Auth:SigningKeys:0:Secret", ""));

        Assert.Equal(StartRefusedException.ExitCode, await frontEnd.Run.WaitForExitAsync());
        Assert.StartsWith("GrainVault can't start: GrainVault:Auth:SigningKeys ", frontEnd.Run.Errors, StringComparison.Ordinal);
    }

    /// <summary>The database's own clock, as everybody who asks it sees it, runs an hour ahead of this machine's.</summary>
    private async Task PutServerClockAheadAsync()
    {
        await using var command = _database.DataSource.CreateCommand("""
            ALTER FUNCTION pg_catalog.clock_timestamp() RENAME TO true_clock_timestamp;
            CREATE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
                AS 'SELECT pg_catalog.true_clock_timestamp() + interval ''1 hour''';
            """);
        await command.ExecuteNonQueryAsync();
    }

    private async Task RaiseMinimumAsync(string schema)
    {
        await using var command = _database.DataSource.CreateCommand($"UPDATE {schema}.schema_migrations SET min_version = 999 WHERE number = 1");
        await command.ExecuteNonQueryAsync();
    }
}
