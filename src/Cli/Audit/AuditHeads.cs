using System.Globalization;
using System.Runtime.CompilerServices;
using GrainVault.Audit;
using Npgsql;

namespace GrainVault.Cli.Audit;

/// <summary>Ends of chains as lines of text: owner, number and hash.</summary>
public static class AuditHeads
{
    /// <summary>The line of a head.</summary>
    public static string Format(AuditHead head) => string.Create(CultureInfo.InvariantCulture, $"{head.OwnerId} {head.Seq} {head.Hash}");

    /// <summary>Heads from lines; empty ones are skipped.</summary>
    /// <exception cref="FormatException">A line is none.</exception>
    public static IEnumerable<AuditHead> Parse(IEnumerable<string> lines)
    {
        foreach (var line in lines.Where(line => !string.IsNullOrWhiteSpace(line)))
        {
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length != 3 || !long.TryParse(parts[1], CultureInfo.InvariantCulture, out var seq) || parts[2].Length != 2 * AuditHash.SizeBytes)
                throw new FormatException($"'{line}' is no line of 'audit heads'.");
            yield return new AuditHead(parts[0], seq, parts[2]);
        }
    }

    /// <summary>The end of each chain as it is now.</summary>
    public static async IAsyncEnumerable<AuditHead> ReadAsync(NpgsqlDataSource catalogue, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = catalogue.CreateCommand("SELECT owner_id, seq, hash FROM audit_heads ORDER BY owner_id");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            yield return new AuditHead(reader.GetString(0), reader.GetInt64(1), Convert.ToHexStringLower(await reader.GetFieldValueAsync<byte[]>(2, cancellationToken)));
    }
}
