using GrainVault.TestKit;

namespace GrainVault.Silo.Tests.Postgres;

public sealed class PostgresDatabaseTests
{
    [Fact]
    public async Task Every_database_is_empty_and_apart_from_the_others()
    {
        await using var one = await PostgresDatabase.CreateAsync();
        await using var two = await PostgresDatabase.CreateAsync();
        await using (var create = one.DataSource.CreateCommand("CREATE TABLE marks (id int)"))
            await create.ExecuteNonQueryAsync();

        await using var find = two.DataSource.CreateCommand("SELECT to_regclass('marks') IS NULL");
        Assert.True((bool)(await find.ExecuteScalarAsync())!);
    }

    [Fact]
    public async Task Template_is_prepared_once_and_copied()
    {
        var preparations = 0;
        async Task PrepareAsync(string connectionString)
        {
            preparations++;
            await using var source = Npgsql.NpgsqlDataSource.Create(connectionString);
            await using var command = source.CreateCommand("CREATE TABLE marks AS SELECT 7 AS id");
            await command.ExecuteNonQueryAsync();
        }

        await using var one = await PostgresDatabase.CreateAsync("marked", PrepareAsync);
        await using var two = await PostgresDatabase.CreateAsync("marked", PrepareAsync);

        Assert.Equal(1, preparations);
        await using var read = two.DataSource.CreateCommand("SELECT id FROM marks");
        Assert.Equal(7, await read.ExecuteScalarAsync());
    }
}
