using System.Globalization;

namespace GrainVault.Bench.Costs;

/// <summary>
/// Bytes that files take in the catalogue, indexes included: rows that the product wrote for one upload are copied under other
/// ids, and the tables measured.
/// </summary>
internal sealed class RowSizes(BenchSystem system, BenchOptions options)
{
    private const int PartBytes = 8 << 20;
    private const int PartsPerFile = 2;

    private static readonly string[] Tables = ["entries", "file_versions", "objects", "changes", "uploads", "upload_parts"];

    public async Task<IEnumerable<string>> RunAsync()
    {
        var part = new byte[PartBytes];
        new Random(3).NextBytes(part);
        var file = await system.Vault.UploadAsync(part, PartsPerFile, PartsPerFile);
        await ExecuteAsync(CopySql, file);
        var rows = new List<string>();
        foreach (var table in Tables)
            rows.Add(await MeasureAsync(table));
        return rows;
    }

    private async Task<string> MeasureAsync(string table)
    {
        await ExecuteAsync($"VACUUM (ANALYZE) catalogue.{table}");
        await using var command = system.Database.CreateCommand(
            $"SELECT count(*), pg_table_size('catalogue.{table}'), pg_indexes_size('catalogue.{table}') FROM catalogue.{table}");
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        var (count, heapBytes, indexBytes) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {table} | {count} rows | {heapBytes / (double)count:F0} B a row | {indexBytes / (double)count:F0} B of indexes a row | {(heapBytes + indexBytes) / (double)count:F0} B in all | 1 |");
    }

    private async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var connection = await system.Database.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql.Replace("{count}", options.RowCount.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        command.CommandTimeout = 600;
        foreach (var value in values)
            command.Parameters.AddWithValue(value);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// Every row of the file gets copies that differ in what tells them apart: ids, keys, names and their place in the feed.
    /// Ids are in the order of time, as the product's are.
    /// </summary>
    private const string CopySql = """
        WITH template AS MATERIALIZED (SELECT e.id AS file, e.owner_id, v.object_key AS key, o.upload_id AS upload
            FROM catalogue.entries e JOIN catalogue.file_versions v ON v.file_id = e.id JOIN catalogue.objects o ON o.key = v.object_key WHERE e.id = $1),
        copies AS MATERIALIZED (SELECT n, template.*, lpad(to_hex(n), 12, '0') AS tail FROM template, generate_series(1, {count}) n),
        entries AS (INSERT INTO catalogue.entries
            SELECT (jsonb_populate_record(e, jsonb_build_object('id', left(c.file, -12) || c.tail,
                'name', c.tail || substr(e.name, 13), 'name_key', c.tail || substr(e.name_key, 13)))).*
            FROM copies c JOIN catalogue.entries e ON e.id = c.file),
        objects AS (INSERT INTO catalogue.objects
            SELECT (jsonb_populate_record(o, jsonb_build_object('key', left(c.key, -12) || c.tail, 'upload_id', left(c.upload, -12) || c.tail))).*
            FROM copies c JOIN catalogue.objects o ON o.key = c.key),
        versions AS (INSERT INTO catalogue.file_versions
            SELECT (jsonb_populate_record(v, jsonb_build_object('file_id', left(c.file, -12) || c.tail, 'object_key', left(c.key, -12) || c.tail))).*
            FROM copies c JOIN catalogue.file_versions v ON v.file_id = c.file),
        uploads AS (INSERT INTO catalogue.uploads
            SELECT (jsonb_populate_record(u, jsonb_build_object('id', left(c.upload, -12) || c.tail, 'file_id', left(c.file, -12) || c.tail,
                'object_key', left(c.key, -12) || c.tail))).*
            FROM copies c JOIN catalogue.uploads u ON u.id = c.upload),
        parts AS (INSERT INTO catalogue.upload_parts
            SELECT (jsonb_populate_record(p, jsonb_build_object('upload_id', left(c.upload, -12) || c.tail))).*
            FROM copies c JOIN catalogue.upload_parts p ON p.upload_id = c.upload)
        INSERT INTO catalogue.changes
            SELECT (jsonb_populate_record(x, jsonb_build_object('seq', 1000000 + c.n, 'entry_id', left(c.file, -12) || c.tail))).*
            FROM copies c JOIN catalogue.changes x ON x.entry_id = c.file
        """;
}
