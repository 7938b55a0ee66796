namespace GrainVault.Grains.Tests.Integrity;

/// <summary>For each rule that the database itself holds, a write that it refuses. Primary keys and NOT NULL need none: they are tried by their definitions.</summary>
internal static partial class ConstraintCases
{
    /// <summary>Rule, write, and by which name the refusal goes where it is not the rule's: a constraint or a state.</summary>
    public static IEnumerable<(string Rule, string Sql, string Raised)> All =>
        Entries.Concat(Content).Concat(Uploads).Concat(Together).Concat(Records).Concat(Accounts)
            .Select(item => (item.Rule, item.Sql, item.Raised ?? item.Rule));

    private static IEnumerable<(string Rule, string Sql, string? Raised)> Entries =>
    [
        ("entries_id_check", "INSERT INTO entries (id, owner_id, kind, name, name_key) VALUES ('f-1', '{A}', 2, 'x', 'x')", null),
        ("entries_kind_check", "UPDATE entries SET kind = 4 WHERE id = '{inner}'", null),
        ("entries_kind_check", "UPDATE entries SET kind = 0 WHERE id = '{inner}'", null),
        ("entries_name_check", "UPDATE entries SET name = 'a/b' WHERE id = '{file}'", null),
        ("entries_name_check", "UPDATE entries SET name = '..' WHERE id = '{file}'", null),
        ("entries_name_check", "UPDATE entries SET name = '.' WHERE id = '{file}'", null),
        ("entries_name_check", "UPDATE entries SET name = '' WHERE id = '{file}'", null),
        ("entries_name_check", "UPDATE entries SET name = repeat('ü', 128) WHERE id = '{file}'", null),
        ("entries_name_key_check", "UPDATE entries SET name_key = '' WHERE id = '{file}'", null),
        ("entries_visibility_check", "UPDATE entries SET visibility = 3 WHERE id = '{file}'", null),
        ("entries_size_bytes_check", "UPDATE entries SET size_bytes = -1 WHERE id = '{file}'", null),
        ("entries_current_version_check", "UPDATE entries SET current_version = 0 WHERE id = '{file}'", null),
        ("entries_only_files_have_versions", "UPDATE entries SET current_version = NULL WHERE id = '{file}'", null),
        ("entries_only_files_have_versions", "UPDATE entries SET current_version = 1 WHERE id = '{inner}'", null),
        ("entries_only_shortcuts_point", "UPDATE entries SET target_id = NULL WHERE id = '{shortcut}'", null),
        ("entries_only_shortcuts_point", "UPDATE entries SET target_id = '{other}' WHERE id = '{inner}'", null),
        ("entries_only_trash_is_purged", "UPDATE entries SET purging_at = now() WHERE id = '{file}'", null),
        ("entries_live_name", "UPDATE entries SET name_key = 'inner' WHERE id = '{file}'", null),
        ("entries_live_name", "UPDATE entries SET name_key = 'outer' WHERE id = '{shortcut}'", null),
        ("entries_parent_id_fkey", "UPDATE entries SET parent_id = '{new}' WHERE id = '{file}'", null),
        ("entries_parent_id_fkey", "DELETE FROM entries WHERE id = '{outer}'", null),
        ("entries_not_own_parent", "UPDATE entries SET parent_id = id WHERE id = '{outer}'", null),
        ("entries_no_circle", "UPDATE entries SET parent_id = '{inner}' WHERE id = '{outer}'", null),
        ("entries_parent_is_own_folder", "UPDATE entries SET parent_id = '{file}' WHERE id = '{shortcut}'", null),
        ("entries_parent_is_own_folder", "UPDATE entries SET parent_id = '{outer}' WHERE id = '{other}'", null),
        ("entries_parent_is_own_folder", "INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key) VALUES ('{new}', '{B}', '{outer}', 2, 'x', 'x')", null),
        ("entries_parents", "INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key) VALUES ('{new}', '{A}', '{shortcut}', 2, 'x', 'x')", "entries_parent_is_own_folder"),
        ("entries_depth_max", Deep("UPDATE entries SET parent_id = '{inner}' WHERE id = 'f-00000000-0000-7000-8000-000000001001'"), null),
        ("entries_depth_max", Deep("INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key) VALUES ('{new}', '{A}', 'f-00000000-0000-7000-8000-000000001100', 2, 'x', 'x')"), null),
        ("entries_not_again", "INSERT INTO entries (id, owner_id, kind, name, name_key) VALUES ('{removed}', '{A}', 2, 'x', 'x')", "GV001"),
        ("folder_heights_height_check", "UPDATE folder_heights SET height = 0 WHERE id = '{outer}'", null),
    ];

    /// <summary>A hundred folders, one in the other, before a statement.</summary>
    private static string Deep(string sql) =>
        $$"""
        INSERT INTO entries (id, owner_id, kind, name, name_key) VALUES ('f-00000000-0000-7000-8000-000000001001', '{A}', 2, 'deep', 'deep');
        DO $$ BEGIN
            FOR n IN 1002..1100 LOOP
                INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key)
                VALUES ('f-00000000-0000-7000-8000-00000000' || n, '{A}', 'f-00000000-0000-7000-8000-00000000' || n - 1, 2, 'deep', 'deep');
            END LOOP;
        END $$;
        {{sql}}
        """;

    private static IEnumerable<(string Rule, string Sql, string? Raised)> Content =>
    [
        ("file_versions_number_check", "UPDATE file_versions SET number = 0 WHERE file_id = '{file}'", null),
        ("file_versions_size_bytes_check", "UPDATE file_versions SET size_bytes = -1 WHERE file_id = '{file}'", null),
        ("file_versions_sha256_check", "UPDATE file_versions SET sha256 = 'short' WHERE file_id = '{file}'", null),
        ("file_versions_object_iff_bytes", "UPDATE file_versions SET size_bytes = 0 WHERE file_id = '{file}'", null),
        ("file_versions_object_iff_bytes", "UPDATE file_versions SET size_bytes = 1 WHERE file_id = '{other}'", null),
        ("file_versions_file_id_fkey", "INSERT INTO file_versions (file_id, number, size_bytes, content_type, checksum) VALUES ('{new}', 1, 0, 'x', 'c')", null),
        ("file_versions_file_id_fkey", "DELETE FROM entries WHERE id = '{file}'", null),
        ("file_versions_object_key_fkey", "UPDATE file_versions SET object_key = 'nowhere' WHERE file_id = '{file}'", null),
        ("file_versions_object_key_fkey", "DELETE FROM objects WHERE key = 'live'", null),
        ("objects_state_check", "UPDATE objects SET state = 'lost' WHERE key = 'live'", null),
        ("objects_size_bytes_check", "UPDATE objects SET size_bytes = -1 WHERE key = 'live'", null),
        ("objects_sha256_check", "UPDATE objects SET sha256 = 'short' WHERE key = 'live'", null),
        ("objects_live_has_size", "UPDATE objects SET size_bytes = NULL WHERE key = 'live'", null),
        ("objects_intended_has_deadline", "UPDATE objects SET intent_deadline = NULL WHERE key = 'intended'", null),
        ("objects_garbage_has_time", "UPDATE objects SET state = 'garbage' WHERE key = 'live'", null),
        ("objects_garbage_has_time", "UPDATE objects SET garbage_at = now() WHERE key = 'live'", null),
        ("objects_only_garbage_is_deleted", "UPDATE objects SET deleted_count = 1 WHERE key = 'live'", null),
        ("objects_deleted_count_check", "UPDATE objects SET state = 'garbage', garbage_at = now(), deleted_count = 3 WHERE key = 'intended'", null),
    ];

    private static IEnumerable<(string Rule, string Sql, string? Raised)> Uploads =>
    [
        ("uploads_id_check", "UPDATE uploads SET id = 'up-1'", null),
        ("uploads_state_check", "UPDATE uploads SET state = 0", null),
        ("uploads_state_check", "UPDATE uploads SET state = 7, ended_at = now(), reserved_bytes = 0", null),
        ("uploads_mode_check", "UPDATE uploads SET mode = 3", null),
        ("uploads_epoch_check", "UPDATE uploads SET epoch = 0", null),
        ("uploads_on_conflict_check", "UPDATE uploads SET on_conflict = 3", null),
        ("uploads_size_bytes_check", "UPDATE uploads SET size_bytes = -1", null),
        ("uploads_part_size_bytes_check", "UPDATE uploads SET part_size_bytes = 0", null),
        ("uploads_part_count_check", "UPDATE uploads SET part_count = -1", null),
        ("uploads_part_count_max_check", "UPDATE uploads SET part_count_max = 0", null),
        ("uploads_reserved_bytes_check", "UPDATE uploads SET reserved_bytes = -1", null),
        ("uploads_declared_sha256_check", "UPDATE uploads SET declared_sha256 = 'short'", null),
        ("uploads_verified_sha256_check", "UPDATE uploads SET verified_sha256 = 'short'", null),
        ("uploads_completed_has_version", "UPDATE uploads SET state = 4, ended_at = now(), reserved_bytes = 0", null),
        ("uploads_completed_has_version", "UPDATE uploads SET version_number = 1", null),
        ("uploads_ended_has_time", "UPDATE uploads SET state = 5, reserved_bytes = 0", null),
        ("uploads_ended_has_time", "UPDATE uploads SET ended_at = now()", null),
        ("uploads_ended_reserves_nothing", "UPDATE uploads SET state = 5, ended_at = now()", null),
        ("uploads_uploader_is_another", "UPDATE uploads SET uploader_id = owner_id", null),
        ("upload_parts_number_check", "UPDATE upload_parts SET number = 0", null),
        ("upload_parts_number_check", "UPDATE upload_parts SET number = 10001", null),
        ("upload_parts_size_bytes_check", "UPDATE upload_parts SET size_bytes = 0", null),
        ("upload_parts_sha256_check", "UPDATE upload_parts SET sha256 = 'short'", null),
        ("upload_parts_upload_id_fkey", "UPDATE upload_parts SET upload_id = 'up-of-nobody'", null),
        ("store_events_key_check", "UPDATE store_events SET key = ''", null),
        ("store_events_key_check", "UPDATE store_events SET key = repeat('x', 1025)", null),
        ("store_events_shard_check", "UPDATE store_events SET shard = 16", null),
        ("inbox_objects_key_check", "UPDATE inbox_objects SET key = ''", null),
        ("inbox_objects_key_check", "UPDATE inbox_objects SET key = repeat('x', 1025)", null),
        ("inbox_objects_shard_check", "UPDATE inbox_objects SET shard = -1", null),
        ("inbox_objects_size_bytes_check", "UPDATE inbox_objects SET size_bytes = -1", null),
        ("inbox_objects_state_check", "UPDATE inbox_objects SET state = 'lost'", null),
        ("inbox_objects_intent_is_whole", "UPDATE inbox_objects SET state = 'copying', owner_id = '{A}', etag = 'e', size_bytes = 1", null),
        ("inbox_objects_refused_has_reason", "UPDATE inbox_objects SET state = 'refused'", null),
        ("inbox_objects_refused_has_reason", "UPDATE inbox_objects SET reason = 'r'", null),
        ("inbox_listing_singleton_check", "UPDATE inbox_listing SET singleton = false", null),
    ];
}
