using System.Data;
using System.Data.Common;
using System.Reflection;
using Orleans.Runtime;

namespace Orleans.AdoNet;

/// <summary>
/// A database of the official table contract: its SQL stands in the table OrleansQuery and is run word for word with named
/// parameters. The provider comes from <see cref="DbProviderFactories"/>; "Npgsql" is found without being registered, if
/// its assembly is there.
/// </summary>
internal sealed class AdoNetDatabase
{
    private readonly DbProviderFactory _factory;
    private readonly string _connectionString;
    private Dictionary<string, string> _queries = [];

    internal AdoNetDatabase(string? invariant, string? connectionString, string optionsName)
    {
        if (string.IsNullOrWhiteSpace(invariant))
            throw new OrleansConfigurationException($"Invalid {optionsName}: Invariant is required.");
        if (string.IsNullOrWhiteSpace(connectionString))
            throw new OrleansConfigurationException($"Invalid {optionsName}: ConnectionString is required.");
        _factory = FindFactory(invariant);
        _connectionString = connectionString;
    }

    /// <summary>Reads the SQL.</summary>
    /// <exception cref="OrleansConfigurationException">A query is missing.</exception>
    internal async Task LoadAsync(IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var rows = await RunAsync(
            "SELECT QueryKey, QueryText FROM OrleansQuery", [], reader => (Key: reader.GetString(0), Text: reader.GetString(1)), cancellationToken);
        _queries = rows.ToDictionary(row => row.Key, row => row.Text, StringComparer.Ordinal);
        var missing = keys.Where(key => !_queries.ContainsKey(key)).ToArray();
        if (missing.Length > 0)
            throw new OrleansConfigurationException($"The table OrleansQuery lacks {string.Join(", ", missing)}; sql/orleans was not applied to this schema.");
    }

    /// <summary>Runs a query of the table.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="parameters">Its parameters by name.</param>
    /// <param name="read">Reads one row.</param>
    /// <param name="cancellationToken">Ends the work early; the outcome of a write is then unknown.</param>
    internal Task<List<T>> QueryAsync<T>(
        string key, (string Name, DbType Type, object? Value)[] parameters, Func<DbDataReader, T> read, CancellationToken cancellationToken) =>
        RunAsync(_queries[key], parameters, read, cancellationToken);

    private async Task<List<T>> RunAsync<T>(
        string sql, (string Name, DbType Type, object? Value)[] parameters, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var connection = _factory.CreateConnection()
            ?? throw new OrleansConfigurationException("The ADO.NET provider makes no connections.");
        connection.ConnectionString = _connectionString;
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, type, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.DbType = type;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    private static DbProviderFactory FindFactory(string invariant)
    {
        if (DbProviderFactories.TryGetFactory(invariant, out var registered))
            return registered;
        var type = invariant == "Npgsql" ? Type.GetType("Npgsql.NpgsqlFactory, Npgsql") : null;
        return type?.GetField("Instance", BindingFlags.Static | BindingFlags.Public)?.GetValue(null) as DbProviderFactory
            ?? throw new OrleansConfigurationException($"There is no ADO.NET provider with the invariant name \"{invariant}\".");
    }
}
