using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;
using Npgsql;

namespace GrainVault.Silo.Tests.Postgres;

public sealed class EmbeddedPostgresTests : IDisposable
{
    private const int StaleServerFound = 1002;
    private const int ServerDied = 1003;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TestFolder _folder = new();
    private readonly LogRecorder _log = new();

    private string DataPath => Path.Combine(_folder["data"], "postgres");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Data_is_there_after_an_orderly_restart()
    {
        await using (var first = await StartAsync())
            await ExecuteAsync(first, "CREATE TABLE marks AS SELECT 41 AS id");

        await using var second = await StartAsync();
        Assert.Equal(41, await ReadMarkAsync(second));
    }

    [Fact]
    public async Task Stop_leaves_no_process_and_no_pid_file()
    {
        var server = await StartAsync();
        var processId = server.ProcessId;
        Assert.Equal($"{processId}", File.ReadAllText(Path.Combine(_folder["data"], "run", "postgres.pid")).Trim());

        await server.StopAsync();

        Assert.Empty(StaleServer.FindProcesses(DataPath));
        Assert.False(Directory.Exists($"/proc/{processId}"));
        Assert.False(File.Exists(Path.Combine(_folder["data"], "run", "postgres.pid")));
    }

    [Fact]
    public async Task Killed_server_is_started_again_with_every_committed_row()
    {
        await using var server = await StartAsync(durable: true);
        await ExecuteAsync(server, "CREATE TABLE marks AS SELECT 42 AS id");
        var killed = server.ProcessId;

        PosixCalls.Signal(killed, PosixCalls.SignalKill);

        await Eventually.TrueAsync(async () => server.ProcessId != killed && await AnswersAsync(server), Patience, () => string.Join('\n', _log.Messages));
        Assert.Equal(42, await ReadMarkAsync(server));
        Assert.Equal(1, _log.Count(ServerDied));
    }

    [Fact]
    public async Task Server_of_a_killed_host_is_ended_before_the_next_one_starts()
    {
        await using (var first = await StartAsync())
            await ExecuteAsync(first, "CREATE TABLE marks AS SELECT 43 AS id");
        var stale = await StartUnownedServerAsync();

        await using var second = await StartAsync();

        Assert.True(stale.Exited.IsCompleted);
        Assert.Equal(43, await ReadMarkAsync(second));
        Assert.Equal(1, _log.Count(StaleServerFound));
    }

    [Fact]
    public async Task Orphaned_sessions_of_a_killed_server_do_not_stop_the_next_one()
    {
        await using (var first = await StartAsync())
            await ExecuteAsync(first, "CREATE TABLE marks AS SELECT 44 AS id");
        var stale = await StartUnownedServerAsync();
        await using var session = new NpgsqlConnection(ConnectionFile.TryRead(_folder["data"])! + ";Pooling=false");
        await session.OpenAsync();
        await using var sleep = new NpgsqlCommand("SELECT pg_sleep(600)", session);
        var sleeping = sleep.ExecuteNonQueryAsync();
        PosixCalls.Signal(stale.Id, PosixCalls.SignalKill);

        await using var second = await StartAsync();

        Assert.Equal(44, await ReadMarkAsync(second));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => sleeping);
    }

    [Fact]
    public async Task Lock_file_that_names_a_foreign_server_leaves_that_server_alone()
    {
        var foreign = await PostgresServer.GetAsync();
        await (await StartAsync()).StopAsync();
        await File.WriteAllTextAsync(Path.Combine(DataPath, "postmaster.pid"), $"{foreign.ProcessId}\n{DataPath}\n1\n1\n\n127.0.0.1\n\n");

        await using var server = await StartAsync();

        Assert.NotEqual(foreign.ProcessId, server.ProcessId);
        Assert.True(await AnswersAsync(server));
        Assert.True(await AnswersAsync(foreign));
        Assert.Equal(0, _log.Count(StaleServerFound));
    }

    [Fact]
    public async Task Second_host_on_the_same_folder_is_refused_and_the_first_goes_on()
    {
        await using var first = await StartAsync();

        var refused = await Assert.ThrowsAsync<StartRefusedException>(StartAsync);

        Assert.Equal($"GrainVault:Data:Directory is '{_folder["data"]}'; allowed: a folder that no other running GrainVault process uses.", refused.Message);
        Assert.True(await AnswersAsync(first));
    }

    [Fact]
    public async Task Data_of_a_version_that_is_not_installed_is_refused_by_name()
    {
        await (await StartAsync()).StopAsync();
        await File.WriteAllTextAsync(Path.Combine(DataPath, "PG_VERSION"), "9\n");

        var refused = await Assert.ThrowsAsync<StartRefusedException>(StartAsync);

        Assert.StartsWith($"The data in '{DataPath}' was created by PostgreSQL 9, which is not installed (found: ", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("install PostgreSQL 9 or convert the data with pg_upgrade.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_that_is_no_database_is_refused_and_kept()
    {
        Directory.CreateDirectory(DataPath);
        await File.WriteAllTextAsync(Path.Combine(DataPath, "letter.txt"), "mine");

        var refused = await Assert.ThrowsAsync<StartRefusedException>(StartAsync);

        Assert.Contains("is no PostgreSQL data folder", refused.Message, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(DataPath, "letter.txt")));
    }

    [Fact]
    public async Task Start_that_was_killed_while_it_made_the_cluster_is_repeated()
    {
        Directory.CreateDirectory(Path.Combine(_folder["data"], "postgres.new", "data", "base"));

        await using var server = await StartAsync();

        Assert.True(await AnswersAsync(server));
        Assert.False(Directory.Exists(Path.Combine(_folder["data"], "postgres.new")));
    }

    [Fact]
    public async Task Port_that_somebody_else_took_meanwhile_is_exchanged()
    {
        await (await StartAsync()).StopAsync();
        var taken = new NpgsqlConnectionStringBuilder(ConnectionFile.TryRead(_folder["data"])).Port;
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, taken);
        listener.Start();

        await using var server = await StartAsync();

        Assert.NotEqual(taken, new NpgsqlConnectionStringBuilder(server.ConnectionString).Port);
        Assert.Equal(server.ConnectionString, ConnectionFile.TryRead(_folder["data"]));
        Assert.True(await AnswersAsync(server));
    }

    [Fact]
    public async Task Lost_connection_file_is_named()
    {
        await (await StartAsync()).StopAsync();
        File.Delete(Path.Combine(_folder["data"], "postgres.connection"));

        var refused = await Assert.ThrowsAsync<StartRefusedException>(StartAsync);

        Assert.Contains($"'{_folder["data"]}/postgres.connection' is missing", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Password_is_readable_for_its_owner_only_and_needed()
    {
        await using var server = await StartAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder["data"], "postgres.connection")));
        var settings = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "wrong", Pooling = false };
        await using var intruder = new NpgsqlConnection(settings.ConnectionString);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => intruder.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
        Assert.DoesNotContain(_log.Messages, message => message.Contains(new NpgsqlConnectionStringBuilder(server.ConnectionString).Password!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Server_is_durable_by_default()
    {
        await using var server = await StartAsync(durable: true);

        Assert.Equal("on,on,on,100", await ScalarAsync(server, "SELECT concat_ws(',', current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'), current_setting('max_connections'))"));
    }

    [Fact]
    public async Task Program_folder_without_programs_is_refused()
    {
        var settings = new EmbeddedPostgresSettings { DataDirectory = _folder["data"], BinDirectory = _folder.Path };

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => EmbeddedPostgres.StartAsync(settings, _log, TimeProvider.System));

        Assert.Equal($"GrainVault:Postgres:BinDirectory is '{_folder.Path}'; allowed: a folder that holds the programs postgres and initdb.", refused.Message);
    }

    private Task<EmbeddedPostgres> StartAsync() => StartAsync(durable: false);

    private Task<EmbeddedPostgres> StartAsync(bool durable) =>
        EmbeddedPostgres.StartAsync(new EmbeddedPostgresSettings { DataDirectory = _folder["data"], Durable = durable }, _log, TimeProvider.System);

    /// <summary>A server on our folder as a killed host leaves it: running, and owned by nobody.</summary>
    private async Task<ServerProcess> StartUnownedServerAsync()
    {
        var settings = new EmbeddedPostgresSettings { DataDirectory = _folder["data"], Durable = false };
        var connection = new NpgsqlConnectionStringBuilder(ConnectionFile.TryRead(_folder["data"])) { Pooling = false };
        var commands = new ServerCommands(PostgresBinaries.Find(null, null, DataPath), ServerUser.Choose(null));
        var server = await ServerProcess.StartAsync(commands.Server(DataPath, connection.Port, settings), _ => { });
        await Eventually.TrueAsync(() => AnswersAsync(connection.ConnectionString), Patience, () => string.Join('\n', server.LastLines));
        return server;
    }

    private static Task<bool> AnswersAsync(EmbeddedPostgres server) => AnswersAsync(server.ConnectionString);

    private static async Task<bool> AnswersAsync(string connectionString)
    {
        try
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static async Task ExecuteAsync(EmbeddedPostgres server, string sql) => await ScalarAsync(server, sql);

    private static Task<object?> ReadMarkAsync(EmbeddedPostgres server) => ScalarAsync(server, "SELECT id FROM marks");

    private static async Task<object?> ScalarAsync(EmbeddedPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
