using System.Security.Cryptography;
using GrainVault.Data;
using GrainVault.Grains.Tests.Support;
using GrainVault.Maintenance;
using GrainVault.Storage;
using GrainVault.Uploads;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Grains.Tests.Maintenance;

public sealed class JanitorHost : GrainsHost
{
    public override Task InitializeAsync()
    {
        Settings["GrainVault:Limits:UploadLifetime"] = "00:00:01";
        // Hand-driven, but for the test that waits for a reminder.
        Settings["GrainVault:Janitor:Period"] = "00:00:01";
        return base.InitializeAsync();
    }
}

public sealed class JanitorTests(JanitorHost host) : IClassFixture<JanitorHost>
{
    [Fact]
    public async Task Session_whose_time_is_over_ends_by_reminder_and_leaves_nothing()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("expiring.bin", 2L * GrainsHost.PartSize);
        await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize));
        var key = await host.ScalarAsync<string>("SELECT object_key FROM uploads WHERE id = $1", upload.Id);

        await Poll.UntilAsync(
            async () => await host.ScalarAsync<short>("SELECT state FROM uploads WHERE id = $1", upload.Id) == (short)UploadState.Expired,
            "the session expires");

        Assert.Equal(RefusalReason.UploadClosed, (await user.PutAsync(upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize))).Refusal!.Reason);
        Assert.Equal(RefusalReason.UploadClosed, (await user.CompleteAsync(upload.Id)).Refusal!.Reason);
        Assert.Equal(0, (await user.ProfileAsync()).ReservedBytes);
        await Poll.UntilAsync(
            async () => await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE key = $1", key) == 0, "the object leaves the ledger");
        Assert.Empty(await Janitor.StoreUploadsAsync(host, key));
    }

    [Fact]
    public async Task Missing_checksum_is_filled_in_by_reading_back()
    {
        var user = await host.SignUpAsync();
        await host.ExecuteAsync("UPDATE users SET quota_bytes = quota_bytes WHERE id = $1", user.Id);
        var content = GrainsHost.Bytes(GrainsHost.PartSize + 1);
        var upload = await user.CreateAsync("unhashed.bin", content.Length);
        await user.PutAllAsync(upload, content);
        var completed = await user.CompleteAsync(upload.Id);
        // One second is short on a busy machine; an expired session is not what this test is about.
        Assert.True(completed.Refusal is null, completed.Refusal?.Detail);
        Assert.Null(completed.Entry!.Sha256);

        await Poll.UntilAsync(
            async () => (await user.File(completed.Entry.Id).GetAsync()).Entry!.Sha256 == Convert.ToHexStringLower(SHA256.HashData(content)),
            "the checksum is there");
    }
}

public sealed class GarbageTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Garbage_is_deleted_twice_and_then_forgotten()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("garbage.bin", [1, 2, 3])).Entry!;
        var key = (await user.File(file.Id).OpenContentAsync(null)).Content!.ObjectKey;
        var shard = await host.ScalarAsync<int>("SELECT hashtext($1) & 15", key);
        Assert.Null((await user.File(file.Id).DeleteAsync(permanent: true)).Refusal);
        Assert.Equal(0, (await user.ProfileAsync()).UsedBytes);

        await Janitor.RunAsync(host, shard);
        Assert.Empty(await Janitor.StoreKeysAsync(host, key));
        Assert.Equal((short)1, await host.ScalarAsync<short>("SELECT deleted_count FROM objects WHERE key = $1", key));
        // A write that was under way at the first deletion brings the object back.
        await host.Store.Inner.PutAsync(key, new StoreContent(new byte[] { 1 }, SHA256.HashData([1])));
        await Janitor.RunAsync(host, shard);

        Assert.Empty(await Janitor.StoreKeysAsync(host, key));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE key = $1", key));
    }

    [Fact]
    public async Task Intent_of_an_acknowledged_part_outlives_its_deadline_while_the_session_lives()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("needed.bin", 100);
        await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(100));
        var multipart = await user.CreateAsync("needed-too.bin", 2L * GrainsHost.PartSize);
        await host.ExecuteAsync("UPDATE objects SET intent_deadline = now() - interval '1 day' WHERE upload_id IN ($1, $2)", upload.Id, multipart.Id);

        await Janitor.RunAllAsync(host);

        Assert.Equal(2L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE upload_id IN ($1, $2) AND state = 'intended'", upload.Id, multipart.Id));
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
    }

    [Fact]
    public async Task Whole_object_that_was_swept_is_not_acknowledged_any_more()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("slept.bin", 100);
        host.Store.After = async (name, key) =>
        {
            if (name == "Put")
            {
                host.Store.After = null;
                await host.ExecuteAsync("UPDATE objects SET state = 'garbage', garbage_at = now() WHERE key = $1", key);
            }
        };

        // The first attempt's key is garbage when it comes to the ledger; the second has a key of its own.
        Assert.Null((await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(100))).Refusal);
        var file = await user.CompleteAsync(upload.Id);
        await Janitor.RunAllAsync(host, times: 2);

        Assert.Equal(GrainsHost.Bytes(100), await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Late_commit_of_a_swept_intent_makes_no_file()
    {
        var user = await host.SignUpAsync();
        host.Store.After = async (name, key) =>
        {
            if (name == "Put")
                await host.ExecuteAsync("UPDATE objects SET state = 'garbage', garbage_at = now() WHERE key = $1", key);
        };
        var result = await user.WriteFileAsync("late.bin", [1]);
        host.Store.After = null;

        Assert.Equal(RefusalReason.Unavailable, result.Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await user.Grain.FindByPathAsync("late.bin")).Refusal!.Reason);
    }

    [Fact]
    public async Task Old_rows_go_and_young_ones_stay()
    {
        var user = await host.SignUpAsync();
        await user.Grain.BindIdempotencyKeyAsync("old", "f", "r");
        await user.Grain.BindIdempotencyKeyAsync("young", "f", "r");
        await host.ExecuteAsync("UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE user_id = $1 AND key = 'old'", user.Id);
        var upload = await user.CreateAsync("ended.bin", 100);
        await user.Session(upload.Id).AbortAsync();
        await host.ExecuteAsync("UPDATE uploads SET ended_at = now() - interval '8 days' WHERE id = $1", upload.Id);

        await Janitor.RunAsync(host, 0);

        Assert.Equal("young", await host.ScalarAsync<string>("SELECT string_agg(key, ',') FROM idempotency_keys WHERE user_id = $1", user.Id));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM uploads WHERE id = $1", upload.Id));
    }
}

/// <summary>The rules of deletion; each test has an installation of its own, since they spoil it.</summary>
public sealed class SweepTests : IAsyncLifetime
{
    private readonly GrainsHost _host = new();

    public Task InitializeAsync()
    {
        _host.Settings["GrainVault:Janitor:SweepPeriod"] = "365.00:00:00";
        _host.Settings["GrainVault:Janitor:UnknownObjectAge"] = "00:00:00";
        _host.Settings["GrainVault:Janitor:SweepCountFree"] = "2";
        return _host.InitializeAsync();
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Unknown_object_is_adopted_as_garbage_and_deleted()
    {
        var key = await StrayAsync('3');

        await Janitor.RunAsync(_host, 3);
        Assert.Equal("garbage", await _host.ScalarAsync<string>("SELECT state FROM objects WHERE key = $1", key));
        await Janitor.RunAllAsync(_host, times: 2);

        Assert.Empty(await Janitor.StoreKeysAsync(_host, key));
    }

    [Fact]
    public async Task Known_objects_and_those_outside_the_prefix_are_spared()
    {
        var user = await _host.SignUpAsync();
        var file = (await user.WriteFileAsync("kept.bin", [1, 2, 3])).Entry!;
        await _host.Store.Inner.PutAsync("elsewhere/00/thing", new StoreContent(new byte[] { 1 }, SHA256.HashData([1])));

        await Janitor.RunAllAsync(_host, times: 3);

        Assert.Equal([1, 2, 3], await user.ReadAsync(file.Id));
        Assert.NotNull(await _host.Store.Inner.FindAsync("elsewhere/00/thing"));
    }

    [Fact]
    public async Task Young_unknown_object_is_spared()
    {
        _host.Settings["GrainVault:Janitor:UnknownObjectAge"] = "01:00:00";
        await _host.RestartAsync();
        var key = await StrayAsync('3');

        await Janitor.RunAsync(_host, 3);

        Assert.Equal(0L, await _host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE key = $1", key));
        Assert.Single(await Janitor.StoreKeysAsync(_host, key));
    }

    [Fact]
    public async Task Too_many_unknown_objects_stop_the_sweep_until_confirmed()
    {
        for (var i = 0; i < 3; i++)
            await StrayAsync('4');

        await Janitor.RunAsync(_host, 4);

        Assert.Equal(0L, await _host.ScalarAsync<long>("SELECT count(*) FROM objects"));
        Assert.Contains("3 of 3", await _host.ScalarAsync<string>("SELECT sweep_stopped FROM installation"), StringComparison.Ordinal);
        await StrayAsync('5');
        await Janitor.RunAsync(_host, 5);
        Assert.Equal(0L, await _host.ScalarAsync<long>("SELECT count(*) FROM objects"));
    }

    [Fact]
    public async Task Late_staged_objects_of_whoever_has_a_URL_stop_no_sweep()
    {
        for (var i = 0; i < 3; i++)
            await StrayAsync('4', ObjectKeys.StagingSuffix);

        await Janitor.RunAsync(_host, 4);

        Assert.Equal(3L, await _host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE state = 'garbage'"));
        Assert.Null((await _host.Services.GetRequiredService<InstallationStore>().GetAsync()).SweepStopped);
    }

    [Fact]
    public async Task Lost_multipart_upload_is_aborted()
    {
        var key = "objects/6a/" + Guid.NewGuid().ToString("n");
        await ((IMultipartStore)_host.Store.Inner).InitiateAsync(key);

        await Janitor.RunAsync(_host, 6);

        Assert.Empty(await Janitor.StoreUploadsAsync(_host, key));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("foreign")]
    [InlineData("restored")]
    public async Task Store_with_another_marker_loses_nothing(string marker)
    {
        var user = await _host.SignUpAsync();
        var file = (await user.WriteFileAsync("deleted.bin", [1])).Entry!;
        var key = (await user.File(file.Id).OpenContentAsync(null)).Content!.ObjectKey;
        await user.File(file.Id).DeleteAsync(permanent: true);
        var stray = await StrayAsync('3');
        if (marker == "missing")
            await _host.Store.Inner.DeleteAsync(ObjectKeys.Marker);
        else
            await _host.ExecuteAsync(marker == "foreign" ? "UPDATE installation SET id = gen_random_uuid()" : "UPDATE installation SET sweep_token = gen_random_uuid()");

        await Janitor.RunAllAsync(_host, times: 3);
        Assert.Single(await Janitor.StoreKeysAsync(_host, key));
        Assert.Single(await Janitor.StoreKeysAsync(_host, stray));
        Assert.Equal(0L, await _host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE key = $1", stray));

        var guard = _host.Services.GetRequiredService<SweepGuard>();
        await guard.RenewAsync(isConfirmed: true);
        await Janitor.RunAllAsync(_host, times: 3);
        Assert.Empty(await Janitor.StoreKeysAsync(_host, key));
        Assert.Empty(await Janitor.StoreKeysAsync(_host, stray));
    }

    [Fact]
    public async Task Token_that_changes_while_it_is_compared_is_no_sign_of_a_restore()
    {
        var guard = _host.Services.GetRequiredService<SweepGuard>();
        _host.Store.After = async (call, key) =>
        {
            if ((call, key) != ("OpenRead", ObjectKeys.Marker))
                return;
            _host.Store.After = null;
            await guard.RenewAsync(isConfirmed: false);
        };

        Assert.Null(await guard.FindObstacleAsync(CancellationToken.None));
        Assert.Null(_host.Store.After);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Writers_of_the_marker_that_die_one_after_the_other_leave_one_that_is_ours(bool isFirstWritten)
    {
        var guard = _host.Services.GetRequiredService<SweepGuard>();
        await DieAsync(guard, isWritten: isFirstWritten);
        await DieAsync(guard, isWritten: !isFirstWritten);

        Assert.Null(await guard.FindObstacleAsync(CancellationToken.None));
        await guard.RenewAsync(isConfirmed: false);
        Assert.Null(await guard.FindObstacleAsync(CancellationToken.None));
    }

    private async Task DieAsync(SweepGuard guard, bool isWritten)
    {
        Func<string, string, Task> die = (call, _) => call == "Put" ? throw new OperationCanceledException("killed here") : Task.CompletedTask;
        _host.Store.Before = isWritten ? null : die;
        _host.Store.After = die;
        await Assert.ThrowsAsync<OperationCanceledException>(() => guard.RenewAsync(isConfirmed: false));
        (_host.Store.Before, _host.Store.After) = (null, null);
    }

    private async Task<string> StrayAsync(char digit, string suffix = "")
    {
        var id = Guid.NewGuid().ToString("n");
        var key = $"objects/{digit}{id[1]}/{id}{suffix}";
        await _host.Store.Inner.PutAsync(key, new StoreContent(new byte[] { 1 }, SHA256.HashData([1])));
        return key;
    }
}
