using System.Net.Sockets;
using GrainVault.Silo.Startup;
using Npgsql;

namespace GrainVault.Silo.Postgres;

/// <summary>Creates the cluster once and brings the server to the point where it answers, as often as needed.</summary>
internal sealed class ServerLauncher
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(500);

    private readonly EmbeddedPostgresSettings _settings;
    private readonly DataFolder _folder;
    private readonly PostgresBinaries _binaries;
    private readonly ServerUser _user;
    private readonly ServerCommands _commands;
    private readonly TimeProvider _time;

    private ServerLauncher(EmbeddedPostgresSettings settings, DataFolder folder, PostgresBinaries binaries, ServerUser user, EmbeddedPostgres.ServerLines lines, TimeProvider time)
    {
        _settings = settings;
        _folder = folder;
        _binaries = binaries;
        _user = user;
        _commands = new ServerCommands(binaries, user);
        Lines = lines;
        _time = time;
        Connection = ConnectionFile.LoadOrCreate(folder);
    }

    public NpgsqlConnectionStringBuilder Connection { get; }

    public EmbeddedPostgres.ServerLines Lines { get; }

    public int MajorVersion => _binaries.MajorVersion;

    public string UserName => _user.Name;

    /// <summary>Waits for a stale server to end and makes the cluster if there is none.</summary>
    public static async Task<ServerLauncher> PrepareAsync(EmbeddedPostgresSettings settings, DataFolder folder, EmbeddedPostgres.ServerLines lines, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder.Postgres) && !folder.HasCluster)
            throw new StartRefusedException($"'{folder.Postgres}' is no PostgreSQL data folder (it has no PG_VERSION); move it away or set GrainVault:Data:Directory to another folder.");
        int? majorVersion = folder.HasCluster ? ClusterVersion.Read(folder.Postgres) : null;
        var binaries = PostgresBinaries.Find(settings.BinDirectory, majorVersion, folder.Postgres);
        var launcher = new ServerLauncher(settings, folder, binaries, ServerUser.Choose(settings.User), lines, time);
        if (!folder.HasCluster)
            await launcher.CreateClusterAsync();
        return launcher;
    }

    /// <summary>Starts the server and waits until it answers.</summary>
    /// <param name="mayMovePort">True while nobody knows the port yet: a port taken by somebody else is then exchanged.</param>
    /// <param name="cancellationToken">Gives up the start and ends the server.</param>
    public async Task<ServerProcess> LaunchAsync(bool mayMovePort, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            await StaleServer.WaitOutAsync(_folder.Postgres, _settings.StopTimeout, processId => Lines.Stale(processId, _folder.Postgres), cancellationToken);
            if (mayMovePort && !LoopbackPorts.IsFree(Connection.Port))
                MovePort();
            var server = await ServerProcess.StartAsync(_commands.Server(_folder.Postgres, Connection.Port, _settings), Lines.Write);
            await _folder.WritePidAsync(server.Id, cancellationToken);
            try
            {
                if (await AnswersAsync(server, start, cancellationToken))
                    return server;
            }
            catch
            {
                server.Signal(PosixCalls.SignalQuit);
                await server.WaitForExitAsync(_settings.StopTimeout);
                throw;
            }

            ThrowUnlessTemporary(server, start);
            await Task.Delay(RetryInterval, _time, cancellationToken);
        }
    }

    public async Task EnsureDatabaseAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(Unpooled("postgres"));
        await connection.OpenAsync(cancellationToken);
        await using var find = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = ConnectionFile.Name } } };
        if (await find.ExecuteScalarAsync(cancellationToken) is not null)
            return;
        await using var create = new NpgsqlCommand($"CREATE DATABASE {ConnectionFile.Name}", connection);
        await create.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task CreateClusterAsync()
    {
        var unfinished = _folder.PostgresUnfinished;
        Lines.Creating(_binaries.MajorVersion, _folder.Postgres);
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var passwordFile = Path.Combine(unfinished, "password");
        await File.WriteAllTextAsync(passwordFile, Connection.Password + "\n");
        File.SetUnixFileMode(passwordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (_user.IsOther)
        {
            PosixCalls.ChangeOwner(passwordFile, _user.UserId, _user.GroupId);
            PosixCalls.ChangeOwner(unfinished, _user.UserId, _user.GroupId);
        }

        var init = await ServerProcess.StartAsync(_commands.InitDb(unfinished, _settings.Durable), Lines.Write);
        if (!await init.WaitForExitAsync(_settings.StartTimeout))
        {
            init.Signal(PosixCalls.SignalKill);
            throw new StartRefusedException($"initdb did not finish within {_settings.StartTimeout.TotalSeconds:0} s in '{unfinished}'.");
        }

        if (await init.Exited != 0)
            throw new StartRefusedException($"initdb failed in '{unfinished}' as user '{_user.Name}': {Reason(init)}");
        Directory.Move(Path.Combine(unfinished, "data"), _folder.Postgres);
        Directory.Delete(unfinished, recursive: true);
    }

    /// <summary>True once the server takes a connection, false when it ended before.</summary>
    private async Task<bool> AnswersAsync(ServerProcess server, long start, CancellationToken cancellationToken)
    {
        while (!server.Exited.IsCompleted)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await using var connection = new NpgsqlConnection(Unpooled("postgres"));
                await connection.OpenAsync(cancellationToken);
                return true;
            }
            catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification)
            {
                throw new StartRefusedException($"PostgreSQL in '{_folder.Postgres}' refuses the password in '{_folder.Connection}'; restore both from the same backup of the data directory.", exception);
            }
            catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
            {
                if (_time.GetElapsedTime(start) > _settings.StartTimeout)
                    throw new StartRefusedException($"PostgreSQL in '{_folder.Postgres}' did not answer within {_settings.StartTimeout.TotalSeconds:0} s: {Reason(server)}", exception);
                await Task.Delay(PollInterval, _time, cancellationToken);
            }
        }

        return false;
    }

    /// <summary>Processes of an earlier server that are about to end, and a port that will be free again, are worth waiting for.</summary>
    private void ThrowUnlessTemporary(ServerProcess server, long start)
    {
        string[] temporary = ["shared memory block", "lock file", "Address already in use"];
        var lines = server.LastLines;
        var isTemporary = lines.Any(line => temporary.Any(text => line.Contains(text, StringComparison.Ordinal)));
        if (!isTemporary || _time.GetElapsedTime(start) > _settings.StartTimeout)
            throw new StartRefusedException($"PostgreSQL can't start in '{_folder.Postgres}' as user '{_user.Name}': {Reason(server)}");
    }

    private void MovePort()
    {
        Connection.Port = LoopbackPorts.FindFree();
        ConnectionFile.Save(_folder, Connection);
    }

    private static string Reason(ServerProcess server)
    {
        var lines = server.LastLines;
        return lines.LastOrDefault(line => line.Contains("FATAL", StringComparison.Ordinal) || line.Contains("error:", StringComparison.Ordinal))
            ?? lines.LastOrDefault() ?? "it said nothing";
    }

    private string Unpooled(string database) =>
        new NpgsqlConnectionStringBuilder(Connection.ConnectionString) { Database = database, Pooling = false, Timeout = 5 }.ConnectionString;
}
