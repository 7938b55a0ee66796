using GrainVault.Grains.Tests.Support;
using GrainVault.Ingest;
using GrainVault.Storage;
using GrainVault.TestKit.Processes;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>Files of one part that go straight to the store, to a staging key.</summary>
public sealed class StagedTests(DirectHost host) : DirectUploads(host)
{
    [Fact]
    public async Task File_of_one_part_counts_under_a_key_that_no_URL_names()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "small.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        var staging = await SendStagedAsync(upload.Id, Small);

        var file = await user.CompleteAsync(upload.Id);

        Assert.Null(file.Refusal);
        await Host.Store.Inner.PutAsync(staging, ContentOf(GrainsHost.Bytes(Small.Length, seed: 96)));
        Assert.Equal(Small, await user.ReadAsync(file.Entry!.Id));
        Assert.Equal((Small.Length, 0L), await UsageAsync(user));
        Assert.Equal("garbage", await Host.ScalarAsync<string>("SELECT state FROM objects WHERE key = $1", staging));
    }

    [Fact]
    public async Task Staged_object_is_deleted_for_the_last_time_after_its_last_URL()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "outlived.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        var staging = await SendStagedAsync(upload.Id, Small);
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);

        await Janitor.RunAllAsync(Host, times: 3);
        Assert.Null(await Host.Store.FindAsync(staging));
        // The URL lives on, and somebody uses it.
        await Host.Store.Inner.PutAsync(staging, ContentOf(Small));
        await Janitor.RunAllAsync(Host, times: 2);
        Assert.NotNull(await Host.Store.FindAsync(staging));

        await Host.ExecuteAsync("UPDATE objects SET urls_until = now() - interval '1 second' WHERE key = $1", staging);
        await Janitor.RunAllAsync(Host, times: 2);
        Assert.Null(await Host.Store.FindAsync(staging));
        Assert.Equal(0L, await Host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE key = $1", staging));
    }

    [Fact]
    public async Task Staged_object_of_another_size_is_refused()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "odd.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        await SendStagedAsync(upload.Id, Small[..^1]);

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        Assert.Equal([1], refused.Refusal.Parts!);
    }

    [Fact]
    public async Task Event_finishes_a_file_of_one_part_without_a_call_of_the_client()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "event.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        var staging = await SendStagedAsync(upload.Id, Small);

        await SendEventsAsync(staging, staging);
        await SendEventsAsync(staging);

        await Poll.UntilAsync(async () => (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State == UploadState.Completed, "the file is there");
        Assert.Equal((Small.Length, 0L), await UsageAsync(user));
        await Poll.UntilAsync(async () => await Host.ScalarAsync<long>("SELECT count(*) FROM store_events") == 0, "no event is left");
    }

    [Fact]
    public async Task Event_before_its_object_or_of_no_session_changes_nothing()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "early.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        var staging = await StagingKeyAsync(upload.Id);

        await SendEventsAsync(staging, ObjectKeys.NewStagingKey());

        await Poll.UntilAsync(async () => await Host.ScalarAsync<long>("SELECT count(*) FROM store_events") == 0, "the events were looked at");
        Assert.Equal(UploadState.Open, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
    }

    [Fact]
    public async Task Events_are_refused_while_too_many_wait()
    {
        const int WaitingMax = 1_000;
        var key = ObjectKeys.NewStagingKey();
        var shard = IngestShards.Of(key);
        var grain = Host.Grains.GetGrain<IIngestGrain>($"i-{shard}");
        await Host.ExecuteAsync(
            $"INSERT INTO store_events (key, shard, due_at) SELECT 'waits/' || n, {shard}, now() + interval '1 day' FROM generate_series(1, {WaitingMax}) n");
        await Eventually.TrueAsync(async () => !await grain.ReceiveAsync([key]), TimeSpan.FromSeconds(30), () => "events are taken without end");

        await Host.ExecuteAsync("DELETE FROM store_events WHERE key LIKE 'waits/%'");
        await Eventually.TrueAsync(() => grain.ReceiveAsync([key]), TimeSpan.FromSeconds(30), () => "events are not taken again");
    }

    [Fact]
    public async Task Lost_event_is_made_up_for_by_the_janitor()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "lost.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        await SendStagedAsync(upload.Id, Small);
        await Host.ExecuteAsync("UPDATE uploads SET staged_look_at = now() WHERE id = $1", upload.Id);

        await Janitor.RunAllAsync(Host);

        Assert.Equal(UploadState.Completed, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
    }

    [Fact]
    public async Task Aborted_session_ignores_what_its_URLs_still_bring()
    {
        var user = await Host.SignUpAsync();
        var upload = await CreateAsync(user, "aborted.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        var staging = await StagingKeyAsync(upload.Id);
        Assert.Null((await user.Session(upload.Id).AbortAsync()).Refusal);
        await Host.Store.Inner.PutAsync(staging, ContentOf(Small));

        await SendEventsAsync(staging);
        await Poll.UntilAsync(async () => await Host.ScalarAsync<long>("SELECT count(*) FROM store_events") == 0, "the event was looked at");

        Assert.Equal(UploadState.Aborted, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
        Assert.Equal((0L, 0L), await UsageAsync(user));
        await Janitor.RunAllAsync(Host, times: 2);
        Assert.Null(await Host.Store.FindAsync(staging));
    }
}
