using GrainVault.TestKit;
using Npgsql;

namespace GrainVault.Runtime.Tests.Support;

/// <summary>A silo whose states and reminders are in a real PostgreSQL, by the SQL of this repository.</summary>
public sealed class PostgresSilo : TestSilo
{
    private PostgresDatabase? _database;

    public string ConnectionString { get; private set; } = "";

    public override async Task InitializeAsync()
    {
        _database = await CreateDatabaseAsync();
        ConnectionString = _database.ForSchema("orleans");
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _database!.DisposeAsync();
    }

    /// <summary>A database with the schema of the providers.</summary>
    public static Task<PostgresDatabase> CreateDatabaseAsync() => PostgresDatabase.CreateAsync("orleans", async connectionString =>
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, "CREATE SCHEMA orleans; SET search_path = orleans");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "sql"), "*.sql").Order(StringComparer.Ordinal))
            await ExecuteAsync(connection, await File.ReadAllTextAsync(file));
    });

    public static void AddStores(ISiloBuilder silo, string connectionString)
    {
        silo.AddAdoNetGrainStorage("store", options =>
        {
            options.Invariant = "Npgsql";
            options.ConnectionString = connectionString;
        });
        silo.UseAdoNetReminderService(options =>
        {
            options.Invariant = "Npgsql";
            options.ConnectionString = connectionString;
        });
    }

    protected override void AddStores(ISiloBuilder silo) => AddStores(silo, ConnectionString);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
