using GrainVault.Grains.Tests.Support;
using Npgsql;

namespace GrainVault.Grains.Tests.Plans;

/// <summary>
/// Rows of many users in every table that grows, so that the planner sees tables of which it would rather not read all. None of them is due for
/// a janitor.
/// </summary>
internal static class PlansData
{
    /// <summary>Rows of each kind.</summary>
    public const int Count = 2_500;

    /// <summary>Loads them; what constraints and triggers would do with each row is left out.</summary>
    /// <param name="host">Has the databases.</param>
    /// <param name="users">Own a quarter of the files each.</param>
    /// <param name="folders">Where those stand.</param>
    public static async Task FillAsync(GrainsHost host, TestUser[] users, List<string> folders)
    {
        await RunAsync(host.Identity, Accounts);
        var sql = $"SET session_replication_role = replica; {Entries} {Content} {Uploads} {Together} {Records} RESET session_replication_role;";
        for (var i = 0; i < users.Length; i++)
        {
            sql = sql.Replace($"{{user{i}}}", users[i].Id, StringComparison.Ordinal).Replace($"{{folder{i}}}", folders[i], StringComparison.Ordinal);
        }

        await RunAsync(host.Catalogue, sql);
        await RunAsync(host.Catalogue, "ANALYZE");
    }

    private static async Task RunAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql.Replace("{Count}", $"{Count}", StringComparison.Ordinal));
        command.CommandTimeout = 120;
        await command.ExecuteNonQueryAsync();
    }

    private const string Accounts =
        """
        INSERT INTO accounts (id, email, email_key, password_hash)
        SELECT 'u-' || id, id || '@example.com', id || '@example.com', 'x' FROM (SELECT gen_random_uuid()::text AS id FROM generate_series(1, {Count})) made;
        INSERT INTO logins (id, account_id, token_hash, expires_at) SELECT 'l-' || gen_random_uuid(), id, sha256(id::bytea), now() + interval '30 d' FROM accounts;
        INSERT INTO revocations (login_id, expires_at) SELECT id, now() + interval '1 h' FROM logins;
        """;

    /// <summary>Files at roots, in the trash and versions that were replaced; folders in folders, a shortcut for each tenth.</summary>
    private const string Entries =
        """
        INSERT INTO users (id, quota_bytes) SELECT 'u-' || gen_random_uuid(), 1000000000 FROM generate_series(1, {Count});
        INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key, current_version, size_bytes, content_type, modified_at, visibility)
        SELECT 'f-' || gen_random_uuid(), CASE n % 4 WHEN 0 THEN '{user0}' WHEN 1 THEN '{user1}' ELSE 'u-' || gen_random_uuid() END,
            CASE n % 4 WHEN 0 THEN '{folder0}' WHEN 1 THEN '{folder1}' END, 1, 'big ' || n, 'big ' || n, 1, 1, 'text/plain', now() - n * interval '1 s',
            1 + (n % 20 = 0)::int
        FROM generate_series(1, {Count} * 2) n;
        INSERT INTO entries (id, owner_id, kind, name, name_key) SELECT 'f-' || gen_random_uuid(), id, 2, 'folder', 'folder' FROM users;
        INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key) SELECT 'f-' || gen_random_uuid(), owner_id, id, 2, 'inner', 'inner' FROM entries WHERE kind = 2;
        INSERT INTO folder_heights (id, height) SELECT parent_id, 1 FROM entries WHERE kind = 2 AND parent_id IS NOT NULL;
        INSERT INTO entries (id, owner_id, kind, name, name_key, target_id)
        SELECT 'f-' || gen_random_uuid(), owner_id, 3, 'way ' || id, 'way ' || id, id FROM entries WHERE kind = 1 AND name LIKE '%0';
        INSERT INTO entries (id, owner_id, kind, name, name_key, current_version, deleted_at)
        SELECT 'f-' || gen_random_uuid(), id, 1, 'gone', 'gone', 2, now() FROM users;
        INSERT INTO removed_entries (id) SELECT 'f-' || gen_random_uuid() FROM generate_series(1, {Count});
        """;

    private const string Content =
        """
        INSERT INTO objects (key, store, owner_id, state, size_bytes, sha256) SELECT id, 'disk', owner_id, 'live', 1, sha256(id::bytea) FROM entries WHERE kind = 1;
        INSERT INTO objects (key, store, state, garbage_at, store_upload_id) SELECT gen_random_uuid(), 'other', 'garbage', now(), nullif(n % 2, 0)::text FROM generate_series(1, {Count}) n;
        INSERT INTO objects (key, store, state, intent_deadline) SELECT gen_random_uuid(), 'disk', 'intended', now() + interval '1 d' FROM generate_series(1, {Count});
        INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum, sha256)
        SELECT id, current_version, id, 1, 'text/plain', 'c', sha256(id::bytea) FROM entries WHERE kind = 1;
        INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum, sha256, replaced_at)
        SELECT id, 1, id, 1, 'text/plain', 'c', sha256(id::bytea), now() FROM entries WHERE kind = 1 AND deleted_at IS NOT NULL;
        UPDATE users SET used_bytes = {Count} WHERE id IN ('{user0}', '{user1}');
        INSERT INTO store_events (key, shard, due_at) SELECT gen_random_uuid(), n % 16, now() + interval '1 d' FROM generate_series(1, {Count}) n;
        INSERT INTO inbox_objects (key, shard, state, owner_id, etag, size_bytes, file_id, next_attempt_at)
        SELECT gen_random_uuid(), n % 16, 'committed', 'u', 'e', 1, 'f', now() + interval '1 d' FROM generate_series(1, {Count}) n;
        INSERT INTO store_calls (at, process, store, operation, object_key, outcome, duration_us)
        SELECT now() - n * interval '1 s', 'p', 'disk', 'put', gen_random_uuid(), 'ok', 1 FROM generate_series(1, {Count}) n;
        """;

    /// <summary>Mostly ended sessions, and some open ones.</summary>
    private const string Uploads =
        """
        INSERT INTO uploads (id, owner_id, state, mode, file_id, is_new_file, name, name_key, on_conflict, content_type, part_size_bytes, multipart,
            reserved_bytes, store, version_number, expires_at, ended_at, uploader_id, staging_key, staged_look_at)
        SELECT 'up-' || gen_random_uuid(), 'u-' || gen_random_uuid(), CASE WHEN is_open THEN 1 ELSE 4 END, 1, 'f-' || gen_random_uuid(), true, 'n', 'n', 1, 'x', 1,
            false, 0, 'disk', CASE WHEN is_open THEN NULL ELSE 1 END, now() + interval '1 d', CASE WHEN is_open THEN NULL ELSE now() END,
            CASE WHEN n % 3 = 0 THEN 'u-' || gen_random_uuid() END, CASE WHEN n % 2 = 0 THEN gen_random_uuid() END, now() + interval '1 d'
        FROM (SELECT n, n % 5 = 0 AS is_open FROM generate_series(1, {Count}) n) made;
        INSERT INTO upload_parts (upload_id, number, size_bytes, etag) SELECT id, n, 1, 'e' FROM uploads, generate_series(1, 5) n WHERE state = 1;
        """;

    private const string Together =
        """
        INSERT INTO shares (entry_id, owner_id, user_id, role) SELECT id, owner_id, 'u-' || gen_random_uuid(), 2 FROM entries WHERE kind = 2;
        INSERT INTO links (id, entry_id, token_hash, role) SELECT 'ln-' || gen_random_uuid(), id, sha256(id::bytea), 1 FROM entries WHERE kind = 2;
        INSERT INTO link_tickets (ticket_hash, link_id, sent_bytes, expires_at) SELECT sha256(id::bytea), id, 1, now() + interval '1 h' FROM links;
        INSERT INTO transfers (entry_id, from_id, to_id, expires_at) SELECT id, owner_id, 'u-' || gen_random_uuid(), now() + interval '1 d' FROM entries WHERE name = 'inner';
        INSERT INTO webhooks (id, user_id, shard, url, secret, cursor, next_attempt_at)
        SELECT 'wh-' || gen_random_uuid(), id, hashtext(id) & 15, 'https://example.com', sha256('s'), 'c', now() + interval '1 d' FROM users;
        """;

    private const string Records =
        """
        INSERT INTO changes (owner_id, seq, entry_id, kind) SELECT owner_id, row_number() OVER (PARTITION BY owner_id ORDER BY id) + 1, id, 1 FROM entries;
        UPDATE users SET change_seq = {Count} * 2 WHERE id IN ('{user0}', '{user1}');
        INSERT INTO shared_changes (scope, owner_id, seq, entry_id, relist) SELECT entry_id, 'u-' || gen_random_uuid(), 1, entry_id, false FROM shares;
        INSERT INTO shared_changes (scope, owner_id, seq, entry_id, relist) SELECT 't:' || user_id, 'u-' || gen_random_uuid(), 1, entry_id, false FROM shares LIMIT {Count};
        INSERT INTO feed_cursors (user_id, digest, body) SELECT id, sha256(id::bytea), 'b' FROM users;
        INSERT INTO possession_tries (user_id, began_at, tries) SELECT id, now(), 1 FROM users;
        INSERT INTO idempotency_keys (user_id, key, fingerprint, resource_id) SELECT id, 'k', 'f', 'r' FROM users;
        INSERT INTO audit_heads (owner_id, seq, hash, at, pruned_hash) SELECT id, 1, sha256(''), now(), sha256('') FROM users ON CONFLICT DO NOTHING;
        INSERT INTO audit (owner_id, seq, at, actor_kind, action, entry_id, hash) SELECT owner_id, 1, now() - interval '1 d', 'user', 'create', id, sha256('')
        FROM (SELECT DISTINCT ON (owner_id) owner_id, id FROM entries) one ON CONFLICT DO NOTHING;
        """;
}
