using GrainVault.Runtime.Tests.Support;
using GrainVault.TestKit;
using Npgsql;

namespace GrainVault.Runtime.Tests.Sql;

/// <summary>A database with the SQL of sql/orleans, run as the official providers run it: by key, word for word, named parameters.</summary>
public sealed class SqlContract : IAsyncLifetime
{
    private PostgresDatabase? _database;
    private NpgsqlDataSource? _source;
    private Dictionary<string, string> _queries = [];

    public IReadOnlyCollection<string> Keys => _queries.Keys;

    public async Task InitializeAsync()
    {
        _database = await PostgresSilo.CreateDatabaseAsync();
        _source = NpgsqlDataSource.Create(_database.ForSchema("orleans"));
        var rows = await ReadAsync("SELECT QueryKey, QueryText FROM OrleansQuery", []);
        _queries = rows.ToDictionary(row => (string)row["querykey"]!, row => (string)row["querytext"]!);
    }

    public async Task DisposeAsync()
    {
        await _source!.DisposeAsync();
        await _database!.DisposeAsync();
    }

    /// <summary>Runs a query of the contract.</summary>
    public Task<List<Dictionary<string, object?>>> RunAsync(string key, params (string Name, object? Value)[] parameters) =>
        ReadAsync(_queries[key], parameters);

    /// <summary>Runs a query that answers with a single number.</summary>
    public async Task<int> SingleAsync(string key, params (string Name, object? Value)[] parameters) =>
        (int)Assert.Single(await RunAsync(key, parameters)).Values.Single()!;

    private async Task<List<Dictionary<string, object?>>> ReadAsync(string sql, (string Name, object? Value)[] parameters)
    {
        await using var command = _source!.CreateCommand(sql);
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        var rows = new List<Dictionary<string, object?>>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add(Enumerable.Range(0, reader.FieldCount).ToDictionary(
                reader.GetName, index => reader.IsDBNull(index) ? null : reader.GetValue(index), StringComparer.OrdinalIgnoreCase));
        }
        return rows;
    }
}
