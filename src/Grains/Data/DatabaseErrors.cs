using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace GrainVault.Data;

/// <summary>A statement refused the command by its own rule; the transaction was undone.</summary>
internal sealed class RefusedException(RefusalReason reason, string? constraint) : Exception($"Refused by the database: {reason} {constraint}")
{
    /// <summary>Why.</summary>
    public RefusalReason Reason { get; } = reason;
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
        NpgsqlException => true,
        TimeoutException or SocketException or IOException => true,
        ObjectDisposedException => true,
        _ => false,
    };
}
