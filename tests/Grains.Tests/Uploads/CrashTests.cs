using GrainVault.Grains.Tests.Support;
using GrainVault.Storage;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>What a crash leaves at each step is made by hand; a new silo must finish it.</summary>
public sealed class CrashTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    private static readonly byte[] Content = GrainsHost.Bytes((2 * GrainsHost.PartSize) + 10, seed: 5);

    private IMultipartStore Multipart => (IMultipartStore)host.Store.Inner;

    [Fact]
    public async Task Crash_after_completing_was_recorded_is_finished_by_the_janitor()
    {
        var (user, upload) = await UploadedAsync("crash1.bin");
        await host.ExecuteAsync("UPDATE uploads SET state = 2 WHERE id = $1", upload.Id);

        await RestartAndRunJanitorAsync();

        await AssertCompletedAsync(user, upload.Id);
    }

    [Fact]
    public async Task Crash_after_the_store_made_the_object_is_finished_by_the_janitor()
    {
        var (user, upload) = await UploadedAsync("crash2.bin");
        await host.ExecuteAsync("UPDATE uploads SET state = 2 WHERE id = $1", upload.Id);
        var key = await host.ScalarAsync<string>("SELECT object_key FROM uploads WHERE id = $1", upload.Id);
        var storeUploadId = await host.ScalarAsync<string>("SELECT store_upload_id FROM uploads WHERE id = $1", upload.Id);
        await Multipart.CompleteAsync(key, storeUploadId, await Multipart.ListPartsAsync(key, storeUploadId, 0));

        await RestartAndRunJanitorAsync();

        await AssertCompletedAsync(user, upload.Id);
    }

    [Fact]
    public async Task Crash_after_the_store_made_the_object_is_finished_by_a_repeat_of_the_call()
    {
        var (user, upload) = await UploadedAsync("crash3.bin");
        await host.ExecuteAsync("UPDATE uploads SET state = 2 WHERE id = $1", upload.Id);
        await host.RestartAsync();

        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
        await AssertCompletedAsync(user, upload.Id);
    }

    [Fact]
    public async Task Response_lost_after_the_commit_is_replayed()
    {
        var (user, upload) = await UploadedAsync("crash4.bin");
        var file = await user.CompleteAsync(upload.Id);
        await host.RestartAsync();

        Assert.Equal(file.Entry, (await user.CompleteAsync(upload.Id)).Entry);
        await AssertCompletedAsync(user, upload.Id);
    }

    [Fact]
    public async Task Completion_taken_over_in_the_middle_goes_on_with_the_next_call()
    {
        var (user, upload) = await UploadedAsync("crash7.bin");
        var lost = false;
        host.Store.After = async (name, _) =>
        {
            if (name != "Complete" || lost)
                return;
            // Another activation takes the session over while this one waits for the store.
            lost = true;
            await host.ExecuteAsync("UPDATE uploads SET epoch = epoch + 1 WHERE id = $1", upload.Id);
        };
        Assert.Equal(RefusalReason.Busy, (await user.CompleteAsync(upload.Id)).Refusal!.Reason);
        host.Store.After = null;

        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
        await AssertCompletedAsync(user, upload.Id);
    }

    [Fact]
    public async Task Multipart_upload_whose_id_was_lost_is_aborted_and_the_session_goes_on()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("crash5.bin", Content.Length);
        var key = await host.ScalarAsync<string>("SELECT object_key FROM uploads WHERE id = $1", upload.Id);
        await Multipart.InitiateAsync(key);
        await host.RestartAsync();

        await user.PutAllAsync(upload, Content);
        await user.CompleteAsync(upload.Id);
        await AssertCompletedAsync(user, upload.Id);
        await user.File((await user.CompleteAsync(upload.Id)).Entry!.Id).DeleteAsync(permanent: true);
        await Janitor.RunAllAsync(host, times: 3);

        Assert.Empty(await Janitor.StoreUploadsAsync(host, key));
        Assert.Empty(await Janitor.StoreKeysAsync(host, key));
    }

    [Fact]
    public async Task One_request_upload_cut_off_before_its_commit_leaves_nothing()
    {
        var user = await host.SignUpAsync();
        host.Store.ProfileOverride = host.Store.Inner.Profile with { WriteTimeout = TimeSpan.Zero };
        string? key = null;
        host.Store.After = (name, written) =>
        {
            key = name == "Put" ? written : key;
            // The silo dies here: nothing after the store call happens.
            return name == "Put" ? throw new ObjectStoreException(ObjectStoreError.Unavailable, "cut") : Task.CompletedTask;
        };
        Assert.NotNull((await user.WriteFileAsync("crash6.bin", GrainsHost.Bytes(1000))).Refusal);
        (host.Store.After, host.Store.ProfileOverride) = (null, null);
        Assert.Single(await Janitor.StoreKeysAsync(host, key!));

        await Janitor.RunAllAsync(host, times: 3);

        Assert.Empty(await Janitor.StoreKeysAsync(host, key!));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE key = $1", key!));
        Assert.Equal(0, (await user.ProfileAsync()).UsedBytes);
    }

    private async Task<(TestUser User, UploadInfo Upload)> UploadedAsync(string name)
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync(name, Content.Length);
        await user.PutAllAsync(upload, Content);
        return (user, upload);
    }

    private async Task RestartAndRunJanitorAsync()
    {
        await host.RestartAsync();
        await Janitor.RunAllAsync(host);
    }

    private async Task AssertCompletedAsync(TestUser user, string uploadId)
    {
        var info = (await user.Session(uploadId).GetAsync(0, 1)).Upload!;
        Assert.Equal(UploadState.Completed, info.State);
        Assert.Equal(Content, await user.ReadAsync(info.File!.Id));
        var profile = await user.ProfileAsync();
        Assert.Equal((Content.Length, 0L), (profile.UsedBytes, profile.ReservedBytes));
    }
}
