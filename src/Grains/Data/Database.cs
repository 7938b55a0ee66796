using GrainVault.Audit;
using GrainVault.Diagnostics;
using GrainVault.Resilience;
using Microsoft.Extensions.Logging;
using Npgsql;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace GrainVault.Data;

/// <summary>
/// One schema of PostgreSQL. This is the one layer that repeats a statement: always where PostgreSQL has promised that nothing
/// happened (serialization failure, deadlock) or no connection could be opened; after a connection broke, when the outcome is
/// unknown, only where doing it twice is the same as once.
/// </summary>
public abstract class Database
{
    /// <summary>Holds until the transaction ends, which is the batch: the session keeps nothing of it.</summary>
    private const string SetContext = "SELECT set_config('gv.audit', $1, true)";

    private readonly NpgsqlDataSource _source;
    private readonly ILogger _logger;
    private readonly string _name;
    private readonly ResiliencePipeline _once;
    private readonly ResiliencePipeline _repeatable;

    private protected Database(NpgsqlDataSource source, string name, ILogger logger, Breakers breakers)
    {
        _source = source;
        _name = name;
        _logger = logger;
        var breaker = breakers.Create(GrainsMeter.Name, name, breakers.Options.BreakerFailureShare, DatabaseErrors.IsOutage);
        _once = DatabasePipelines.Create(breaker, breakers, isRepeatable: false, Repeated);
        _repeatable = DatabasePipelines.Create(breaker, breakers, isRepeatable: true, Repeated);
    }

    /// <summary>Runs one statement, which is its own transaction, in one round trip.</summary>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer; the outcome is unknown.</exception>
    /// <exception cref="RefusedException">The statement raised a refusal; nothing was changed.</exception>
    internal Task<T> QueryAsync<T>(
        string sql,
        Action<NpgsqlParameterCollection> bind,
        Func<NpgsqlDataReader, Task<T>> read,
        CancellationToken cancellationToken = default,
        AuditNote? note = null) =>
        RunAsync(_once, Audited(note) is { } context ? Statements(batch => Add(batch, sql, bind), read, context) : Statement(sql, bind, read), cancellationToken);

    /// <summary>The same for a statement that changes nothing, or that may run twice: it is repeated when its outcome is unknown.</summary>
    internal Task<T> ReadAsync<T>(
        string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellationToken = default) =>
        RunAsync(_repeatable, Statement(sql, bind, read), cancellationToken);

    /// <summary>A command that may run twice: once more changes nothing more.</summary>
    internal Task<T> QueryRepeatablyAsync<T>(
        string sql,
        Action<NpgsqlParameterCollection> bind,
        Func<NpgsqlDataReader, Task<T>> read,
        AuditNote note,
        CancellationToken cancellationToken = default) =>
        RunAsync(_repeatable, Statements(batch => Add(batch, sql, bind), read, Audited(note)), cancellationToken);

    /// <summary>Runs one statement and returns how many rows it changed.</summary>
    internal Task<int> ExecuteAsync(
        string sql, Action<NpgsqlParameterCollection> bind, CancellationToken cancellationToken = default, AuditNote? note = null) =>
        RunAsync(_once, note is null ? Statement(sql, bind) : Statement(sql, bind, Audited(note)!), cancellationToken);

    /// <summary>The same for a statement that changes nothing more, and counts the same rows, when it runs twice.</summary>
    internal Task<int> ExecuteRepeatablyAsync(
        string sql, Action<NpgsqlParameterCollection> bind, CancellationToken cancellationToken = default, AuditNote? note = null) =>
        RunAsync(_repeatable, note is null ? Statement(sql, bind) : Statement(sql, bind, Audited(note)!), cancellationToken);

    /// <summary>Runs several statements as one transaction in one round trip.</summary>
    internal Task<T> BatchAsync<T>(
        Action<NpgsqlBatch> fill, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellationToken = default, AuditNote? note = null) =>
        RunAsync(_once, Statements(fill, read, Audited(note)), cancellationToken);

    /// <summary>The same for statements that change nothing.</summary>
    internal Task<T> ReadBatchAsync<T>(Action<NpgsqlBatch> fill, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellationToken = default) =>
        RunAsync(_repeatable, Statements(fill, read, null), cancellationToken);

    /// <summary>
    /// What the transactions of commands tell the audit, as the value of <c>gv.audit</c>; null where nothing is audited. Commands that
    /// say nothing of themselves are named by what they change.
    /// </summary>
    private protected virtual string? Audited(AuditNote? note) => null;

    private static void Add(NpgsqlBatch batch, string sql, Action<NpgsqlParameterCollection> bind)
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = sql;
        bind(command.Parameters);
        batch.BatchCommands.Add(command);
    }

    private static Func<NpgsqlConnection, CancellationToken, Task<T>> Statement<T>(
        string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, Task<T>> read) =>
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            bind(command.Parameters);
            await using var reader = await command.ExecuteReaderAsync(token);
            return await read(reader);
        };

    private static Func<NpgsqlConnection, CancellationToken, Task<int>> Statement(string sql, Action<NpgsqlParameterCollection> bind) =>
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            bind(command.Parameters);
            return await command.ExecuteNonQueryAsync(token);
        };

    private static Func<NpgsqlConnection, CancellationToken, Task<int>> Statement(string sql, Action<NpgsqlParameterCollection> bind, string context) =>
        async (connection, token) =>
        {
            await using var batch = new NpgsqlBatch(connection);
            Add(batch, SetContext, parameters => parameters.Text(context));
            Add(batch, sql, bind);
            return await batch.ExecuteNonQueryAsync(token);
        };

    private static Func<NpgsqlConnection, CancellationToken, Task<T>> Statements<T>(
        Action<NpgsqlBatch> fill, Func<NpgsqlDataReader, Task<T>> read, string? context) =>
        async (connection, token) =>
        {
            await using var batch = new NpgsqlBatch(connection);
            if (context is not null)
                Add(batch, SetContext, parameters => parameters.Text(context));
            fill(batch);
            await using var reader = await batch.ExecuteReaderAsync(token);
            if (context is not null)
                await reader.NextResultAsync(token);
            return await read(reader);
        };

    private async Task<T> RunAsync<T>(
        ResiliencePipeline pipeline, Func<NpgsqlConnection, CancellationToken, Task<T>> statement, CancellationToken cancellationToken)
    {
        // On the captured context: a repeat, and what reads its rows, stay in the grain's turn.
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true, cancellationToken);
        try
        {
            return await pipeline.ExecuteAsync(
                static async (context, state) =>
                {
                    await using var connection = await OpenAsync(state._source, context.CancellationToken);
                    return await state.statement(connection, context.CancellationToken);
                },
                context,
                (_source, statement));
        }
        catch (PostgresException exception) when (DatabaseErrors.Refusal(exception) is { } reason)
        {
            throw new RefusedException(reason, exception.ConstraintName);
        }
        catch (BrokenCircuitException)
        {
            // The breaker has said so once.
            throw Unavailable();
        }
        catch (Exception exception) when (exception is TimeoutRejectedException || DatabaseErrors.IsUnavailable(exception))
        {
            DatabaseLog.Unavailable(_logger, _name, exception);
            throw Unavailable();
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static async ValueTask<NpgsqlConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await source.OpenConnectionAsync(cancellationToken);
        }
        catch (Exception exception) when (DatabaseErrors.IsUnavailable(exception))
        {
            throw new NotConnectedException(exception);
        }
    }

    // The cause stays here: it need not be loadable where the exception arrives.
    private DependencyUnavailableException Unavailable() => new($"The {_name} database does not answer.");

    private void Repeated(Exception? exception, int attempt) =>
        DatabaseLog.Repeated(_logger, _name, (exception as PostgresException)?.SqlState ?? exception?.GetType().Name ?? "", attempt);
}
