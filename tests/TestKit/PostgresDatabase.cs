using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;

namespace GrainVault.TestKit;

/// <summary>
/// A database of its own for one test class, copied from a template that is prepared once per process, and dropped when
/// disposed. Usual form: an <c>IAsyncLifetime</c> class fixture that holds one.
/// </summary>
public sealed class PostgresDatabase : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<string, Lazy<Task>> Templates = new();
    private static int _count;

    private readonly Lazy<NpgsqlDataSource> _dataSource;

    private PostgresDatabase(string name, string connectionString)
    {
        Name = name;
        ConnectionString = connectionString;
        _dataSource = new Lazy<NpgsqlDataSource>(() => NpgsqlDataSource.Create(connectionString));
    }

    public string Name { get; }

    /// <summary>Full rights on the database; pool of at most 20 connections.</summary>
    public string ConnectionString { get; }

    public NpgsqlDataSource DataSource => _dataSource.Value;

    /// <summary>An empty database.</summary>
    public static Task<PostgresDatabase> CreateAsync() => CreateFromAsync("template0");

    /// <summary>A copy of a template that <paramref name="prepare"/> fills once per process.</summary>
    /// <param name="templateName">Lower-case name of the template, for example <c>migrated</c>.</param>
    /// <param name="prepare">Gets the template's connection string; must close what it opens.</param>
    public static async Task<PostgresDatabase> CreateAsync(string templateName, Func<string, Task> prepare)
    {
        var template = $"template_{templateName}";
        await Templates.GetOrAdd(template, name => new Lazy<Task>(() => PrepareTemplateAsync(name, prepare))).Value;
        return await CreateFromAsync(template);
    }

    /// <summary>The connection string with another search path, as the product's schemas use it.</summary>
    public string ForSchema(string schema) =>
        new NpgsqlConnectionStringBuilder(ConnectionString) { SearchPath = schema }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        if (_dataSource.IsValueCreated)
            await _dataSource.Value.DisposeAsync();
        await PostgresServer.ExecuteAsync("postgres", $"DROP DATABASE IF EXISTS {Name} WITH (FORCE)");
    }

    private static async Task PrepareTemplateAsync(string template, Func<string, Task> prepare)
    {
        await PostgresServer.ExecuteAsync("postgres", $"CREATE DATABASE {template} TEMPLATE template0");
        await prepare(await ConnectionStringAsync(template, pooled: false));
    }

    private static async Task<PostgresDatabase> CreateFromAsync(string template)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _count)}");
        await PostgresServer.ExecuteAsync("postgres", $"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY");
        return new PostgresDatabase(name, await ConnectionStringAsync(name, pooled: true));
    }

    private static async Task<string> ConnectionStringAsync(string database, bool pooled) =>
        new NpgsqlConnectionStringBuilder(await PostgresServer.ConnectionStringAsync())
        {
            Database = database,
            Pooling = pooled,
            MaxPoolSize = 20,
            IncludeErrorDetail = true,
        }.ConnectionString;
}
