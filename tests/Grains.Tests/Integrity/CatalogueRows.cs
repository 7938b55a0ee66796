namespace GrainVault.Grains.Tests.Integrity;

/// <summary>At least one good row in each table, made around the application. Whoever adds a table adds a row.</summary>
internal static class CatalogueRows
{
    /// <summary>What stands for ids in SQL of these tests.</summary>
    private static readonly (string Placeholder, string Id)[] Ids =
    [
        ("{A}", "u-00000000-0000-7000-8000-00000000000a"),
        ("{B}", "u-00000000-0000-7000-8000-00000000000b"),
        ("{C}", "u-00000000-0000-7000-8000-00000000000c"),
        ("{outer}", "f-00000000-0000-7000-8000-000000000001"),
        ("{inner}", "f-00000000-0000-7000-8000-000000000002"),
        ("{file}", "f-00000000-0000-7000-8000-000000000003"),
        ("{shortcut}", "f-00000000-0000-7000-8000-000000000004"),
        ("{other}", "f-00000000-0000-7000-8000-000000000005"),
        ("{removed}", "f-00000000-0000-7000-8000-000000000006"),
        ("{new}", "f-00000000-0000-7000-8000-000000000007"),
        ("{upload}", "up-00000000-0000-7000-8000-000000000001"),
        ("{link}", "ln-00000000-0000-7000-8000-000000000001"),
        ("{newLink}", "ln-00000000-0000-7000-8000-000000000002"),
        ("{webhook}", "wh-00000000-0000-7000-8000-000000000001"),
        ("{login}", "l-00000000-0000-7000-8000-000000000001"),
    ];

    /// <summary>
    /// Of user A the folder "outer" with the folder "inner" and the file "file", a shortcut, and a link; an open session with a part; of user
    /// B the file "other".
    /// </summary>
    public static string Sql { get; } = WithIds(
        """
        INSERT INTO identity.accounts (id, email, email_key, display_name, password_hash)
        VALUES ('{A}', 'a@example.org', 'a@example.org', 'A', 'hash'), ('{B}', 'b@example.org', 'b@example.org', NULL, 'hash');
        INSERT INTO identity.logins (id, account_id, token_hash, expires_at) VALUES ('{login}', '{A}', sha256('1'), now() + interval '1 h');
        INSERT INTO identity.revocations (login_id, expires_at) VALUES ('{login}', now() + interval '1 h');
        INSERT INTO users (id, quota_bytes, used_bytes, reserved_bytes) VALUES ('{A}', 1000, 10, 10), ('{B}', 1000, 0, 0);
        INSERT INTO objects (key, store, owner_id, state, size_bytes) VALUES ('live', 'disk', '{A}', 'live', 10);
        INSERT INTO objects (key, store, owner_id, state, intent_deadline) VALUES ('intended', 'disk', '{A}', 'intended', now() + interval '1 h');
        INSERT INTO entries (id, owner_id, kind, name, name_key) VALUES ('{outer}', '{A}', 2, 'outer', 'outer');
        INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key) VALUES ('{inner}', '{A}', '{outer}', 2, 'inner', 'inner');
        INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key, current_version, size_bytes) VALUES ('{file}', '{A}', '{outer}', 1, 'file', 'file', 1, 10);
        INSERT INTO entries (id, owner_id, kind, name, name_key, target_id) VALUES ('{shortcut}', '{A}', 3, 'shortcut', 'shortcut', '{other}');
        INSERT INTO entries (id, owner_id, kind, name, name_key, current_version) VALUES ('{other}', '{B}', 1, 'other', 'other', 1);
        INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum) VALUES ('{file}', 1, 'live', 10, 'text/plain', 'c');
        INSERT INTO file_versions (file_id, number, size_bytes, content_type, checksum) VALUES ('{other}', 1, 0, 'text/plain', 'c');
        INSERT INTO removed_entries (id, name) VALUES ('{removed}', 'gone');
        INSERT INTO shares (entry_id, user_id, role) VALUES ('{outer}', '{B}', 2);
        INSERT INTO links (id, entry_id, token_hash, role, downloads_max) VALUES ('{link}', '{file}', sha256('token'), 1, 5);
        INSERT INTO link_tickets (ticket_hash, link_id, sent_bytes, expires_at) VALUES (sha256('ticket'), '{link}', 10, now() + interval '1 h');
        INSERT INTO transfers (entry_id, from_id, to_id, expires_at) VALUES ('{file}', '{A}', '{B}', now() + interval '1 h');
        INSERT INTO uploads (id, owner_id, mode, file_id, is_new_file, name, name_key, on_conflict, content_type, size_bytes, part_size_bytes, part_count,
            multipart, reserved_bytes, store, expires_at, uploader_id)
        VALUES ('{upload}', '{A}', 1, '{new}', true, 'new', 'new', 1, 'text/plain', 10, 10, 1, false, 10, 'disk', now() + interval '1 h', '{B}');
        INSERT INTO upload_parts (upload_id, number, size_bytes, etag, sha256) VALUES ('{upload}', 1, 10, 'e', sha256('part'));
        INSERT INTO idempotency_keys (user_id, key, fingerprint, resource_id) VALUES ('{A}', 'key', 'f', '{file}');
        INSERT INTO changes (owner_id, seq, entry_id, kind) VALUES ('{A}', 1, '{outer}', 1);
        INSERT INTO feed_cursors (user_id, digest, body) VALUES ('{A}', sha256('cursor'), 'b');
        INSERT INTO feed_hints (entry_id, is_moved) VALUES ('{file}', false);
        INSERT INTO possession_tries (user_id, began_at, tries) VALUES ('{A}', now(), 1);
        INSERT INTO webhooks (id, user_id, shard, url, secret, cursor) VALUES ('{webhook}', '{A}', 0, 'https://example.org', sha256('s'), 'c');
        INSERT INTO inbox_listing (listed_at) VALUES (now());
        INSERT INTO inbox_objects (key, shard) VALUES ('inbox/a', 0);
        INSERT INTO janitor_shards (shard, swept_at) VALUES (0, now());
        INSERT INTO store_calls (at, process, store, operation, object_key, outcome, duration_us) VALUES (now(), 'p', 'disk', 'put', 'k', 'ok', 1);
        INSERT INTO store_events (key, shard) VALUES ('k', 0);
        """);

    /// <summary>The SQL with ids in the place of what stands for them.</summary>
    public static string WithIds(string sql) =>
        Ids.Aggregate(sql, (text, id) => text.Replace(id.Placeholder, id.Id, StringComparison.Ordinal));
}
