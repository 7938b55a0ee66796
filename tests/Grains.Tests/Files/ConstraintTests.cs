using GrainVault.Grains.Tests.Support;
using Npgsql;

namespace GrainVault.Grains.Tests.Files;

/// <summary>What the database refuses whatever a grain believes.</summary>
public sealed class ConstraintTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Theory]
    [InlineData("UPDATE users SET used_bytes = -1 WHERE id = '{user}'", "users_used_bytes_range")]
    [InlineData("UPDATE users SET reserved_bytes = -1 WHERE id = '{user}'", "users_reserved_bytes_range")]
    [InlineData("INSERT INTO entries (id, owner_id, kind, name, name_key) SELECT '{file}', owner_id, 2, name, name_key FROM entries WHERE owner_id = '{user}' AND name = 'there.bin'", "entries_live_name")]
    [InlineData("INSERT INTO entries (id, owner_id, kind, name, name_key) VALUES ('{file}', '{user}', 1, 'x', 'x')", "entries_only_files_have_versions")]
    [InlineData("INSERT INTO file_versions (file_id, number, size_bytes, content_type, checksum) VALUES ('{file}', 1, 0, 'x', 'c')", "file_versions_file_id_fkey")]
    [InlineData("UPDATE entries SET parent_id = '{file}' WHERE owner_id = '{user}'", "entries_parent_id_fkey")]
    [InlineData("UPDATE entries SET parent_id = id WHERE owner_id = '{user}'", "entries_not_own_parent")]
    [InlineData("UPDATE entries SET name = 'a/b' WHERE owner_id = '{user}'", "entries_name_check")]
    [InlineData("UPDATE objects SET size_bytes = NULL WHERE owner_id = '{user}' AND state = 'live'", "objects_live_has_size")]
    [InlineData("UPDATE objects SET state = 'garbage' WHERE owner_id = '{user}'", "objects_garbage_has_time")]
    [InlineData("UPDATE objects SET deleted_count = 1 WHERE owner_id = '{user}'", "objects_only_garbage_is_deleted")]
    [InlineData("DELETE FROM objects WHERE owner_id = '{user}' AND state = 'live'", "file_versions_object_key_fkey")]
    [InlineData("UPDATE file_versions SET size_bytes = 0 WHERE file_id IN (SELECT id FROM entries WHERE owner_id = '{user}')", "file_versions_object_iff_bytes")]
    [InlineData("UPDATE uploads SET state = 5, ended_at = now() WHERE owner_id = '{user}'", "uploads_ended_reserves_nothing")]
    [InlineData("INSERT INTO upload_parts SELECT upload_id, number, size_bytes, etag, sha256 FROM upload_parts WHERE upload_id IN (SELECT id FROM uploads WHERE owner_id = '{user}')", "upload_parts_pkey")]
    [InlineData("INSERT INTO changes (owner_id, seq, entry_id, kind) VALUES ('{user}', 1, 'f', 1)", "changes_pkey")]
    [InlineData("UPDATE entries SET parent_id = (SELECT id FROM entries WHERE owner_id = '{user}' AND name = 'inner') WHERE owner_id = '{user}' AND name = 'outer'", "entries_no_circle")]
    [InlineData("UPDATE entries SET parent_id = id WHERE owner_id = '{user}' AND name = 'outer'", "entries_not_own_parent")]
    [InlineData("INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key) SELECT '{file}', owner_id, id, 2, 'x', 'x' FROM entries WHERE owner_id = '{user}' AND kind = 1", "entries_parent_is_own_folder")]
    [InlineData("INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key) SELECT '{file}', 'u-somebody', id, 2, 'x', 'x' FROM entries WHERE owner_id = '{user}' AND name = 'outer'", "entries_parent_is_own_folder")]
    [InlineData("UPDATE entries SET purging_at = now() WHERE owner_id = '{user}'", "entries_only_trash_is_purged")]
    [InlineData("DELETE FROM entries WHERE owner_id = '{user}' AND name = 'outer'", "entries_parent_id_fkey")]
    [InlineData("INSERT INTO shares (entry_id, user_id, role) SELECT id, owner_id, 2 FROM entries WHERE owner_id = '{user}' AND name = 'outer'", "shares_not_with_owner")]
    [InlineData("INSERT INTO shares (entry_id, user_id, role) SELECT id, 'u-00000000-0000-7000-8000-000000000000', 4 FROM entries WHERE owner_id = '{user}' AND name = 'outer'", "shares_role_check")]
    [InlineData("INSERT INTO shares (entry_id, user_id, role) VALUES ('{file}', 'u-00000000-0000-7000-8000-000000000000', 2)", "shares_entry_id_fkey")]
    [InlineData("INSERT INTO links (id, entry_id, token_hash, role) VALUES ('{link}', '{file}', sha256('x'), 1)", "links_entry_id_fkey")]
    [InlineData("INSERT INTO links (id, entry_id, token_hash, role) SELECT '{link}', id, sha256('x'), 2 FROM entries WHERE owner_id = '{user}' AND kind = 1", "links_upload_into_folders")]
    [InlineData("INSERT INTO links (id, entry_id, token_hash, role) SELECT '{link}', id, 'x', 1 FROM entries WHERE owner_id = '{user}' AND kind = 1", "links_token_hash_check")]
    [InlineData("INSERT INTO links (id, entry_id, token_hash, role, downloads_max, downloads) SELECT '{link}', id, sha256('x'), 1, 1, 2 FROM entries WHERE owner_id = '{user}' AND kind = 1", "links_downloads_within_limit")]
    [InlineData("INSERT INTO links (id, entry_id, token_hash, role, downloads_max) SELECT '{link}', id, sha256('x'), 2, 1 FROM entries WHERE owner_id = '{user}' AND name = 'outer'", "links_only_view_has_limit")]
    [InlineData("INSERT INTO links (id, entry_id, token_hash, role) SELECT 'ln-' || gen_random_uuid(), id, sha256('twice'), 1 FROM entries WHERE owner_id = '{user}'", "links_token_hash")]
    public async Task Database_refuses_what_must_not_be(string sql, string constraint)
    {
        var user = await host.SignUpAsync();
        await user.WriteFileAsync("there.bin", [1]);
        await user.FolderAsync("inner", await user.FolderAsync("outer"));
        var upload = await user.CreateAsync("open.bin", 10);
        await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(10));

        var exception = await Assert.ThrowsAsync<PostgresException>(() =>
            host.ExecuteAsync(sql.Replace("{user}", user.Id, StringComparison.Ordinal).Replace("{file}", Ids.New(Ids.File), StringComparison.Ordinal).Replace("{link}", Ids.New(Ids.Link), StringComparison.Ordinal)));

        Assert.Equal(constraint, exception.ConstraintName);
    }
}
