using Npgsql;

namespace GrainVault.Cli.Fsck;

/// <summary>
/// Counts the objects of the inbox. None of them is a problem of store and ledger: they are not ours before they are adopted.
/// </summary>
internal sealed class InboxCheck(NpgsqlDataSource catalogue, FsckReport report)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var command = catalogue.CreateCommand(
            "SELECT reason, count(*), coalesce(sum(size_bytes), 0)::bigint FROM inbox_objects GROUP BY reason ORDER BY reason");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var count = await reader.GetFieldValueAsync<long>(1, cancellationToken);
            if (await reader.IsDBNullAsync(0, cancellationToken))
            {
                report.InboxObjectCount += count;
                continue;
            }

            report.InboxRefused[await reader.GetFieldValueAsync<string>(0, cancellationToken)] = count;
            report.InboxRefusedBytes += await reader.GetFieldValueAsync<long>(2, cancellationToken);
        }
    }
}
