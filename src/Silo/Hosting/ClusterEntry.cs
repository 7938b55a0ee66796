using GrainVault.Silo.Cluster;
using GrainVault.Silo.Migrations;
using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using Npgsql;

namespace GrainVault.Silo.Hosting;

/// <summary>
/// Compares a front end without a silo with the cluster's database, as soon as that answers, and ends the program when it is
/// of another cluster, too old, or its clock is off. Silos do the same before they start.
/// </summary>
internal sealed partial class ClusterEntry(
    ClusterRecord record, PostgresConnections connections, HostFault fault, TimeProvider time, ILogger<ClusterEntry> logger) : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isSaid = false;
        try
        {
            while (!await IsAdmittedAsync(stoppingToken))
            {
                if (!isSaid)
                    LogWaiting(logger);
                isSaid = true;
                await Task.Delay(RetryInterval, time, stoppingToken);
            }
        }
        catch (StartRefusedException refusal)
        {
            fault.Stop(refusal);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>False while there is nothing to compare with.</summary>
    private async Task<bool> IsAdmittedAsync(CancellationToken cancellationToken)
    {
        var database = connections.ClusterDatabase();
        try
        {
            if (await MigrationRunner.FindConflictAsync(database, MigrationSet.FromResources(PostgresConnections.ClusterSchema), cancellationToken) is { } conflict)
                throw new StartRefusedException(conflict);
            return await record.CheckAsync(database, cancellationToken);
        }
        catch (NpgsqlException)
        {
            return false; // Readiness says what is wrong with the database.
        }
    }

    [LoggerMessage(1067, LogLevel.Information, "The cluster's database is not there yet; waiting for it")]
    private static partial void LogWaiting(ILogger logger);
}
