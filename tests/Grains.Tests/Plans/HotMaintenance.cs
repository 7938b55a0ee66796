using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Ingest;
using GrainVault.Uploads;
using Npgsql;

namespace GrainVault.Grains.Tests.Plans;

/// <summary>What janitors do with what is due, and functions that only rare turns of an upload call.</summary>
internal sealed class HotMaintenance(PlansHost host, TestUser user, bool isGeneric)
{
    public async Task RunAsync()
    {
        await MakeDueAsync();
        Assert.True(await host.Grains.GetGrain<IIngestGrain>("i-0").ReceiveAsync([$"objects/{Guid.NewGuid()}"]));
        await Janitor.RunAllAsync(host);
        await TurnUploadsAsync();
    }

    /// <summary>Of each kind something that a janitor finds.</summary>
    private async Task MakeDueAsync()
    {
        var folder = await user.FolderAsync("left half removed");
        await user.WriteFileAsync("in it", [1], parentId: folder);
        Assert.Null((await user.File(folder).DeleteAsync(permanent: false)).Refusal);
        await host.ExecuteAsync("UPDATE entries SET purging_at = now() - interval '1 d' WHERE id = $1", folder);
        foreach (var id in (string[])[await user.FolderAsync("old folder"), (await user.WriteFileAsync("old file", [1])).Entry!.Id])
        {
            Assert.Null((await user.File(id).DeleteAsync(permanent: false)).Refusal);
            await host.ExecuteAsync("UPDATE entries SET deleted_at = now() - interval '1 y' WHERE id = $1", id);
        }

        var file = (await user.WriteFileAsync("old version", [1])).Entry!.Id;
        await user.PutAllAsync(await VersionAsync(file), [2]);
        var open = await user.CreateAsync("expired", 10);
        foreach (var (sql, value) in ((string, string)[])
        [
            ("UPDATE file_versions SET replaced_at = now() - interval '1 y' WHERE file_id = $1 AND replaced_at IS NOT NULL", file),
            ("UPDATE uploads SET expires_at = now() - interval '1 d' WHERE id = $1", open.Id),
            ("UPDATE users SET trash_emptied_at = now() WHERE id = $1", user.Id),
            ("UPDATE changes SET at = now() - interval '1 y' WHERE owner_id = $1 AND seq <= 5", user.Id),
            ("UPDATE shared_changes SET at = now() - interval '1 y' WHERE owner_id = $1", user.Id),
            ("UPDATE feed_cursors SET used_at = now() - interval '1 y' WHERE user_id <> $1 AND user_id IN (SELECT user_id FROM feed_cursors LIMIT 3)", user.Id),
            ("UPDATE objects SET garbage_at = now() - interval '1 y', store = 'disk' WHERE $1 <> '' AND key IN (SELECT key FROM objects WHERE state = 'garbage' LIMIT 4)", user.Id),
            ("UPDATE objects SET intent_deadline = now() - interval '1 d' WHERE $1 <> '' AND key IN (SELECT key FROM objects WHERE state = 'intended' AND upload_id IS NULL LIMIT 4)", user.Id),
            ("UPDATE uploads SET ended_at = now() - interval '1 y' WHERE $1 <> '' AND id IN (SELECT id FROM uploads WHERE state = 4 LIMIT 4)", user.Id),
        ])
            await host.ExecuteAsync(sql, value);
        // The audit holds its rows against changes; these are older than it is kept.
        await host.ExecuteAsync(
            """
            DO $$ BEGIN
                SET LOCAL session_replication_role = replica;
                UPDATE audit SET at = now() - interval '2 y' WHERE (owner_id, seq) IN (SELECT owner_id, seq FROM audit WHERE seq = 1 LIMIT 4);
            END $$
            """);
    }

    /// <summary>Gives a file two more versions; returns a session of another.</summary>
    private async Task<UploadInfo> VersionAsync(string file)
    {
        foreach (var content in (byte[])[3, 4])
        {
            var upload = await user.CreateAsync(new CreateUploadCommand(null, 1, null, null, UploadMode.Proxied, null, file, null, null, OnConflict.Fail));
            await user.PutAllAsync(upload, [content]);
            Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
        }

        return await user.CreateAsync(new CreateUploadCommand(null, 1, null, null, UploadMode.Proxied, null, file, null, null, OnConflict.Fail));
    }

    /// <summary>By hand, since stores and clients that make an upload take these turns are other tests' concern.</summary>
    private async Task TurnUploadsAsync()
    {
        var box = await user.FolderAsync("moved to");
        var file = (await user.WriteFileAsync("beside it", [1])).Entry!.Id;
        await using var source = host.Open(CatalogueDatabase.Key, isGeneric);
        var direct = (await user.CreateAsync("direct", 10)).Id;
        await CallAsync(source, "SELECT hand_out_urls(id, epoch, $2, interval '1 h', interval '1 h', interval '1 h') FROM uploads WHERE id = $1", direct, $"staging/{Guid.NewGuid()}");
        await CallAsync(source, "SELECT move_upload(id, epoch, owner_id, 1000000, $2, $3) FROM uploads WHERE id = $1", direct, Ids.New(Ids.File), box);
        var version = (await user.CreateAsync(new CreateUploadCommand(null, 1, null, null, UploadMode.Proxied, null, file, null, null, OnConflict.Fail))).Id;
        await CallAsync(source, "SELECT turn_into_own_copy(id, epoch, $2, 'copy beside', 'copy beside') FROM uploads WHERE id = $1", version, Ids.New(Ids.File));
        await host.ExecuteAsync("UPDATE uploads SET state = 2 WHERE id = $1", version);
        await CallAsync(source, "SELECT reopen_upload(id, epoch, '{1}', false) FROM uploads WHERE id = $1", version);
        await host.ExecuteAsync("UPDATE uploads SET state = 2 WHERE id = $1", version);
        await CallAsync(source, "SELECT fail_completion(id, epoch, 5, 1) FROM uploads WHERE id = $1", version);
        await CallAsync(source, "SELECT fail_webhook(id, cursor, 'failed', interval '1 h', false, 1, interval '1 d') FROM webhooks WHERE user_id = $1", user.Id);
        await CallAsync(source, "SELECT switch_webhook(user_id, id, true) FROM webhooks WHERE user_id = $1", user.Id);
        var key = await host.ScalarAsync<string>("SELECT key FROM inbox_objects WHERE state = 'committed' LIMIT 1");
        await CallAsync(
            source,
            "SELECT intend_adoption($4, 'etag', 1, $1, 1000000, $2, $3, 'disk', false, interval '1 h', interval '1 h')",
            user.Id,
            Ids.New(Ids.File),
            $"copy/{Guid.NewGuid()}",
            key);
    }

    private static async Task CallAsync(NpgsqlDataSource source, string sql, params string[] values)
    {
        await using var command = source.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync();
    }
}
