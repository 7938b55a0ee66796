using Npgsql;

namespace GrainVault.Cli.Fsck;

/// <summary>What the database must say of itself. Each check is one statement, so it sees one moment of a running system.</summary>
internal sealed class CatalogueCheck(NpgsqlDataSource catalogue, FsckReport report)
{
    private const string Versions =
        """
        SELECT v.file_id, 'version ' || v.number || ' of ' || v.size_bytes || ' bytes refers to an object that is '
            || o.state || ' with ' || coalesce(o.size_bytes::text, 'unknown') || ' bytes'
        FROM file_versions v JOIN objects o ON o.key = v.object_key
        WHERE o.state <> 'live' OR o.size_bytes <> v.size_bytes
        UNION ALL
        SELECT e.id, 'its current version ' || e.current_version || ' does not exist' FROM entries e
        WHERE e.current_version IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM file_versions v WHERE v.file_id = e.id AND v.number = e.current_version)
        UNION ALL
        SELECT e.id, 'it is listed with ' || e.size_bytes || ' bytes, its current version has ' || v.size_bytes FROM entries e
        JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version WHERE v.size_bytes <> e.size_bytes
        """;

    private const string Unreferenced =
        """
        SELECT o.key, o.size_bytes || ' bytes are live, and no version refers to them' FROM objects o
        WHERE o.state = 'live' AND NOT EXISTS (SELECT 1 FROM file_versions v WHERE v.object_key = o.key)
        """;

    private const string Used =
        """
        SELECT u.id, u.used_bytes || ' bytes used, the objects of the versions have ' || coalesce(t.bytes, 0) FROM users u
        LEFT JOIN (
            SELECT owner_id, sum(size_bytes)::bigint AS bytes FROM (
                SELECT DISTINCT e.owner_id, v.object_key, v.size_bytes FROM file_versions v JOIN entries e ON e.id = v.file_id WHERE v.object_key IS NOT NULL
            ) kept GROUP BY owner_id
        ) t ON t.owner_id = u.id
        WHERE u.used_bytes <> coalesce(t.bytes, 0)
        """;

    private const string Reserved =
        """
        SELECT u.id, u.reserved_bytes || ' bytes reserved, the unfinished sessions have ' || coalesce(t.bytes, 0) FROM users u
        LEFT JOIN (
            SELECT owner_id, sum(reserved_bytes)::bigint AS bytes FROM uploads WHERE state <= 3 GROUP BY owner_id
        ) t ON t.owner_id = u.id
        WHERE u.reserved_bytes <> coalesce(t.bytes, 0)
        """;

    private const string Feed =
        """
        SELECT u.id, 'counter ' || u.change_seq || ', feed of ' || coalesce(t.count, 0) || ' changes to ' || coalesce(t.last, 0) FROM users u
        LEFT JOIN (
            SELECT owner_id, count(*) AS count, min(seq) AS first, max(seq) AS last FROM changes GROUP BY owner_id
        ) t ON t.owner_id = u.id
        WHERE u.change_seq <> coalesce(t.last, u.change_seq) OR t.count <> t.last - t.first + 1
        UNION ALL
        SELECT e.id, 'its owner is ' || e.owner_id || ', and a share of it is told as one of ' || coalesce(s.owner_id, 'nobody') FROM shares s
        JOIN entries e ON e.id = s.entry_id WHERE s.owner_id IS DISTINCT FROM e.owner_id
        """;

    private const string Owners =
        """
        SELECT owner_id, 'has ' || string_agg(DISTINCT what, ', ') || ', and there is no such user' FROM (
            SELECT DISTINCT owner_id, 'entries' AS what FROM entries
            UNION ALL SELECT DISTINCT owner_id, 'objects' FROM objects WHERE owner_id IS NOT NULL
            UNION ALL SELECT DISTINCT owner_id, 'uploads' FROM uploads
            UNION ALL SELECT DISTINCT owner_id, 'changes' FROM changes
        ) owned
        WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = owned.owner_id) GROUP BY owner_id
        """;

    // Commits change the user's row last, so whoever holds it sees all versions that its sums already contain, and no others.
    private const string LockUser = "SELECT 1 FROM users WHERE id = $1 FOR UPDATE";

    private const string SetQuota =
        """
        UPDATE users SET
            used_bytes = (
                SELECT coalesce(sum(size_bytes), 0) FROM (
                    SELECT DISTINCT v.object_key, v.size_bytes FROM file_versions v JOIN entries e ON e.id = v.file_id
                    WHERE e.owner_id = $1 AND v.object_key IS NOT NULL) kept),
            reserved_bytes = (SELECT coalesce(sum(reserved_bytes), 0) FROM uploads WHERE owner_id = $1 AND state <= 3)
        WHERE id = $1
        """;

    private const string LockObject = "SELECT 1 FROM objects WHERE key = $1 FOR UPDATE";

    private const string SetGarbage =
        """
        UPDATE objects SET state = 'garbage', garbage_at = now()
        WHERE key = $1 AND state = 'live' AND NOT EXISTS (SELECT 1 FROM file_versions v WHERE v.object_key = $1)
        """;

    public async Task RunAsync(bool repair, CancellationToken cancellationToken)
    {
        await CheckAsync(Versions, FindingKinds.VersionBroken, cancellationToken);
        var unreferenced = await CheckAsync(Unreferenced, FindingKinds.ObjectUnreferenced, cancellationToken);
        List<Finding> quota =
        [
            .. await CheckAsync(Used, FindingKinds.QuotaUsed, cancellationToken),
            .. await CheckAsync(Reserved, FindingKinds.QuotaReserved, cancellationToken),
        ];
        await CheckAsync(Feed, FindingKinds.ChangeFeed, cancellationToken);
        await CheckAsync(Owners, FindingKinds.OwnerMissing, cancellationToken);
        if (!repair)
            return;
        foreach (var finding in unreferenced)
            await RepairAsync(finding, LockObject, SetGarbage, cancellationToken);
        foreach (var finding in quota)
            await RepairAsync(finding, LockUser, SetQuota, cancellationToken);
    }

    private async Task<List<Finding>> CheckAsync(string sql, string kind, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        await using var command = catalogue.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            findings.Add(report.Add(
                kind,
                await reader.GetFieldValueAsync<string>(0, cancellationToken),
                await reader.GetFieldValueAsync<string>(1, cancellationToken)));
        }

        return findings;
    }

    private async Task RepairAsync(Finding finding, string lockSql, string sql, CancellationToken cancellationToken)
    {
        await using var batch = catalogue.CreateBatch();
        foreach (var text in (string[])[lockSql, sql])
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = text;
            command.Parameters.AddWithValue(finding.Subject);
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        finding.IsRepaired = true;
    }
}
