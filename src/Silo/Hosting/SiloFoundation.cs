using GrainVault.Silo.Cluster;
using GrainVault.Silo.Migrations;
using GrainVault.Silo.Options;
using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using Npgsql;

namespace GrainVault.Silo.Hosting;

/// <summary>
/// What must stand before a silo starts and until it has stopped: the databases, with their schemas migrated. Registered
/// before the silo, hence started before it and stopped after it. A silo that joins a cluster is compared with the record of
/// the cluster first.
/// </summary>
internal sealed partial class SiloFoundation(
    DataOptions data,
    PostgresOptions options,
    PostgresConnections connections,
    MigrationRunner migrations,
    ILoggerFactory loggers,
    TimeProvider time,
    ClusterRecord? record = null) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan ConnectRetryInterval = TimeSpan.FromMilliseconds(500);

    private readonly ILogger _logger = loggers.CreateLogger<SiloFoundation>();
    private readonly SemaphoreSlim _gate = new(1, 1);
    private EmbeddedPostgres? _embedded;
    private bool _isUp;

    /// <summary>The embedded server; null when all schemas live elsewhere or it has not been started.</summary>
    public EmbeddedPostgres? Embedded => _embedded;

    /// <summary>Brings the databases up; a second call does nothing.</summary>
    /// <exception cref="StartRefusedException">The operator has to do something; the message says what.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_isUp)
                return;
            LogRuntime(_logger, RuntimeInfo.Current.Name, RuntimeInfo.Current.Version);
            if (options.UsesEmbeddedServer)
                await StartEmbeddedAsync(cancellationToken);
            foreach (var schema in PostgresConnections.Schemas)
                await WaitUntilReachableAsync(schema, cancellationToken);
            // A silo of another cluster must not migrate either.
            if (record is not null)
                await record.CheckAsync(connections.ClusterDatabase(), cancellationToken);
            foreach (var schema in PostgresConnections.Schemas)
                await migrations.ApplyAsync(connections.For(schema), MigrationSet.FromResources(schema), options.MigrationTimeout, cancellationToken);
            if (record is not null)
                await record.RecordAsync(connections.ClusterDatabase(), cancellationToken);
            if (!options.UsesEmbeddedServer)
                await WarnOfFewConnectionsAsync(cancellationToken);
            _isUp = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Stops the embedded server within its own time limits, whatever is left of the host's.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_embedded is not null)
            await _embedded.StopAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_embedded is not null)
            await _embedded.DisposeAsync();
        _gate.Dispose();
    }

    private async Task StartEmbeddedAsync(CancellationToken cancellationToken)
    {
        _embedded ??= await EmbeddedPostgres.StartAsync(
            EmbeddedPostgresSettings.From(data, options),
            loggers.CreateLogger<EmbeddedPostgres>(),
            time,
            cancellationToken);
        connections.UseEmbedded(_embedded.ConnectionString);
    }

    /// <summary>An embedded server is sized for the pools; a server of the operator's may be too small for them.</summary>
    private async Task WarnOfFewConnectionsAsync(CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(connections.For(PostgresConnections.CatalogueSchema)) { Pooling = false };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int", connection);
        var available = (int)(await command.ExecuteScalarAsync(cancellationToken))!;
        if (available < options.ConnectionCountOfAllProcesses)
            LogFewConnections(_logger, available, options.ConnectionCountOfAllProcesses);
    }

    private async Task WaitUntilReachableAsync(string schema, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(connections.For(schema)) { Pooling = false };
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(settings.ConnectionString);
                await connection.OpenAsync(cancellationToken);
                return;
            }
            catch (PostgresException exception) when (!exception.IsTransient && exception.SqlState != PostgresErrorCodes.CannotConnectNow)
            {
                throw new StartRefusedException($"PostgreSQL at {settings.Host}:{settings.Port} refuses the connection for schema '{schema}': {exception.MessageText} (SQLSTATE {exception.SqlState}).", exception);
            }
            catch (NpgsqlException exception)
            {
                if (time.GetElapsedTime(start) > options.StartTimeout)
                    throw new StartRefusedException($"PostgreSQL at {settings.Host}:{settings.Port} (schema '{schema}') did not answer within {options.StartTimeout.TotalSeconds:0} s: {exception.Message}", exception);
                await Task.Delay(ConnectRetryInterval, time, cancellationToken);
            }
        }
    }

    [LoggerMessage(1041, LogLevel.Information, "Actor runtime: {Runtime} {Version}")]
    private static partial void LogRuntime(ILogger logger, string runtime, string version);

    [LoggerMessage(1042, LogLevel.Warning, "PostgreSQL serves {Available} connections, but all processes together may open {Needed} connections; raise max_connections or lower GrainVault:Postgres:*PoolSizeMax or ProcessCountMax")]
    private static partial void LogFewConnections(ILogger logger, int available, int needed);
}
