using System.Globalization;
using Npgsql;

namespace GrainVault.Bench.Scale;

/// <summary>
/// Entries by the million, as rows: one user with most of what is measured, and many others around. Constraints are not checked and indexes
/// made afterwards, for the time that takes.
/// </summary>
internal static class ScaleData
{
    /// <summary>Who is measured.</summary>
    public const string User = "u-0193e9a0-0000-7000-8000-000000000001";

    /// <summary>Files in the small folder, entries of each other user, and files in each folder below the one that is moved.</summary>
    public const int SmallCount = 1_000;

    /// <summary>Folders on the way down to where the folder is moved.</summary>
    public const int DeepCount = 20;

    /// <summary>Most entries of the folder that is moved, and of the trash.</summary>
    private const int PartCountMax = 100_000;

    private const int FilesPerFolder = 100;

    public static string Thousand => Id(1);

    public static string Million => Id(2);

    public static string Moved => Id(3);

    public static string Empty => Id(4);

    /// <summary>The last folder on the way down.</summary>
    public static string Deep => Id(10 + DeepCount);

    /// <summary>One of the folders below the one that is moved, from 0.</summary>
    public static string MovedFolder(int number) => Id(20_000 + number);

    /// <summary>One of the files of the small folder, from 0.</summary>
    public static string SmallFile(int number) => Id(1_000 + SmallCount - number);

    /// <summary>Entries of the folder that is moved, and of the trash.</summary>
    public static int PartCount(int entryCount) => Math.Min(PartCountMax, entryCount / 10);

    public static string Id(long number) => string.Create(CultureInfo.InvariantCulture, $"f-0193e9a0-0000-7000-8000-{number:x12}");

    /// <summary>Fills an empty catalogue.</summary>
    /// <param name="connectionString">With the catalogue as search path, and the right to leave out constraints.</param>
    /// <param name="entryCount">Files in the large folder of the user.</param>
    /// <param name="totalCount">Entries of all users.</param>
    public static async Task LoadAsync(string connectionString, int entryCount, int totalCount)
    {
        await using var source = new NpgsqlDataSourceBuilder(connectionString) { ConnectionStringBuilder = { Options = SessionSettings } }.Build();
        var indexes = await TakeIndexesAsync(source);
        var part = PartCount(entryCount);
        var others = Math.Max(0, totalCount - entryCount - (2 * part) - SmallCount);
        foreach (var sql in (string[])
        [
            Folders(part),
            Files("1000 + i", SmallCount, $"'{User}'", $"'{Thousand}'"),
            Files("10000000 + i", entryCount, $"'{User}'", $"'{Million}'"),
            Files("50000000 + i", part, $"'{User}'", $"'{Id(20_000)[..^8]}' || lpad(to_hex(20000 + i / {FilesPerFolder}), 8, '0')"),
            Files("60000000 + i", part, $"'{User}'", "NULL", "now() - i * interval '1 ms'"),
            Files("100000000 + i", others, $"'u-0193e9a0-0000-7000-8000-' || lpad(to_hex(2 + i / {SmallCount}), 12, '0')", "NULL"),
            $"""
            INSERT INTO file_versions (file_id, number, size_bytes, content_type, checksum, sha256)
            SELECT id, 1, 0, content_type, 'c', sha256('') FROM entries WHERE kind = 1;
            INSERT INTO changes (owner_id, seq, entry_id, kind) SELECT '{User}', i, '{Id(10_000_000)[..^8]}' || lpad(to_hex(10000000 + i), 8, '0'), 1 FROM generate_series(1, {entryCount}) i;
            INSERT INTO users (id, quota_bytes, change_seq) VALUES ('{User}', 1000000000000, {entryCount});
            INSERT INTO users (id, quota_bytes) SELECT DISTINCT owner_id, 1000000000000 FROM entries WHERE owner_id <> '{User}';
            """,
        ])
        {
            await ExecuteAsync(source, sql);
        }

        // The index of characters takes about as long as all others together.
        await Parallel.ForEachAsync(
            indexes.OrderByDescending(sql => sql.Contains(" gin ", StringComparison.Ordinal)),
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            async (sql, _) => await ExecuteAsync(source, sql));
        foreach (var sql in (string[])["VACUUM (ANALYZE) entries", "VACUUM (ANALYZE) file_versions", "VACUUM (ANALYZE) changes", "ANALYZE", "CHECKPOINT"])
        {
            await ExecuteAsync(source, sql);
        }
    }

    /// <summary>Constraints hold by the way rows are made here.</summary>
    private const string SessionSettings =
        "-c session_replication_role=replica -c synchronous_commit=off -c maintenance_work_mem=1GB -c work_mem=256MB";

    /// <summary>Drops the indexes of the large tables that are no constraints; returns how they are made.</summary>
    private static async Task<List<string>> TakeIndexesAsync(NpgsqlDataSource source)
    {
        var (names, definitions) = (new List<string>(), new List<string>());
        await using (var command = source.CreateCommand(
            """
            SELECT indexname, indexdef FROM pg_indexes i
            WHERE schemaname = current_schema() AND tablename IN ('entries', 'file_versions', 'changes')
                AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname AND c.connamespace = current_schema()::regnamespace)
            """))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                names.Add(reader.GetString(0));
                definitions.Add(reader.GetString(1));
            }
        }

        await ExecuteAsync(source, $"DROP INDEX {string.Join(", ", names)}");
        return definitions;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {clock.Elapsed.TotalSeconds:F1} s: {sql.TrimStart().Split('\n')[0]}"));
    }

    /// <summary>The folders: for each measurement one, the way down, a/b/c/d/e, and what is below the one that is moved.</summary>
    private static string Folders(int part) =>
        $"""
        INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key)
        SELECT id, '{User}', parent, 2, name, name FROM (VALUES
            ('{Thousand}', NULL, 'thousand'), ('{Million}', NULL, 'million'), ('{Moved}', NULL, 'moved'), ('{Empty}', NULL, 'empty'),
            ('{Id(40)}', NULL, 'a'), ('{Id(41)}', '{Id(40)}', 'b'), ('{Id(42)}', '{Id(41)}', 'c'), ('{Id(43)}', '{Id(42)}', 'd'), ('{Id(44)}', '{Id(43)}', 'e')
        ) made (id, parent, name)
        UNION ALL SELECT '{Id(0)[..^8]}' || lpad(to_hex(10 + i), 8, '0'), '{User}', CASE WHEN i > 1 THEN '{Id(0)[..^8]}' || lpad(to_hex(9 + i), 8, '0') END, 2, 'deep', 'deep'
        FROM generate_series(1, {DeepCount}) i
        UNION ALL SELECT '{Id(0)[..^8]}' || lpad(to_hex(20000 + i), 8, '0'), '{User}', '{Moved}', 2, 'folder ' || i, 'folder ' || i
        FROM generate_series(0, {part / FilesPerFolder}) i;
        INSERT INTO folder_heights (id, height) SELECT '{Id(0)[..^8]}' || lpad(to_hex(10 + i), 8, '0'), {DeepCount} - i FROM generate_series(1, {DeepCount} - 1) i
        UNION ALL SELECT '{Id(0)[..^8]}' || lpad(to_hex(40 + i), 8, '0'), 4 - i FROM generate_series(0, 3) i
        UNION ALL SELECT '{Moved}', 1;
        """;

    /// <summary>Names in several scripts, of which few have "needle"; sizes and times in another order than names.</summary>
    private static string Files(string number, int count, string owner, string parent, string deletedAt = "NULL") =>
        $"""
        INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key, current_version, size_bytes, content_type, created_at, modified_at, deleted_at)
        SELECT '{Id(0)[..^8]}' || lpad(to_hex({number}), 8, '0'), {owner}, {parent}, 1, name, name, 1, i::bigint * 7919 % 1000003,
            CASE i % 4 WHEN 0 THEN 'image/jpeg' ELSE 'text/plain' END, at, at, {deletedAt}
        FROM (SELECT i, 'file ' || i || ' ' || (ARRAY['report', 'invoice', '報告', 'photo', 'notes', 'отчёт', 'draft', 'budget'])[1 + i % 8]
                || CASE WHEN i % 100000 = 77 THEN ' needle' ELSE '' END || '.txt' AS name,
            '2026-01-01'::timestamptz + i::bigint * 7919 % {Math.Max(count, 1)} * interval '1 s' AS at
            FROM generate_series(1, {count}) i) made
        """;
}
