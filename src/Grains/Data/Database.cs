using Microsoft.Extensions.Logging;
using Npgsql;

namespace GrainVault.Data;

/// <summary>
/// One schema of PostgreSQL. This is the one layer that repeats a command, and it does so only where PostgreSQL has
/// promised that nothing happened (serialization failure, deadlock).
/// </summary>
public abstract class Database
{
    /// <summary>Most attempts of one command.</summary>
    private const int AttemptCountMax = 4;

    private readonly NpgsqlDataSource _source;
    private readonly ILogger _logger;
    private readonly string _name;

    private protected Database(NpgsqlDataSource source, string name, ILogger logger)
    {
        _source = source;
        _name = name;
        _logger = logger;
    }

    /// <summary>Runs one statement, which is its own transaction, in one round trip.</summary>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer; the outcome is unknown.</exception>
    /// <exception cref="RefusedException">The statement raised a refusal; nothing was changed.</exception>
    internal Task<T> QueryAsync<T>(
        string sql,
        Action<NpgsqlParameterCollection> bind,
        Func<NpgsqlDataReader, Task<T>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            async () =>
            {
                await using var command = _source.CreateCommand(sql);
                bind(command.Parameters);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await read(reader);
            },
            cancellationToken);

    /// <summary>Runs one statement and returns how many rows it changed.</summary>
    internal Task<int> ExecuteAsync(
        string sql,
        Action<NpgsqlParameterCollection> bind,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            async () =>
            {
                await using var command = _source.CreateCommand(sql);
                bind(command.Parameters);
                return await command.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);

    /// <summary>Runs several statements as one transaction in one round trip.</summary>
    internal Task<T> BatchAsync<T>(
        Action<NpgsqlBatch> fill,
        Func<NpgsqlDataReader, Task<T>> read,
        CancellationToken cancellationToken = default) =>
        RunAsync(
            async () =>
            {
                await using var batch = _source.CreateBatch();
                fill(batch);
                await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
                return await read(reader);
            },
            cancellationToken);

    private async Task<T> RunAsync<T>(Func<Task<T>> attempt, CancellationToken cancellationToken)
    {
        for (var count = 1; ; count++)
        {
            try
            {
                return await attempt();
            }
            catch (PostgresException exception) when (count < AttemptCountMax && DatabaseErrors.NothingHappened(exception))
            {
                DatabaseLog.Repeated(_logger, _name, exception.SqlState, count);
                // Spreads those that collided; a few milliseconds are enough, since the winner has gone on already.
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 8 << count)), cancellationToken);
            }
            catch (PostgresException exception) when (DatabaseErrors.Refusal(exception) is { } reason)
            {
                throw new RefusedException(reason, exception.ConstraintName);
            }
            catch (Exception exception) when (DatabaseErrors.IsUnavailable(exception))
            {
                DatabaseLog.Unavailable(_logger, _name, exception);
                // The cause stays here: it need not be loadable where the exception arrives.
                throw new DependencyUnavailableException($"The {_name} database does not answer.");
            }
        }
    }
}
