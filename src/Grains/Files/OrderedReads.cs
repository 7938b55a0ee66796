using GrainVault.Data;
using Npgsql;

namespace GrainVault.Files;

/// <summary>
/// Statements that take the first rows of one folder in an order that has an index. A planner that takes folders for small reads all of a large
/// one by whatever index is the smallest, and sorts it: how large the one is that is asked for, it does not know in a plan for all of them.
/// </summary>
internal static class OrderedReads
{
    /// <summary>Until the end of the transaction, which is that of the batch, sorting comes after everything else that gives the order.</summary>
    public const string Sql =
        "SELECT set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true), set_config('jit', 'off', true)";

    /// <summary>What follows in the batch is read in the order of an index where one has it. The result is a row to be skipped.</summary>
    public static void AddOrdered(this NpgsqlBatch batch)
    {
        var ordered = batch.CreateBatchCommand();
        ordered.CommandText = Sql;
        batch.BatchCommands.Add(ordered);
    }

    /// <summary>Reads by one statement, in the order of an index where one has it.</summary>
    public static Task<T> ReadOrderedAsync<T>(
        this CatalogueDatabase database, string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellationToken) =>
        database.ReadBatchAsync(
            batch =>
            {
                batch.AddOrdered();
                var page = batch.CreateBatchCommand();
                page.CommandText = sql;
                bind(page.Parameters);
                batch.BatchCommands.Add(page);
            },
            async reader =>
            {
                await reader.NextResultAsync(cancellationToken);
                return await read(reader);
            },
            cancellationToken);
}
