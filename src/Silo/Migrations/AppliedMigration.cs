using Npgsql;

namespace GrainVault.Silo.Migrations;

/// <summary>One row of <c>schema_migrations</c>.</summary>
internal sealed record AppliedMigration(int Number, string Name, string Checksum, int MinVersion)
{
    public static async Task<List<AppliedMigration>> ReadAllAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var rows = new List<AppliedMigration>();
        await using var command = new NpgsqlCommand("SELECT number, name, checksum, min_version FROM schema_migrations ORDER BY number", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(new AppliedMigration(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetInt32(3)));
        return rows;
    }

    public static async Task RecordAsync(NpgsqlConnection connection, Migration migration, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("INSERT INTO schema_migrations (number, name, checksum, min_version) VALUES ($1, $2, $3, $4)", connection)
        {
            Parameters =
            {
                new() { Value = migration.Number },
                new() { Value = migration.Name },
                new() { Value = migration.Checksum },
                new() { Value = migration.MinVersion },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
