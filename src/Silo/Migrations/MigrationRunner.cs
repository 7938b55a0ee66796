using GrainVault.Silo.Startup;
using Npgsql;

namespace GrainVault.Silo.Migrations;

/// <summary>
/// Brings a schema to the version that this program was built for: files in their order, each in one transaction, under
/// an advisory lock, so that any number of processes may start at once.
/// </summary>
/// <remarks>
/// The rule is expand, then contract: the previous program keeps working on the new schema, and only programs below the
/// schema's <c>min_version</c> are refused.
/// </remarks>
public sealed partial class MigrationRunner(ILogger<MigrationRunner> logger, TimeProvider time)
{
    private const string CreateTable = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            number      int PRIMARY KEY CHECK (number > 0),
            name        text NOT NULL,
            checksum    text NOT NULL,
            min_version int NOT NULL CHECK (min_version >= 0),
            applied_at  timestamptz NOT NULL DEFAULT now())
        """;

    private static readonly TimeSpan LockPollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Applies what is missing.</summary>
    /// <param name="connectionString">Any connection string of the database; its search path is not used.</param>
    /// <param name="migrations">The schema and its files.</param>
    /// <param name="lockWaitMax">Longest wait for another process that is migrating.</param>
    /// <param name="cancellationToken">Gives up between files.</param>
    /// <exception cref="StartRefusedException">A file that was applied has changed, the schema is too new, or a file failed.</exception>
    public async Task ApplyAsync(string connectionString, MigrationSet migrations, TimeSpan lockWaitMax, CancellationToken cancellationToken = default)
    {
        await using var connection = await OpenAsync(connectionString, migrations.Schema, cancellationToken);
        await LockAsync(connection, migrations.Schema, lockWaitMax, cancellationToken);
        await CreateSchemaAsync(connection, migrations.Schema, cancellationToken);
        await ExecuteAsync(connection, CreateTable, cancellationToken);
        var applied = await AppliedMigration.ReadAllAsync(connection, cancellationToken);
        RefuseUnlessCompatible(migrations, applied);
        foreach (var migration in migrations.Migrations.Skip(applied.Count))
            await ApplyOneAsync(connection, migration, cancellationToken);
    }

    /// <summary>
    /// Why this program must not work on the schema as it is, or null when it may: for programs that never migrate, such
    /// as the command line tool.
    /// </summary>
    public static async Task<string?> FindMismatchAsync(string connectionString, MigrationSet migrations, CancellationToken cancellationToken = default)
    {
        await using var connection = await OpenAsync(connectionString, migrations.Schema, cancellationToken);
        await using var find = new NpgsqlCommand("SELECT to_regclass('schema_migrations') IS NOT NULL", connection);
        if (await find.ExecuteScalarAsync(cancellationToken) is not true)
            return $"Schema '{migrations.Schema}' does not exist yet; start GrainVault once.";
        var applied = await AppliedMigration.ReadAllAsync(connection, cancellationToken);
        return FindConflict(migrations, applied)
            ?? (applied.Count < migrations.NewestNumber
                ? $"Schema '{migrations.Schema}' is at version {applied.Count}, this program needs {migrations.NewestNumber}; start GrainVault of this version once."
                : null);
    }

    /// <summary>
    /// Why this program is too old for the schema, or null when it is not, or when there is no such schema yet: for front ends
    /// without a silo, which may start before anybody has migrated.
    /// </summary>
    public static async Task<string?> FindConflictAsync(string connectionString, MigrationSet migrations, CancellationToken cancellationToken = default)
    {
        await using var connection = await OpenAsync(connectionString, migrations.Schema, cancellationToken);
        await using var find = new NpgsqlCommand("SELECT to_regclass('schema_migrations') IS NOT NULL", connection);
        return await find.ExecuteScalarAsync(cancellationToken) is true
            ? FindConflict(migrations, await AppliedMigration.ReadAllAsync(connection, cancellationToken))
            : null;
    }

    private static string? FindConflict(MigrationSet migrations, IReadOnlyList<AppliedMigration> applied)
    {
        var minVersion = applied.Select(row => row.MinVersion).DefaultIfEmpty().Max();
        if (minVersion > migrations.NewestNumber)
            return $"Schema '{migrations.Schema}' serves programs from version {minVersion}, and this one knows only {migrations.NewestNumber}; start a newer GrainVault.";
        foreach (var (row, index) in applied.Select((row, index) => (row, index)))
        {
            if (row.Number != index + 1)
                return $"Schema '{migrations.Schema}' has applied migration {row.Name} without number {index + 1:0000}; restore the table schema_migrations from a backup.";
            if (index >= migrations.NewestNumber)
                break;
            var file = migrations.Migrations[index];
            if (row.Checksum != file.Checksum)
                return $"sql/{migrations.Schema}/{file.Name} has changed since it was applied (as {row.Name}, sha256 {row.Checksum[..12]}, now {file.Checksum[..12]}); restore the file and put the change into a new one.";
        }

        return null;
    }

    private void RefuseUnlessCompatible(MigrationSet migrations, List<AppliedMigration> applied)
    {
        if (FindConflict(migrations, applied) is { } conflict)
            throw new StartRefusedException(conflict);
        if (applied.Count > migrations.NewestNumber)
            LogNewer(logger, migrations.Schema, applied.Count, migrations.NewestNumber, applied.Max(row => row.MinVersion));
    }

    private static async Task<NpgsqlConnection> OpenAsync(string connectionString, string schema, CancellationToken cancellationToken)
    {
        // No pool: the advisory lock belongs to the session, which must end with this object. No time limit per
        // statement: a migration of a large table takes what it takes.
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = schema, Pooling = false, CommandTimeout = 0 };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task LockAsync(NpgsqlConnection connection, string schema, TimeSpan waitMax, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        await using var tryLock = new NpgsqlCommand("SELECT pg_try_advisory_lock(hashtextextended('grainvault migrations ' || $1, 0))", connection)
        {
            Parameters = { new() { Value = schema } },
        };
        for (var attempt = 0; await tryLock.ExecuteScalarAsync(cancellationToken) is not true; attempt++)
        {
            if (attempt == 0)
                LogWaiting(logger, schema);
            if (time.GetElapsedTime(start) > waitMax)
                throw new StartRefusedException($"Another process has been migrating schema '{schema}' for {waitMax.TotalSeconds:0} s; see pg_locks for who holds the advisory lock, or raise GrainVault:Postgres:MigrationTimeout.");
            await Task.Delay(LockPollInterval, time, cancellationToken);
        }
    }

    private static async Task CreateSchemaAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        // CREATE SCHEMA IF NOT EXISTS demands the right to create even when there is nothing to create.
        await using var find = new NpgsqlCommand("SELECT 1 FROM pg_namespace WHERE nspname = $1", connection) { Parameters = { new() { Value = schema } } };
        if (await find.ExecuteScalarAsync(cancellationToken) is null)
            await ExecuteAsync(connection, $"CREATE SCHEMA \"{schema}\"", cancellationToken);
    }

    private async Task ApplyOneAsync(NpgsqlConnection connection, Migration migration, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, migration.Sql, cancellationToken);
            await AppliedMigration.RecordAsync(connection, migration, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (PostgresException exception)
        {
            throw new StartRefusedException($"sql/{migration.Schema}/{migration.Name} failed and was rolled back: {exception.MessageText} (SQLSTATE {exception.SqlState}).", exception);
        }

        LogApplied(logger, migration.Name, migration.Schema, time.GetElapsedTime(start));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
