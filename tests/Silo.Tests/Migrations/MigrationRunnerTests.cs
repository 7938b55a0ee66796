using GrainVault.Silo.Migrations;
using GrainVault.Silo.Startup;
using GrainVault.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainVault.Silo.Tests.Migrations;

public sealed class MigrationRunnerTests : IAsyncLifetime
{
    private const string Schema = "catalogue";

    private static readonly TimeSpan LockWaitMax = TimeSpan.FromSeconds(30);

    private readonly MigrationRunner _runner = new(NullLogger<MigrationRunner>.Instance, TimeProvider.System);
    private PostgresDatabase _database = null!;

    public async Task InitializeAsync() => _database = await PostgresDatabase.CreateAsync();

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Files_are_applied_in_their_order_into_their_schema()
    {
        await ApplyAsync(
            ("0002_fill.sql", "INSERT INTO marks VALUES (1), (2); UPDATE marks SET id = id + 10;"),
            ("0001_create.sql", "CREATE TABLE marks (id int);"));

        Assert.Equal("11,12", await ScalarAsync("SELECT string_agg(id::text, ',' ORDER BY id) FROM catalogue.marks"));
        Assert.Equal("0001_create.sql,0002_fill.sql", await ScalarAsync("SELECT string_agg(name, ',' ORDER BY number) FROM catalogue.schema_migrations"));
    }

    [Fact]
    public async Task Second_run_changes_nothing()
    {
        (string, string)[] files = [("0001_create.sql", "CREATE TABLE marks (id int);")];
        await ApplyAsync(files);

        await ApplyAsync(files);

        Assert.Equal(1L, await ScalarAsync("SELECT count(*) FROM catalogue.schema_migrations"));
    }

    [Fact]
    public async Task New_file_is_applied_after_the_old_ones()
    {
        await ApplyAsync(("0001_create.sql", "CREATE TABLE marks (id int);"));

        await ApplyAsync(("0001_create.sql", "CREATE TABLE marks (id int);"), ("0002_fill.sql", "INSERT INTO marks VALUES (7);"));

        Assert.Equal(7, await ScalarAsync("SELECT id FROM catalogue.marks"));
    }

    [Fact]
    public async Task Processes_that_start_at_once_apply_every_file_once()
    {
        (string, string)[] files =
        [
            ("0001_create.sql", "CREATE TABLE marks (id int); SELECT pg_sleep(0.2);"),
            ("0002_fill.sql", "INSERT INTO marks VALUES (1);"),
        ];

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => ApplyAsync(files))));

        Assert.Equal(1L, await ScalarAsync("SELECT count(*) FROM catalogue.marks"));
    }

    [Fact]
    public async Task Waiting_for_another_process_has_an_end()
    {
        await using var holder = await _database.DataSource.OpenConnectionAsync();
        await using var take = new Npgsql.NpgsqlCommand("SELECT pg_advisory_lock(hashtextextended('grainvault migrations catalogue', 0))", holder);
        await take.ExecuteNonQueryAsync();

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            _runner.ApplyAsync(_database.ConnectionString, Set(("0001_create.sql", "SELECT 1")), TimeSpan.FromMilliseconds(300)));

        Assert.StartsWith("Another process has been migrating schema 'catalogue'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changed_applied_file_stops_the_start()
    {
        await ApplyAsync(("0001_create.sql", "CREATE TABLE marks (id int);"));

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => ApplyAsync(("0001_create.sql", "CREATE TABLE marks (id bigint);")));

        Assert.StartsWith("sql/catalogue/0001_create.sql has changed since it was applied", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_ends_of_a_checkout_are_no_change()
    {
        await ApplyAsync(("0001_create.sql", "CREATE TABLE marks (id int);\n-- end\n"));

        await ApplyAsync(("0001_create.sql", "CREATE TABLE marks (id int);\r\n-- end\r\n"));

        Assert.Equal(1L, await ScalarAsync("SELECT count(*) FROM catalogue.schema_migrations"));
    }

    [Fact]
    public async Task Failing_file_is_rolled_back_and_named()
    {
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() =>
            ApplyAsync(("0001_create.sql", "CREATE TABLE marks (id int); SELECT 1 / 0;")));

        Assert.Equal("sql/catalogue/0001_create.sql failed and was rolled back: division by zero (SQLSTATE 22012).", refused.Message);
        Assert.Equal(true, await ScalarAsync("SELECT to_regclass('catalogue.marks') IS NULL"));
        Assert.Equal(0L, await ScalarAsync("SELECT count(*) FROM catalogue.schema_migrations"));
    }

    [Fact]
    public async Task Previous_program_works_on_an_expanded_schema()
    {
        (string, string) first = ("0001_create.sql", "CREATE TABLE marks (id int);");
        await ApplyAsync(first, ("0002_expand.sql", "ALTER TABLE marks ADD note text;"));

        await ApplyAsync(first);

        Assert.Null(await MigrationRunner.FindMismatchAsync(_database.ConnectionString, Set(first)));
    }

    [Fact]
    public async Task Program_below_min_version_is_refused()
    {
        (string, string) first = ("0001_create.sql", "CREATE TABLE marks (id int, old int);");
        await ApplyAsync(first, ("0002_contract.sql", "-- min_version: 2\nALTER TABLE marks DROP old;"));

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => ApplyAsync(first));

        Assert.Equal("Schema 'catalogue' serves programs from version 2, and this one knows only 1; start a newer GrainVault.", refused.Message);
    }

    [Fact]
    public async Task Tool_that_never_migrates_says_what_is_missing()
    {
        var files = Set(("0001_create.sql", "CREATE TABLE marks (id int);"), ("0002_expand.sql", "ALTER TABLE marks ADD note text;"));
        Assert.Equal("Schema 'catalogue' does not exist yet; start GrainVault once.", await MigrationRunner.FindMismatchAsync(_database.ConnectionString, files));

        await ApplyAsync(("0001_create.sql", "CREATE TABLE marks (id int);"));

        Assert.Equal("Schema 'catalogue' is at version 1, this program needs 2; start GrainVault of this version once.", await MigrationRunner.FindMismatchAsync(_database.ConnectionString, files));
    }

    [Theory]
    [InlineData("0001_one.sql", "0003_three.sql")]
    [InlineData("0001_one.sql", "0001_uno.sql")]
    [InlineData("0002_two.sql", "0003_three.sql")]
    public void Gap_or_repetition_in_the_numbers_is_refused(string one, string two) =>
        Assert.Throws<InvalidDataException>(() => Set((one, ""), (two, "")));

    [Fact]
    public void Every_file_of_the_product_has_a_place_in_its_order() =>
        Assert.All(GrainVault.Silo.Postgres.PostgresConnections.Schemas, schema => Assert.Equal(schema, MigrationSet.FromResources(schema).Schema));

    private Task ApplyAsync(params (string Name, string Sql)[] files) =>
        _runner.ApplyAsync(_database.ConnectionString, Set(files), LockWaitMax);

    private static MigrationSet Set(params (string Name, string Sql)[] files) =>
        new(Schema, files.Select(file => Migration.Parse(Schema, file.Name, file.Sql)));

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _database.DataSource.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
