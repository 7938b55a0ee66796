namespace GrainVault.Silo.Postgres;

public sealed partial class EmbeddedPostgres
{
    [LoggerMessage(1000, LogLevel.Information, "Creating a PostgreSQL {MajorVersion} cluster in {Folder}")]
    private static partial void LogCreating(ILogger logger, int majorVersion, string folder);

    [LoggerMessage(1001, LogLevel.Information, "PostgreSQL {MajorVersion} runs as process {ProcessId} of user {User} on 127.0.0.1:{Port}, data in {Folder}")]
    private static partial void LogStarted(ILogger logger, int majorVersion, int processId, string user, int port, string folder);

    [LoggerMessage(1002, LogLevel.Warning, "PostgreSQL process {ProcessId} of an earlier run still works on {Folder}; waiting for it to end")]
    private static partial void LogStaleServer(ILogger logger, int processId, string folder);

    [LoggerMessage(1003, LogLevel.Error, "PostgreSQL process {ProcessId} ended with exit code {ExitCode}; starting it again in {Delay}")]
    private static partial void LogDied(ILogger logger, int processId, int exitCode, TimeSpan delay);

    [LoggerMessage(1004, LogLevel.Error, "PostgreSQL could not be started again; next attempt in {Delay}")]
    private static partial void LogRestartFailed(ILogger logger, Exception exception, TimeSpan delay);

    [LoggerMessage(1005, LogLevel.Information, "PostgreSQL process {ProcessId} has stopped")]
    private static partial void LogStopped(ILogger logger, int processId);

    [LoggerMessage(1006, LogLevel.Warning, "PostgreSQL process {ProcessId} did not stop within {WaitMax}; telling it to quit at once")]
    private static partial void LogStopTimedOut(ILogger logger, int processId, TimeSpan waitMax);

    [LoggerMessage(1007, LogLevel.Warning, "PostgreSQL: {Line}")]
    private static partial void LogServerTrouble(ILogger logger, string line);

    [LoggerMessage(1008, LogLevel.Debug, "PostgreSQL: {Line}")]
    private static partial void LogServerLine(ILogger logger, string line);
}
