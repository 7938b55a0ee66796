using GrainVault.Cli.Audit;
using GrainVault.Grains.Tests.Support;
using Npgsql;

namespace GrainVault.Grains.Tests.Audit;

/// <summary>What tests look at in the audit.</summary>
internal static class AuditReader
{
    /// <summary>Rows of a chain as "kind action name", oldest first.</summary>
    public static async Task<List<string>> LinesAsync(this GrainsHost host, string ownerId)
    {
        await using var command = host.Catalogue.CreateCommand(
            "SELECT actor_kind || ' ' || action || coalesce(' ' || entry_name, '') FROM audit WHERE owner_id = $1 ORDER BY seq");
        command.Parameters.AddWithValue(ownerId);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return lines;
    }

    public static Task<AuditVerdict> VerifyAsync(this GrainsHost host, string? ownerId, params AuditHead[] kept) =>
        new AuditVerifier(host.Catalogue).VerifyAsync(ownerId, kept, CancellationToken.None);

    public static async Task IntactAsync(this GrainsHost host, string? ownerId)
    {
        var verdict = await host.VerifyAsync(ownerId);
        Assert.Equal("", string.Join('\n', verdict.Findings));
        Assert.NotEmpty(verdict.Heads);
    }

    /// <summary>Runs a statement as somebody would who may do everything in the database: no trigger keeps him from it.</summary>
    public static async Task TamperAsync(this GrainsHost host, string sql, string ownerId)
    {
        await using var connection = await host.Catalogue.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand($"SET LOCAL session_replication_role = replica; {sql.Replace("{user}", ownerId, StringComparison.Ordinal)}", connection);
        await command.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }
}
