using System.Diagnostics;
using System.Globalization;
using System.Net;
using GrainVault.TestKit.Cluster;
using Npgsql;

namespace GrainVault.Bench.Cluster;

/// <summary>What a silo costs that nobody uses: three of them, by themselves.</summary>
internal static class Heartbeat
{
    private const int SiloCount = 3;

    /// <summary>After this the effects of starting have passed.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    public static async Task<IEnumerable<string>> RunAsync(TimeSpan duration)
    {
        // Addresses that nobody else on this machine listens on.
        var network = 100 + (Environment.ProcessId % 100);
        IPAddress Address(int number) => IPAddress.Parse($"127.{network}.{Environment.ProcessId / 100 % 200}.{number}");
        await using var tap = new TrafficTap();
        await using var cluster = await BenchCluster.OfIdleSilosAsync(tap, Address);
        var postgres = new NpgsqlConnectionStringBuilder(cluster.DataSource.ConnectionString).Port;
        await Task.Delay(duration < Settling ? duration : Settling);
        var addresses = Enumerable.Range(1, SiloCount).Select(Address).ToArray();
        var clock = Stopwatch.StartNew();
        var before = await ReadAsync(cluster, tap, postgres, addresses);
        await Task.Delay(duration);
        var after = await ReadAsync(cluster, tap, postgres, addresses);
        var seconds = clock.Elapsed.TotalSeconds * SiloCount;
        var resident = cluster.Silos.Average(silo => ProcessMeter.ResidentMiB(silo.Pid));
        double Rate(Func<Reading, double> value) => (value(after) - value(before)) / seconds;
        var row = string.Create(
            CultureInfo.InvariantCulture,
            $"| heartbeat of one of {SiloCount} idle silos, {duration.TotalSeconds:F0} s "
            + $"| PostgreSQL: {Rate(r => r.Postgres.StatementCount):F2} statements/s, {Rate(r => r.Postgres.SentBytes):F0} B/s there, {Rate(r => r.Postgres.ReceivedBytes):F0} B/s back, {Rate(r => r.WalBytes):F0} B/s WAL "
            + $"| store: {Rate(r => r.Store.SentBytes + r.Store.ReceivedBytes):F0} B/s "
            + $"| silos: {Rate(r => r.Silos.Bytes):F0} B/s, {Rate(r => r.Silos.SegmentCount):F1} segments/s, {after.Silos.ConnectionCount} connections in all "
            + $"| CPU {Rate(r => r.CpuSeconds) * 1000:F1} ms/s, {resident:F0} MiB resident, {after.PostgresConnectionCount / (double)SiloCount:F1} connections to PostgreSQL | 1 |");
        return [row, await MemberTableCost.RunAsync(cluster, tap)];
    }

    private static async Task<Reading> ReadAsync(VaultCluster cluster, TrafficTap tap, int postgres, IPAddress[] addresses)
    {
        await using var command = cluster.DataSource.CreateCommand(
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, (SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'grainvault-%')");
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return new Reading(
            tap.Read(postgres),
            tap.Read(cluster.Store.Port),
            await SocketMeter.ReadAsync(addresses),
            row.GetInt64(0),
            row.GetInt64(1),
            BenchCluster.CpuSeconds(cluster));
    }

    private readonly record struct Reading(
        TrafficTap.Traffic Postgres, TrafficTap.Traffic Store, SocketMeter.Reading Silos, long WalBytes, long PostgresConnectionCount, double CpuSeconds);
}
