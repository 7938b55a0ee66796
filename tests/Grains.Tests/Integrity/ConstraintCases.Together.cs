namespace GrainVault.Grains.Tests.Integrity;

internal static partial class ConstraintCases
{
    /// <summary>Makes a link that takes one file.</summary>
    private const string TakesOne =
        "INSERT INTO links (id, entry_id, token_hash, role, files_max) VALUES ('{newLink}', '{outer}', sha256('x'), 2, 1);";

    private static IEnumerable<(string Rule, string Sql, string? Raised)> Together =>
    [
        ("shares_role_check", "UPDATE shares SET role = 4", null),
        ("shares_role_check", "UPDATE shares SET role = 1", null),
        ("shares_user_id_check", "INSERT INTO shares (entry_id, user_id, role) VALUES ('{outer}', 'somebody', 2)", null),
        ("shares_entry_id_fkey", "INSERT INTO shares (entry_id, user_id, role) VALUES ('{new}', '{B}', 2)", null),
        ("shares_not_with_owner", "INSERT INTO shares (entry_id, user_id, role) VALUES ('{file}', '{A}', 2)", null),
        ("shares_guard", "UPDATE shares SET user_id = '{A}'", "shares_not_with_owner"),
        ("links_id_check", "UPDATE links SET id = 'ln-1'", null),
        ("links_entry_id_fkey", "UPDATE links SET entry_id = '{new}'", null),
        ("links_role_check", "INSERT INTO links (id, entry_id, token_hash, role) VALUES ('{newLink}', '{outer}', sha256('x'), 3)", null),
        ("links_token_hash_check", "UPDATE links SET token_hash = 'x'", null),
        ("links_token_hash", "INSERT INTO links (id, entry_id, token_hash, role) VALUES ('{newLink}', '{outer}', sha256('token'), 1)", null),
        ("links_password_hash_check", "UPDATE links SET password_hash = ''", null),
        ("links_downloads_check", "UPDATE links SET downloads = -1", null),
        ("links_downloads_max_check", "UPDATE links SET downloads_max = 0", null),
        ("links_downloads_within_limit", "UPDATE links SET downloads = 6", null),
        ("links_only_view_has_limit", "INSERT INTO links (id, entry_id, token_hash, role, downloads_max) VALUES ('{newLink}', '{outer}', sha256('x'), 2, 1)", null),
        ("links_upload_into_folders", "UPDATE links SET role = 2, downloads_max = NULL", null),
        ("links_not_to_shortcuts", "UPDATE links SET entry_id = '{shortcut}'", null),
        ("links_guard", "INSERT INTO links (id, entry_id, token_hash, role) VALUES ('{newLink}', '{shortcut}', sha256('x'), 1)", "links_not_to_shortcuts"),
        ("links_files_max_check", "INSERT INTO links (id, entry_id, token_hash, role, files_max) VALUES ('{newLink}', '{outer}', sha256('x'), 2, 0)", null),
        ("links_bytes_max_check", "INSERT INTO links (id, entry_id, token_hash, role, bytes_max) VALUES ('{newLink}', '{outer}', sha256('x'), 2, 0)", null),
        ("links_files_sent_check", "UPDATE links SET files_sent = -1", null),
        ("links_bytes_sent_check", "UPDATE links SET bytes_sent = -1", null),
        ("link_tickets_ticket_hash_check", "UPDATE link_tickets SET ticket_hash = 'x'", null),
        ("link_tickets_link_id_fkey", "UPDATE link_tickets SET link_id = '{newLink}'", null),
        ("link_tickets_sent_bytes_check", "UPDATE link_tickets SET sent_bytes = -1", null),
        ("links_only_upload_limits_files", "UPDATE links SET files_max = 1", null),
        ("links_only_upload_limits_files", "UPDATE links SET bytes_max = 1", null),
        ("links_upload_has_file_limit", TakesOne + "UPDATE links SET files_max = NULL", null),
        ("links_files_within_limit", TakesOne + "UPDATE links SET files_sent = 2 WHERE id = '{newLink}'", null),
        ("links_files_within_limit", TakesOne + "UPDATE links SET files_sent = 1 WHERE id = '{newLink}'; SELECT guard_visit('up', '{newLink}', 1, 10, 10)", null),
        // Whoever makes a version in the name of a link: it counts.
        ("links_files_within_limit", TakesOne + """
            INSERT INTO file_versions (file_id, number, size_bytes, content_type, checksum, made_by)
            SELECT '{file}', n, 0, 'x', 'c', '{newLink}' FROM generate_series(100, 101) n
            """, null),
        ("links_bytes_within_limit", TakesOne + "UPDATE links SET bytes_max = 10, bytes_sent = 11 WHERE id = '{newLink}'", null),
        ("links_bytes_within_limit", TakesOne + "UPDATE links SET bytes_max = 10 WHERE id = '{newLink}'; SELECT guard_visit('up', '{newLink}', 11, 10, 100)", null),
        ("visits_bytes_max", TakesOne + "SELECT guard_visit('up', '{newLink}', 11, 10, 10)", null),
        ("visits_count_max", TakesOne + "SELECT guard_visit('up', '{newLink}', 1, 0, 10)", null),
        ("transfers_entry_id_fkey", "UPDATE transfers SET entry_id = '{new}'", null),
        ("transfers_to_id_check", "UPDATE transfers SET to_id = 'somebody'", null),
        ("transfers_to_another", "UPDATE transfers SET to_id = from_id", null),
        ("transfers_accepted_tell", "UPDATE transfers SET accepted_at = now()", null),
        ("transfers_accepted_tell", "UPDATE transfers SET entry_ids = '{}'", null),
        ("transfers_taken_are_no_offers", "UPDATE transfers SET accepted_at = now(), entry_ids = '{}', taking_at = now()", null),
        ("possession_tries_user_id_check", "UPDATE possession_tries SET user_id = 'somebody'", null),
        ("possession_tries_tries_check", "UPDATE possession_tries SET tries = -1", null),
    ];

    private static IEnumerable<(string Rule, string Sql, string? Raised)> Records =>
    [
        ("changes_kind_check", "UPDATE changes SET kind = 6", null),
        ("changes_kind_check", "UPDATE changes SET kind = 0", null),
        ("changes_seq_check", "UPDATE changes SET seq = 0", null),
        ("shared_changes_seq_check", "UPDATE shared_changes SET seq = 0", null),
        ("feed_cursors_digest_check", "UPDATE feed_cursors SET digest = 'short'", null),
        ("webhooks_id_check", "UPDATE webhooks SET id = 'wh-1'", null),
        ("webhooks_shard_check", "UPDATE webhooks SET shard = 16", null),
        ("webhooks_url_check", "UPDATE webhooks SET url = ''", null),
        ("webhooks_url_check", "UPDATE webhooks SET url = repeat('x', 2049)", null),
        ("webhooks_secret_check", "UPDATE webhooks SET secret = 'short'", null),
        ("webhooks_secret_check", "UPDATE webhooks SET secret = convert_to(repeat('x', 65), 'UTF8')", null),
        ("webhooks_attempt_count_check", "UPDATE webhooks SET attempt_count = -1", null),
        ("webhooks_failing_has_time", "UPDATE webhooks SET attempt_count = 1", null),
        ("webhooks_failing_has_time", "UPDATE webhooks SET failing_since = now()", null),
        ("webhooks_reason_known", "UPDATE webhooks SET disabled_at = now(), disabled_because = 'whim'", null),
        ("webhooks_reason_has_time", "UPDATE webhooks SET disabled_because = 'user'", null),
        ("audit_action_check", Audited("action", "'No Action'"), null),
        ("audit_actor_kind_check", Audited("actor_kind", "'nobody'"), null),
        ("audit_actor_id_check", Audited("actor_id", "repeat('x', 65)"), null),
        ("audit_entry_id_check", Audited("entry_id", "repeat('x', 65)"), null),
        ("audit_entry_name_check", Audited("entry_name", "repeat('x', 256)"), null),
        ("audit_detail_check", Audited("detail", "repeat('x', 8001)"), null),
        ("audit_address_check", Audited("address", "repeat('x', 65)"), null),
        ("audit_agent_check", Audited("agent", "repeat('x', 257)"), null),
        ("audit_request_id_check", Audited("request_id", "repeat('x', 129)"), null),
        ("audit_trace_id_check", Audited("trace_id", "repeat('x', 65)"), null),
        ("audit_hash_check", "INSERT INTO audit (owner_id, seq, at, actor_kind, action, hash) VALUES ('{A}', 1000, now(), 'user', 'create', 'short')", null),
        ("audit_seq_check", "INSERT INTO audit (owner_id, seq, at, actor_kind, action, hash) VALUES ('{A}', 0, now(), 'user', 'create', sha256(''))", null),
        ("audit_append_only", "UPDATE audit SET action = 'nothing'", null),
        ("audit_guard", "DELETE FROM audit", "audit_append_only"),
        ("audit_guard_all", "TRUNCATE audit", "audit_append_only"),
        ("audit_heads_guard", "UPDATE audit_heads SET seq = seq - 1", "audit_append_only"),
        ("audit_heads_guard", "UPDATE audit_heads SET owner_id = '{C}'", "audit_append_only"),
        ("audit_heads_guard_deletion", "DELETE FROM audit_heads", "audit_append_only"),
        ("audit_heads_guard_all", "TRUNCATE audit_heads", "audit_append_only"),
        ("audit_heads_seq_check", "INSERT INTO audit_heads (owner_id, seq, hash, at, pruned_seq, pruned_hash) VALUES ('{C}', -1, sha256(''), now(), -1, sha256(''))", "audit_heads_checkpoint_in_chain"),
        ("audit_heads_checkpoint_in_chain", "UPDATE audit_heads SET pruned_seq = seq + 1", null),
        ("audit_heads_hash_check", "UPDATE audit_heads SET hash = 'short'", null),
        ("audit_heads_pruned_hash_check", "UPDATE audit_heads SET pruned_hash = 'short'", null),
        ("store_calls_duration_us_check", "UPDATE store_calls SET duration_us = -1", null),
        ("store_calls_size_bytes_check", "UPDATE store_calls SET size_bytes = -1", null),
        ("janitor_shards_shard_check", "UPDATE janitor_shards SET shard = 16", null),
        ("installation_singleton_check", "UPDATE installation SET singleton = false", null),
        ("installation_cursor_key_check", "UPDATE installation SET cursor_key = 'short'", null),
        ("schema_migrations_number_check", "UPDATE schema_migrations SET number = -1 WHERE number = 1", null),
        ("schema_migrations_min_version_check", "UPDATE schema_migrations SET min_version = -1 WHERE number = 1", null),
        ("idempotency_keys_key_check", "UPDATE idempotency_keys SET key = ''", null),
        ("idempotency_keys_key_check", "UPDATE idempotency_keys SET key = repeat('x', 256)", null),
    ];

    private static IEnumerable<(string Rule, string Sql, string? Raised)> Accounts =>
    [
        ("users_id_check", "INSERT INTO users (id, quota_bytes) VALUES ('somebody', 1)", null),
        ("users_quota_bytes_check", "UPDATE users SET quota_bytes = -1", null),
        ("users_used_bytes_range", "UPDATE users SET used_bytes = -1", null),
        ("users_reserved_bytes_range", "UPDATE users SET reserved_bytes = -1", null),
        ("users_change_seq_check", "UPDATE users SET change_seq = -1", null),
        ("accounts_id_check", "UPDATE identity.accounts SET id = 'somebody' WHERE id = '{B}'", null),
        ("accounts_email_check", "UPDATE identity.accounts SET email = 'x@'", null),
        ("accounts_email_check", "UPDATE identity.accounts SET email = repeat('x', 255)", null),
        ("accounts_email_key_unique", "UPDATE identity.accounts SET email_key = 'same'", null),
        ("accounts_display_name_check", "UPDATE identity.accounts SET display_name = ''", null),
        ("accounts_display_name_check", "UPDATE identity.accounts SET display_name = repeat('x', 101)", null),
        ("logins_id_check", "UPDATE identity.logins SET id = 'l-1'", null),
        ("logins_account_id_fkey", "UPDATE identity.logins SET account_id = '{C}'", null),
        ("logins_generation_check", "UPDATE identity.logins SET generation = 0", null),
        ("logins_token_hash_check", "UPDATE identity.logins SET token_hash = 'short'", null),
    ];

    /// <summary>One more row of the audit with a value in one column.</summary>
    private static string Audited(string column, string value)
    {
        var columns = string.Join(", ", AuditColumns);
        var values = string.Join(", ", AuditColumns.Select(name => name == column ? value : name == "seq" ? "seq + 1000" : name));
        return $"INSERT INTO audit ({columns}) SELECT {values} FROM audit LIMIT 1";
    }

    private static readonly string[] AuditColumns =
    [
        "owner_id", "seq", "at", "actor_kind", "actor_id", "action", "entry_id", "entry_name", "detail", "address", "agent", "request_id", "trace_id", "hash",
    ];
}
