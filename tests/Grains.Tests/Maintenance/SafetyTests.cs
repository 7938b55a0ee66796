using GrainVault.Grains.Tests.Support;
using GrainVault.Storage;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Maintenance;

/// <summary>What the sweeper must spare, and what must not escape it, while sessions begin, run and end.</summary>
public sealed class SafetyTests(SafetyHost host) : IClassFixture<SafetyHost>, IDisposable
{
    private static readonly byte[] Content = GrainsHost.Bytes((2 * GrainsHost.PartSize) + 10, seed: 51);
    private static readonly byte[] Small = GrainsHost.Bytes(1_000, seed: 52);

    private IMultipartStore Multipart => (IMultipartStore)host.Store.Inner;

    public void Dispose() => (host.Store.Before, host.Store.After, host.Store.Abort) = (null, null, null);

    [Theory]
    [InlineData("Put", false)]
    [InlineData("Put", true)]
    [InlineData("PutPart", false)]
    [InlineData("PutPart", true)]
    public async Task Write_that_takes_longer_than_several_sweeps_is_acknowledged_and_kept(string call, bool isStored)
    {
        var user = await host.SignUpAsync();
        var content = call == "Put" ? Small : Content;
        var upload = await user.CreateAsync($"slow-{call}-{isStored}.bin", content.Length);
        var isSwept = false;
        Func<string, string, Task> sweep = async (name, key) =>
        {
            if (name != call || isSwept || key == ObjectKeys.Marker)
                return;
            isSwept = true;
            await Janitor.RunAllAsync(host, times: 2);
        };
        // Before the store has it, and when it has it and the ledger does not know yet.
        if (isStored)
            host.Store.After = sweep;
        else
            host.Store.Before = sweep;

        await user.PutAllAsync(upload, content);
        await Janitor.RunAllAsync(host);

        Assert.True(isSwept);
        Assert.Equal(content, await user.ReadAsync((await user.CompleteAsync(upload.Id)).Entry!.Id));
    }

    [Fact]
    public async Task One_request_upload_and_completion_under_the_sweeper_s_eyes_lose_nothing()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("watched.bin", Content.Length);
        await user.PutAllAsync(upload, Content);
        var swept = new List<string>();
        host.Store.After = async (name, key) =>
        {
            if (name is not ("Put" or "Complete") || key == ObjectKeys.Marker)
                return;
            swept.Add(name);
            await Janitor.RunAllAsync(host);
        };
        var completed = await user.CompleteAsync(upload.Id);
        var whole = await user.WriteFileAsync("whole.bin", Small);
        host.Store.After = null;

        Assert.Equal(["Complete", "Put"], swept);
        Assert.Equal(Content, await user.ReadAsync(completed.Entry!.Id));
        Assert.Equal(Small, await user.ReadAsync(whole.Entry!.Id));
    }

    [Fact]
    public async Task Every_key_is_in_the_ledger_before_the_store_sees_it()
    {
        var user = await host.SignUpAsync();
        var (seen, unknown) = (new SortedSet<string>(StringComparer.Ordinal), new List<string>());
        host.Store.Before = async (name, key) =>
        {
            if (name is not ("Put" or "Initiate" or "Copy") || key == ObjectKeys.Marker)
                return;
            seen.Add(name);
            if (await host.StateAsync(key) != "intended")
                unknown.Add($"{name} {key}");
        };

        await user.WriteFileAsync("one-request.bin", Small);
        foreach (var content in (byte[][])[Small, Content])
        {
            var upload = await user.CreateAsync($"parts-{content.Length}.bin", content.Length);
            await user.PutAllAsync(upload, content);
            Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
            Assert.Null((await user.CompleteAsync(await SendDirectAsync(user, $"direct-{content.Length}.bin", content))).Refusal);
        }

        await host.Store.Inner.PutAsync($"inbox/{user.Id}/adopted.bin", SafetyHost.ContentOf(Small));
        await Janitor.RunAllAsync(host);

        Assert.Equal(["Copy", "Initiate", "Put"], seen);
        Assert.Empty(unknown);
        Assert.Null((await user.Grain.FindByPathAsync("adopted.bin")).Refusal);
    }

    [Fact]
    public async Task Intent_becomes_garbage_only_after_its_deadline_and_can_t_go_live_any_more()
    {
        var user = await host.SignUpAsync();
        var key = "";
        host.Store.Before = (name, at) =>
        {
            if (name != "Put" || at == ObjectKeys.Marker)
                return Task.CompletedTask;
            key = at;
            throw new ObjectStoreException(ObjectStoreError.Unavailable, "away");
        };
        Assert.Equal(RefusalReason.Unavailable, (await user.WriteFileAsync("never.bin", Small)).Refusal!.Reason);
        host.Store.Before = null;
        // The call that seemed to fail had its effect.
        await host.Store.Inner.PutAsync(key, SafetyHost.ContentOf(Small));

        await Janitor.RunAllAsync(host, times: 2);
        Assert.Equal("intended", await host.StateAsync(key));
        Assert.NotNull(await host.Store.FindAsync(key));
        await host.ExecuteAsync("UPDATE objects SET intent_deadline = now() - interval '1 second' WHERE key = $1", key);
        await Janitor.RunAllAsync(host, times: 3);

        Assert.Equal("none", await host.StateAsync(key));
        Assert.Null(await host.Store.FindAsync(key));
    }

    [Fact]
    public async Task Store_is_listed_before_the_ledger_is_read()
    {
        var key = await host.PutStrayAsync(100, '7');
        host.Store.After = async (name, prefix) =>
        {
            if ((name, prefix) != ("List", "objects/7"))
                return;
            host.Store.After = null;
            await host.ExecuteAsync(
                "INSERT INTO objects (key, store, state, intent_deadline) VALUES ($1, 'disk', 'intended', now() + interval '1 hour')", key);
        };

        await Janitor.RunAsync(host, 7);

        Assert.Equal("intended", await host.StateAsync(key));
        await host.ExecuteAsync("UPDATE objects SET intent_deadline = now() WHERE key = $1", key);
    }

    [Fact]
    public async Task Object_that_gets_another_reference_while_its_file_is_purged_stays_live()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("purged.bin", Small)).Entry!;
        var other = (await user.WriteFileAsync("other.bin", [1])).Entry!;
        var key = (await user.File(file.Id).OpenContentAsync(null)).Content!.ObjectKey;
        await using var connection = await host.Catalogue.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync("SELECT 1 FROM objects WHERE key = $1 AND state = 'live' FOR SHARE", key);
        await ExecuteAsync(
            "INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum) VALUES ($2, 2, $1, 1000, 'a/b', 'c')", key, other.Id);

        var purge = user.File(file.Id).DeleteAsync(permanent: true);
        await Poll.UntilAsync(
            () => host.ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"),
            "the purge waits");
        await transaction.CommitAsync();

        Assert.Null((await purge).Refusal);
        await Janitor.RunAllAsync(host, times: 2);
        Assert.Equal("live", await host.StateAsync(key));
        Assert.Equal(Small, await host.ReadAsync(key));

        async Task ExecuteAsync(string sql, params string[] values)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var value in values)
                command.Parameters.AddWithValue(value);
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task Abort_is_repeated_until_the_store_lists_no_part()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("raced.bin", Content.Length);
        await user.PutAllAsync(upload, Content);
        var key = await KeyAsync(upload.Id, "object_key");
        var aborts = 0;
        // A part that was under way lands after each of the first aborts, and keeps the upload alive.
        host.Store.Abort = at =>
        {
            aborts += at == key ? 1 : 0;
            return at != key;
        };

        Assert.Null((await user.Session(upload.Id).AbortAsync()).Refusal);
        await Janitor.RunAllAsync(host, times: 3);

        Assert.InRange(aborts, 4, int.MaxValue);
        Assert.Equal("garbage", await host.StateAsync(key));
        Assert.Equal((short)0, await host.ScalarAsync<short>("SELECT deleted_count FROM objects WHERE key = $1", key));
        Assert.NotEmpty(await Janitor.StoreUploadsAsync(host, key));
        host.Store.Abort = null;
        await host.AssertSweptAsync(upload.Id, key);
    }

    [Fact]
    public async Task Live_URL_of_a_completed_or_aborted_upload_reaches_nothing()
    {
        var user = await host.SignUpAsync();
        var completed = await SendDirectAsync(user, "completed.bin", Content);
        var (key, storeUploadId) = (await KeyAsync(completed, "object_key"), await KeyAsync(completed, "store_upload_id"));
        var file = (await user.CompleteAsync(completed)).Entry!;
        await AssertGoneAsync(key, storeUploadId);
        Assert.Equal(Content, await user.ReadAsync(file.Id));

        var aborted = await SendDirectAsync(user, "aborted.bin", Content);
        (key, storeUploadId) = (await KeyAsync(aborted, "object_key"), await KeyAsync(aborted, "store_upload_id"));
        Assert.Null((await user.Session(aborted).AbortAsync()).Refusal);
        await AssertGoneAsync(key, storeUploadId);
        await host.AssertSweptAsync(aborted, key);
        Assert.Equal((Content.Length, 0L), ((await user.ProfileAsync()).UsedBytes, (await user.ProfileAsync()).ReservedBytes));
    }

    [Fact]
    public async Task Expired_sessions_with_direct_parts_leave_nothing()
    {
        var user = await host.SignUpAsync();
        var multipart = await SendDirectAsync(user, "expired.bin", Content);
        var staged = await SendDirectAsync(user, "expired-small.bin", Small);
        var keys = new[] { await KeyAsync(multipart, "object_key"), await KeyAsync(staged, "object_key"), await KeyAsync(staged, "staging_key") };
        await host.ExecuteAsync("UPDATE uploads SET expires_at = now() - interval '1 second' WHERE id IN ($1, $2)", multipart, staged);

        await Janitor.RunAllAsync(host);

        Assert.Equal(UploadState.Expired, (await user.Session(multipart).GetAsync(0, 1)).Upload!.State);
        Assert.Equal(UploadState.Expired, (await user.Session(staged).GetAsync(0, 1)).Upload!.State);
        Assert.Equal((0L, 0L), ((await user.ProfileAsync()).UsedBytes, (await user.ProfileAsync()).ReservedBytes));
        await host.AssertSweptAsync(multipart, keys[0]);
        await host.AssertSweptAsync(staged, keys[1], keys[2]);
    }

    [Fact]
    public async Task Failed_completions_leave_nothing()
    {
        var user = await host.SignUpAsync();
        var wrong = Convert.ToHexStringLower(SafetyHost.ContentOf([1]).Sha256.Span);
        foreach (var content in (byte[][])[Content, Small])
        {
            var upload = await SendDirectAsync(user, $"wrong-{content.Length}.bin", content, wrong);
            var keys = new[] { await KeyAsync(upload, "object_key"), await KeyAsync(upload, "staging_key") }.Where(key => key.Length > 0).ToArray();

            Assert.Equal(RefusalReason.ChecksumMismatch, (await user.CompleteAsync(upload)).Refusal!.Reason);

            Assert.Equal((0L, 0L), ((await user.ProfileAsync()).UsedBytes, (await user.ProfileAsync()).ReservedBytes));
            await host.AssertSweptAsync(upload, keys);
        }
    }

    [Fact]
    public async Task Copy_of_a_staged_object_that_failed_leaves_nothing()
    {
        var user = await host.SignUpAsync();
        var upload = await SendDirectAsync(user, "uncopied.bin", Small);
        var target = "";
        host.Store.After = (name, at) =>
        {
            if (name != "Copy")
                return Task.CompletedTask;
            target = at;
            throw new ObjectStoreException(ObjectStoreError.Unavailable, "the answer was lost");
        };
        Assert.Equal(RefusalReason.Unavailable, (await user.CompleteAsync(upload)).Refusal!.Reason);
        host.Store.After = null;
        Assert.NotNull(await host.Store.FindAsync(target));

        Assert.Equal(Small, await user.ReadAsync((await user.CompleteAsync(upload)).Entry!.Id));

        await Janitor.RunAllAsync(host, times: 3);
        Assert.Null(await host.Store.FindAsync(target));
    }

    private async Task AssertGoneAsync(string key, string storeUploadId)
    {
        var late = await Assert.ThrowsAsync<ObjectStoreException>(() => Multipart.PutPartAsync(key, storeUploadId, 1, SafetyHost.ContentOf(Small)));
        Assert.Equal(ObjectStoreError.UploadNotFound, late.Error);
    }

    private async Task<string> SendDirectAsync(TestUser user, string name, byte[] content, string? sha256 = null)
    {
        var upload = await user.CreateAsync(TestUser.Command(name, content.Length, sha256) with { Mode = UploadMode.Direct });
        Assert.Null((await user.Session(upload.Id).PresignAsync([.. Enumerable.Range(1, upload.PartCount!.Value)])).Refusal);
        if (upload.PartCount == 1)
        {
            await host.Store.Inner.PutAsync(await KeyAsync(upload.Id, "staging_key"), SafetyHost.ContentOf(content));
            return upload.Id;
        }

        var number = 0;
        foreach (var part in content.Chunk(GrainsHost.PartSize))
            await Multipart.PutPartAsync(await KeyAsync(upload.Id, "object_key"), await KeyAsync(upload.Id, "store_upload_id"), ++number, SafetyHost.ContentOf(part));
        return upload.Id;
    }

    private Task<string> KeyAsync(string uploadId, string column) =>
        host.ScalarAsync<string>($"SELECT coalesce({column}, '') FROM uploads WHERE id = $1", uploadId);
}
