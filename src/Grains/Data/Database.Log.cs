using Microsoft.Extensions.Logging;

namespace GrainVault.Data;

/// <summary>Log messages of the databases: 4000 to 4099.</summary>
internal static partial class DatabaseLog
{
    [LoggerMessage(4000, LogLevel.Debug, "Command on {Database} met SQLSTATE {SqlState} and is repeated (attempt {Attempt})")]
    public static partial void Repeated(ILogger logger, string database, string sqlState, int attempt);

    [LoggerMessage(4001, LogLevel.Warning, "The {Database} database does not answer")]
    public static partial void Unavailable(ILogger logger, string database, Exception exception);
}
