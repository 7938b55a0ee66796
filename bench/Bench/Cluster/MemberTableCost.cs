using System.Diagnostics;
using System.Globalization;
using GrainVault.TestKit.Cluster;
using Npgsql;

namespace GrainVault.Bench.Cluster;

/// <summary>What one read of a large member table costs: every silo makes one each <c>Cluster:TableRefreshPeriod</c> and after every change.</summary>
internal static class MemberTableCost
{
    private const int RowCount = 1000;
    private const int ReadCount = 50;

    private const string Fill = """
        WITH version AS (INSERT INTO orleans.OrleansMembershipVersionTable (DeploymentId) VALUES ('large'))
        INSERT INTO orleans.OrleansMembershipTable
            (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
        SELECT 'large', '10.0.' || n / 250 || '.' || n % 250, 11111, 500000000 + n, 'grainvault-silo-' || n, 'grainvault-silo-' || n, 3, 30000, now(), now()
        FROM generate_series(1, $1) n
        """;

    public static async Task<string> RunAsync(VaultCluster cluster, TrafficTap tap)
    {
        await using (var fill = cluster.DataSource.CreateCommand(Fill))
        {
            fill.Parameters.AddWithValue(RowCount);
            await fill.ExecuteNonQueryAsync();
        }

        await using var find = cluster.DataSource.CreateCommand("SELECT QueryText FROM orleans.OrleansQuery WHERE QueryKey = 'MembershipReadAllKey'");
        var query = (string)(await find.ExecuteScalarAsync())!;

        var settings = new NpgsqlConnectionStringBuilder(cluster.ConnectionString);
        var port = settings.Port;
        settings.Port = tap.Open(port).Port;
        settings.Pooling = false;
        settings.SearchPath = "orleans";
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using var read = new NpgsqlCommand(query, connection);
        read.Parameters.AddWithValue("DeploymentId", "large");
        await ReadAsync(read);

        var before = (tap.Read(port).ReceivedBytes, ProcessMeter.CpuSeconds(connection.ProcessID));
        var clock = Stopwatch.StartNew();
        for (var number = 0; number < ReadCount; number++)
            await ReadAsync(read);
        var seconds = clock.Elapsed.TotalSeconds;
        var bytes = (tap.Read(port).ReceivedBytes - before.ReceivedBytes) / (double)ReadCount;
        var cpuSeconds = ProcessMeter.CpuSeconds(connection.ProcessID) - before.Item2;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| read of a member table of {RowCount} silos | {bytes / RowCount:F0} B a row | {cpuSeconds * 1000 / ReadCount:F2} CPU ms PostgreSQL | {seconds * 1000 / ReadCount:F2} ms | - | {ReadCount} |");
    }

    private static async Task ReadAsync(NpgsqlCommand read)
    {
        await using var rows = await read.ExecuteReaderAsync();
        var count = 0;
        while (await rows.ReadAsync())
            count++;
        if (count != RowCount)
            throw new InvalidOperationException($"{count} rows instead of {RowCount}");
    }
}
