using GrainVault.Silo.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace GrainVault.TestKit;

/// <summary>
/// The one real PostgreSQL server of this test process, started when it is first needed. It stops with the process, also
/// when that is killed. Its data may be lost with the machine (fsync is off).
/// </summary>
public static class PostgresServer
{
    private const int ConnectionCountMax = 300;

    private static readonly Lock Gate = new();
    private static Task<EmbeddedPostgres>? _server;

    /// <summary>Connection string of the superuser on the maintenance database.</summary>
    public static async Task<string> ConnectionStringAsync() => (await GetAsync()).ConnectionString;

    /// <summary>The running server: tests that kill it must use a server of their own.</summary>
    public static Task<EmbeddedPostgres> GetAsync()
    {
        lock (Gate)
            return _server ??= StartAsync();
    }

    /// <summary>Runs one statement on a database of the server.</summary>
    internal static async Task ExecuteAsync(string database, string sql)
    {
        var server = await GetAsync();
        var settings = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database, Pooling = false };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<EmbeddedPostgres> StartAsync()
    {
        var folder = new TestFolder();
        var server = await EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresSettings { DataDirectory = folder["data"], Durable = false, ConnectionCountMax = ConnectionCountMax },
            NullLogger.Instance,
            TimeProvider.System);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
#pragma warning disable VSTHRD002 // The process ends here: there is nothing left to return to.
            server.StopAsync().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
            folder.Dispose();
        };
        return server;
    }
}
