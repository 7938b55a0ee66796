using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace GrainVault.Data;

/// <summary>A statement refused the command by its own rule; the transaction was undone.</summary>
internal sealed class RefusedException(RefusalReason reason, string? constraint) : Exception($"Refused by the database: {reason} {constraint}")
{
    /// <summary>Why.</summary>
    public RefusalReason Reason { get; } = reason;

    /// <summary>The rule, where it has a name of its own.</summary>
    public string? Constraint { get; } = constraint;
}

/// <summary>No connection could be opened, so nothing was sent.</summary>
internal sealed class NotConnectedException(Exception cause) : Exception("No connection to the database could be opened.", cause)
{
    /// <summary>True when opening one took too long, or the pool had none for too long.</summary>
    public bool IsTimeout { get; } = cause is TimeoutException || cause.InnerException is TimeoutException;
}

/// <summary>What an error of PostgreSQL means to a command.</summary>
internal static class DatabaseErrors
{
    /// <summary>SQLSTATEs that the functions in <c>sql/</c> raise: this prefix and the number of a <see cref="RefusalReason"/>.</summary>
    private const string RefusalPrefix = "GV";

    /// <summary>True when PostgreSQL has undone the transaction and asks for a repeat.</summary>
    public static bool NothingHappened(PostgresException exception) =>
        exception.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    /// <summary>The refusal that an error stands for; null when it stands for none.</summary>
    public static RefusalReason? Refusal(PostgresException exception)
    {
        if (exception.SqlState.StartsWith(RefusalPrefix, StringComparison.Ordinal)
            && int.TryParse(exception.SqlState.AsSpan(RefusalPrefix.Length), CultureInfo.InvariantCulture, out var reason))
            return (RefusalReason)reason;
        return exception.ConstraintName switch
        {
            "entries_live_name" => RefusalReason.NameTaken,
            "accounts_email_key_unique" => RefusalReason.EmailTaken,
            "links_files_within_limit" or "links_bytes_within_limit" => RefusalReason.QuotaExceeded,
            _ => null,
        };
    }

    /// <summary>True when the database could not be asked, so that asking later may help.</summary>
    public static bool IsUnavailable(Exception exception) => exception switch
    {
        // 08: connection; 53: out of resources, 57P: stopped, starting or crashed; 57014: longer than the statement timeout.
        PostgresException { SqlState: var state } =>
            state.StartsWith("08", StringComparison.Ordinal)
            || state.StartsWith("53", StringComparison.Ordinal)
            || state.StartsWith("57P", StringComparison.Ordinal)
            || state is PostgresErrorCodes.QueryCanceled
            || state is PostgresErrorCodes.IoError or PostgresErrorCodes.LockNotAvailable
            || state is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
            // 3D000, 28P01: the server is there but not (yet, or any more) as configured.
            || state is PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InvalidPassword,
        NotConnectedException or NpgsqlException => true,
        TimeoutException or SocketException or IOException => true,
        ObjectDisposedException => true,
        _ => false,
    };

    /// <summary>
    /// True when the error says that the database can't be used, not only this statement: it is what the breaker counts.
    /// Collisions and locks are the business of the statements that met.
    /// </summary>
    public static bool IsOutage(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable } => false,
        _ => IsUnavailable(exception),
    };

    /// <summary>True when the connection broke under the statement, so that its outcome is unknown and another connection may serve.</summary>
    public static bool IsBrokenConnection(Exception exception) => exception switch
    {
        PostgresException { SqlState: var state } =>
            state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("57P", StringComparison.Ordinal),
        NpgsqlException { InnerException: IOException or SocketException } or SocketException or IOException => true,
        _ => false,
    };
}
