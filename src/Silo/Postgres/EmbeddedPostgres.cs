using System.Buffers;
using GrainVault.Silo.Startup;
using Npgsql;

namespace GrainVault.Silo.Postgres;

/// <summary>
/// A private PostgreSQL server as a child of this process: created on first use, started again when it dies, stopped in
/// order, and recovered after a kill at any moment. It never touches a server that it did not start.
/// </summary>
public sealed partial class EmbeddedPostgres : IAsyncDisposable
{
    private static readonly TimeSpan QuitWaitMax = TimeSpan.FromSeconds(3);

    private readonly EmbeddedPostgresSettings _settings;
    private readonly DataFolder _folder;
    private readonly ServerLauncher _launcher;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private ServerProcess _server;
    private Task _supervision = Task.CompletedTask;
    private int _stopped;

    private EmbeddedPostgres(EmbeddedPostgresSettings settings, DataFolder folder, ServerLauncher launcher, ServerProcess server, ILogger logger, TimeProvider time)
    {
        _settings = settings;
        _folder = folder;
        _launcher = launcher;
        _server = server;
        _logger = logger;
        _time = time;
    }

    /// <summary>Connection string of the superuser and database <c>grainvault</c>. Contains the password: never log it.</summary>
    public string ConnectionString => _launcher.Connection.ConnectionString;

    /// <summary>Id of the server's main process; changes when it was started again.</summary>
    public int ProcessId => _server.Id;

    /// <summary>False while the server is down and about to be started again.</summary>
    public bool IsRunning => !_server.Exited.IsCompleted;

    /// <summary>Starts the server and returns once it answers.</summary>
    /// <param name="settings">Where the data lives and how the server is sized.</param>
    /// <param name="logger">Gets the server's own lines too.</param>
    /// <param name="time">Clock of pauses and deadlines.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <exception cref="StartRefusedException">The operator has to do something; the message says what.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(EmbeddedPostgresSettings settings, ILogger logger, TimeProvider time, CancellationToken cancellationToken = default)
    {
        var folder = new DataFolder(settings.DataDirectory);
        await folder.OpenAsync(cancellationToken);
        try
        {
            var launcher = await ServerLauncher.PrepareAsync(settings, folder, new ServerLines(logger), time, cancellationToken);
            var server = await launcher.LaunchAsync(settings.MayMovePort, cancellationToken);
            await EnsureDatabaseAsync(launcher, server, cancellationToken);
            var postgres = new EmbeddedPostgres(settings, folder, launcher, server, logger, time);
            postgres.LogRunning();
            postgres._supervision = postgres.SuperviseAsync();
            return postgres;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Stops the server: a fast shutdown, which ends sessions and writes a checkpoint; after
    /// <see cref="EmbeddedPostgresSettings.StopTimeout"/> an immediate one, from which the next start recovers.
    /// </summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
            return;
        await _stopping.CancelAsync();
        await _supervision;
        _launcher.Lines.IsStopping = true;
        await StopServerAsync(_server, _settings.StopTimeout);
        NpgsqlConnection.ClearPool(new NpgsqlConnection(ConnectionString));
        LogStopped(_logger, _server.Id);
        File.Delete(_folder.PidFile);
        _folder.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private static async Task EnsureDatabaseAsync(ServerLauncher launcher, ServerProcess server, CancellationToken cancellationToken)
    {
        try
        {
            await launcher.EnsureDatabaseAsync(cancellationToken);
        }
        catch
        {
            server.Signal(PosixCalls.SignalInterrupt);
            await server.WaitForExitAsync(QuitWaitMax);
            throw;
        }
    }

    private async Task SuperviseAsync()
    {
        var stopping = _stopping.Token;
        while (true)
        {
            try
            {
                var exitCode = await _server.Exited.WaitAsync(stopping);
                LogDied(_logger, _server.Id, exitCode, _settings.RestartDelay);
                await Task.Delay(_settings.RestartDelay, _time, stopping);
                _server = await _launcher.LaunchAsync(mayMovePort: false, stopping);
                LogRunning();
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                LogRestartFailed(_logger, exception, _settings.RestartDelay);
            }
        }
    }

    private async Task StopServerAsync(ServerProcess server, TimeSpan waitMax)
    {
        server.Signal(PosixCalls.SignalInterrupt);
        if (await server.WaitForExitAsync(waitMax))
            return;
        LogStopTimedOut(_logger, server.Id, waitMax);
        server.Signal(PosixCalls.SignalQuit);
        if (await server.WaitForExitAsync(QuitWaitMax))
            return;
        server.Signal(PosixCalls.SignalKill);
        await server.WaitForExitAsync(QuitWaitMax);
    }

    private void LogRunning() =>
        LogStarted(_logger, _launcher.MajorVersion, _server.Id, _launcher.UserName, _launcher.Connection.Port, _folder.Postgres);

    /// <summary>Sorts the server's lines into levels.</summary>
    internal sealed class ServerLines(ILogger logger)
    {
        private static readonly string[] TroubleMarks = ["PANIC:", "FATAL:", "ERROR:", "WARNING:"];

        private const int StateLength = 5;
        private static readonly SearchValues<char> StateChars = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        private static readonly string[] Answers = ["23", "GV"];

        // What our own questions whether it answers already make it say, many times a second during a recovery.
        private static readonly string[] Harmless = ["the database system is starting up", "the database system is not yet accepting connections"];

        /// <summary>From here on, ended sessions are no trouble.</summary>
        public bool IsStopping { get; set; }

        /// <summary>
        /// Writes a line. Constraints that are violated (class 23) and what our functions refuse are answers to users: a name that is taken is
        /// no trouble of the server.
        /// </summary>
        public void Write(string line)
        {
            var state = "";
            if (line.Length > StateLength && line[StateLength] == ' ' && !line.AsSpan(0, StateLength).ContainsAnyExcept(StateChars))
                (state, line) = (line[..StateLength], line[(StateLength + 1)..]);
            var isTrouble = !IsStopping
                && !Answers.Any(prefix => state.StartsWith(prefix, StringComparison.Ordinal))
                && TroubleMarks.Any(mark => line.StartsWith(mark, StringComparison.Ordinal))
                && !Harmless.Any(text => line.Contains(text, StringComparison.Ordinal));
            if (isTrouble)
                LogServerTrouble(logger, line);
            else
                LogServerLine(logger, line);
        }

        public void Creating(int majorVersion, string folder) => LogCreating(logger, majorVersion, folder);

        public void Stale(int processId, string folder) => LogStaleServer(logger, processId, folder);
    }
}
