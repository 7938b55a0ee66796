using System.Globalization;
using GrainVault.Silo.Startup;
using Npgsql;

namespace GrainVault.Silo.Cluster;

/// <summary>
/// The row that says which cluster works on a database. A process that differs from it is refused while silos of the
/// recorded cluster live; when none does, the first silo that starts writes itself in.
/// </summary>
/// <param name="identity">This process.</param>
/// <param name="signOfLifeAgeMax">Age of its last sign of life at which a silo counts as gone.</param>
/// <param name="clockSkewMax">How far this machine's clock may be from PostgreSQL's.</param>
/// <param name="time">This machine's clock.</param>
/// <param name="logger">Gets a line for each change.</param>
internal sealed partial class ClusterRecord(
    ClusterIdentity identity, TimeSpan signOfLifeAgeMax, TimeSpan clockSkewMax, TimeProvider time, ILogger<ClusterRecord> logger)
{
    private const string Root = "GrainVault:Cluster";

    // Joining, active, shutting down, stopping: whoever may still write.
    private const string CountLiving = """
        SELECT count(*) FROM OrleansMembershipTable
        WHERE DeploymentId = $1 AND Status BETWEEN 2 AND 5 AND IAmAliveTime > clock_timestamp() - $2
        """;

    private const string Write = """
        INSERT INTO GrainVaultCluster (ClusterId, ServiceId, Secret, PreviousSecret) VALUES ($1, $2, $3, $4)
        ON CONFLICT (TheOne) DO UPDATE
        SET ClusterId = excluded.ClusterId, ServiceId = excluded.ServiceId, Secret = excluded.Secret,
            PreviousSecret = excluded.PreviousSecret, ChangedAt = now()
        """;

    /// <summary>Refuses a process that does not belong here. Writes nothing, so that it can run before migrations and in front ends.</summary>
    /// <param name="connectionString">The cluster's database, with its schema as search path.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False when no silo has ever started on the database.</returns>
    /// <exception cref="StartRefusedException">The clock is off, or the process is of another cluster.</exception>
    public async Task<bool> CheckAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(connectionString, cancellationToken);
        await RefuseClockAsync(connection, cancellationToken);
        await using var find = new NpgsqlCommand("SELECT to_regclass('GrainVaultCluster') IS NOT NULL", connection);
        if (await find.ExecuteScalarAsync(cancellationToken) is not true || await ReadAsync(connection, cancellationToken) is not { } recorded)
            return false;
        if (!Matches(recorded) && await CountLivingAsync(connection, recorded, cancellationToken) is > 0 and var living)
            Refuse(recorded, living);
        return true;
    }

    /// <summary>Writes this silo's cluster down where there is nothing yet, nobody lives, or the secret is being rotated.</summary>
    /// <param name="connectionString">The cluster's database, migrated, with its schema as search path.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="StartRefusedException">The process is of another cluster.</exception>
    public async Task RecordAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(connectionString, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var take = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended('grainvault cluster', 0))", connection))
            await take.ExecuteNonQueryAsync(cancellationToken);
        var recorded = await ReadAsync(connection, cancellationToken);
        if (recorded is not null && !Matches(recorded))
        {
            if (await CountLivingAsync(connection, recorded, cancellationToken) is > 0 and var living)
                Refuse(recorded, living);
            LogChanged(logger, recorded.ClusterId, recorded.ServiceId, identity.ClusterId, identity.ServiceId);
            recorded = null;
        }

        var next = Next(recorded);
        if (recorded is null || !next.Equals(recorded))
        {
            await WriteAsync(connection, next, cancellationToken);
            if (recorded is not null)
                LogRotation(logger, next.PreviousSecret is null ? "has ended" : "has begun");
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<NpgsqlConnection> OpenAsync(string connectionString, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
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

    private static async Task<Row?> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT ClusterId, ServiceId, encode(Secret, 'hex'), encode(PreviousSecret, 'hex') FROM GrainVaultCluster", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new Row(reader.GetString(0), reader.GetString(1), reader.GetString(2), await reader.IsDBNullAsync(3, cancellationToken) ? null : reader.GetString(3))
            : null;
    }

    private static async Task WriteAsync(NpgsqlConnection connection, Row row, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Write, connection)
        {
            Parameters =
            {
                new() { Value = row.ClusterId },
                new() { Value = row.ServiceId },
                new() { Value = Convert.FromHexString(row.Secret) },
                new() { Value = row.PreviousSecret is null ? DBNull.Value : Convert.FromHexString(row.PreviousSecret), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<long> CountLivingAsync(NpgsqlConnection connection, Row recorded, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(CountLiving, connection) { Parameters = { new() { Value = recorded.ClusterId }, new() { Value = signOfLifeAgeMax } } };
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task RefuseClockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        var before = time.GetUtcNow();
        var theirs = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellationToken))!);
        var after = time.GetUtcNow();
        // The answer was given at some moment between the two.
        var ahead = theirs < before ? before - theirs : theirs > after ? after - theirs : TimeSpan.Zero;
        if (ahead.Duration() > clockSkewMax)
        {
            throw new StartRefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"The clock of this machine is {ahead.Duration().TotalSeconds:0} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} PostgreSQL's; allowed: at most {clockSkewMax.TotalSeconds:0} s (GrainVault:Cluster:ClockSkewMax). Set both by NTP."));
        }
    }

    private bool Matches(Row recorded)
    {
        var own = Fingerprints();
        return recorded.ClusterId == identity.ClusterId && recorded.ServiceId == identity.ServiceId
            && (own.Contains(recorded.Secret) || (recorded.PreviousSecret is { } previous && own.Contains(previous)));
    }

    /// <summary>What the row says once this silo runs.</summary>
    private Row Next(Row? recorded)
    {
        var own = Fingerprints();
        if (recorded is null)
            return new Row(identity.ClusterId, identity.ServiceId, own[0], null);
        // A rotation begins with the first silo that has another secret besides the recorded one, and has ended for
        // everybody when one starts that has only the new one.
        if (recorded.Secret == own[0])
            return own.Count == 1 ? recorded with { PreviousSecret = null } : recorded;
        return recorded.PreviousSecret == own[0] || !own.Contains(recorded.Secret)
            ? recorded
            : recorded with { Secret = own[0], PreviousSecret = recorded.Secret };
    }

    private List<string> Fingerprints() => [.. identity.Secrets.Fingerprints().Select(Convert.ToHexStringLower)];

    private void Refuse(Row recorded, long living)
    {
        var (key, value, allowed) = recorded switch
        {
            _ when recorded.ClusterId != identity.ClusterId => ("ClusterId", identity.ClusterId, $"'{recorded.ClusterId}', the cluster"),
            _ when recorded.ServiceId != identity.ServiceId => ("ServiceId", identity.ServiceId, $"'{recorded.ServiceId}', the service"),
            _ => ("Secret", "(hidden)", "the secret of the cluster"),
        };
        throw new StartRefusedException(string.Create(
            CultureInfo.InvariantCulture,
            $"{Root}:{key} is '{value}'; allowed: {allowed} whose {living} silos work on this database. It can change when all of them have stopped (after a crash: {signOfLifeAgeMax.TotalSeconds:0} s later)."));
    }

    private sealed record Row(string ClusterId, string ServiceId, string Secret, string? PreviousSecret);

    [LoggerMessage(1063, LogLevel.Warning, "This database belonged to cluster '{ClusterBefore}' of service '{ServiceBefore}', none of whose silos lives; from here on it belongs to '{Cluster}' of service '{Service}'")]
    private static partial void LogChanged(ILogger logger, string clusterBefore, string serviceBefore, string cluster, string service);

    [LoggerMessage(1064, LogLevel.Information, "The rotation of the cluster secret {What}")]
    private static partial void LogRotation(ILogger logger, string what);
}
