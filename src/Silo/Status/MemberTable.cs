using System.Globalization;
using GrainVault.Cluster;
using GrainVault.Silo.Hosting;
using GrainVault.Silo.Options;
using GrainVault.Silo.Postgres;
using Npgsql;
using Orleans.Runtime;

namespace GrainVault.Silo.Status;

/// <summary>
/// Reads the members' table by the query that the actor runtime itself uses, so that the page shows what silos believe of each
/// other, with either runtime.
/// </summary>
internal sealed class MemberTable(
    [FromKeyedServices(PostgresConnections.ClusterSchema)] NpgsqlDataSource source,
    GrainClusterOptions cluster) : IMemberList
{
    /// <summary>Most members that are shown.</summary>
    private const int MemberCountMax = 2_000;

    private string? _query;

    public async Task<List<MemberStatus>> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            _query ??= await FindQueryAsync(cancellationToken);
            await using var command = source.CreateCommand(_query);
            command.Parameters.Add(new NpgsqlParameter("DeploymentId", cluster.EffectiveClusterId()));
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var members = new List<MemberStatus>();
            while (await reader.ReadAsync(cancellationToken) && members.Count < MemberCountMax)
            {
                // There is a row for the table's version even where there are no members.
                if (!await reader.IsDBNullAsync(reader.GetOrdinal("StartTime"), cancellationToken))
                    members.Add(Read(reader));
            }

            return members;
        }
        catch (NpgsqlException exception)
        {
            throw new DependencyUnavailableException($"The members' table can't be read: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static MemberStatus Read(NpgsqlDataReader reader) => new(
        reader.GetString(reader.GetOrdinal("SiloName")),
        string.Create(CultureInfo.InvariantCulture, $"{reader["Address"]}:{reader["Port"]}@{reader["Generation"]}"),
        ((SiloStatus)Convert.ToInt32(reader["Status"], CultureInfo.InvariantCulture)).ToString(),
        Time(reader, "StartTime"),
        Time(reader, "IAmAliveTime"));

    private static DateTimeOffset Time(NpgsqlDataReader reader, string column) =>
        new(DateTime.SpecifyKind(reader.GetDateTime(reader.GetOrdinal(column)), DateTimeKind.Utc));

    private async Task<string> FindQueryAsync(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("SELECT QueryText FROM OrleansQuery WHERE QueryKey = 'MembershipReadAllKey'");
        return (string?)await command.ExecuteScalarAsync(cancellationToken)
            ?? throw new DependencyUnavailableException("The database lacks the query of the members' table.");
    }
}
