using GrainVault.Silo.Postgres;
using Npgsql;

namespace GrainVault.Silo.Health;

/// <summary>Asks the databases for a row; one connection each, without a pool that requests could exhaust.</summary>
internal sealed class PostgresProbe(PostgresConnections connections, IReadOnlyList<string> schemas) : IHealthProbe
{
    private const int TimeoutSeconds = 2;

    public string Name => "postgres";

    public async Task<string?> FindFaultAsync(CancellationToken cancellationToken)
    {
        if (!connections.AreKnown)
            return "starting";
        var servers = schemas
            .Select(schema => (Schema: schema, Settings: new NpgsqlConnectionStringBuilder(connections.For(schema))))
            .DistinctBy(server => (server.Settings.Host, server.Settings.Port, server.Settings.Database));
        foreach (var (schema, settings) in servers)
        {
            try
            {
                settings.Pooling = false;
                settings.Timeout = TimeoutSeconds;
                settings.CommandTimeout = TimeoutSeconds;
                await using var connection = new NpgsqlConnection(settings.ConnectionString);
                await connection.OpenAsync(cancellationToken);
                await using var command = new NpgsqlCommand("SELECT 1", connection);
                await command.ExecuteScalarAsync(cancellationToken);
            }
            catch (NpgsqlException exception)
            {
                return $"schema {schema}: {exception.Message.ReplaceLineEndings(" ")}";
            }
        }

        return null;
    }
}
