using System.Security.Cryptography;
using GrainVault.Grains.Tests.Support;
using GrainVault.Ingest;
using GrainVault.Storage;
using GrainVault.TestKit.Processes;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>Parts that go straight to the store. Here the test itself puts them there, as whoever holds a URL can.</summary>
public sealed class DirectTests(DirectHost host) : IClassFixture<DirectHost>, IDisposable
{
    private static readonly byte[] Content = GrainsHost.Bytes((2 * GrainsHost.PartSize) + 10, seed: 21);
    private static readonly byte[] Small = GrainsHost.Bytes(1_000, seed: 22);

    private IMultipartStore Multipart => (IMultipartStore)host.Store.Inner;

    public void Dispose() => (host.Store.Before, host.Store.After) = (null, null);

    [Fact]
    public async Task Parts_that_only_the_store_has_make_a_file()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "direct.bin", Content.Length);
        var urls = await PresignAsync(user, upload.Id, 1, 2, 3);
        Assert.Equal([1, 2, 3], urls.Select(url => url.Number));
        Assert.Equal(3, urls.Select(url => url.Url).Distinct().Count());
        foreach (var number in (int[])[3, 1, 2])
            await SendPartAsync(upload.Id, number, PartOf(Content, number));

        var file = await user.CompleteAsync(upload.Id);

        Assert.Null(file.Refusal);
        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
        Assert.Equal((Content.Length, 0L), await UsageAsync(user));
    }

    [Fact]
    public async Task Session_shows_what_the_store_has_without_being_told()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "shown.bin", Content.Length);
        await PresignAsync(user, upload.Id, 2);
        var etag = await SendPartAsync(upload.Id, 2, PartOf(Content, 2));

        var shown = (await user.Session(upload.Id).GetAsync(0, 1_000)).Upload!;

        Assert.Equal([new PartInfo(2, GrainsHost.PartSize, etag)], shown.Parts);
        Assert.Equal(GrainsHost.PartSize, shown.ReceivedBytes);
    }

    [Fact]
    public async Task Upload_begun_through_a_front_end_goes_on_directly_and_back()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("mixed.bin", Content.Length);
        Assert.Null((await user.PutAsync(upload.Id, 1, PartOf(Content, 1))).Refusal);
        await PresignAsync(user, upload.Id, 2);
        await SendPartAsync(upload.Id, 2, PartOf(Content, 2));
        Assert.Equal([1, 2], (await user.Session(upload.Id).GetAsync(0, 1_000)).Upload!.Parts.Select(part => part.Number));
        Assert.Null((await user.PutAsync(upload.Id, 3, PartOf(Content, 3))).Refusal);

        var file = await user.CompleteAsync(upload.Id);

        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Missing_parts_are_listed_and_leave_the_session_open()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "missing.bin", Content.Length);
        await PresignAsync(user, upload.Id, 1, 2, 3);
        await SendPartAsync(upload.Id, 2, PartOf(Content, 2));

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.MissingParts, refused.Refusal!.Reason);
        Assert.Equal([1, 3], refused.Refusal.Parts!);
        await SendPartAsync(upload.Id, 1, PartOf(Content, 1));
        await SendPartAsync(upload.Id, 3, PartOf(Content, 3));
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
    }

    [Fact]
    public async Task Part_of_another_size_is_listed_and_can_be_sent_again()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "short.bin", Content.Length);
        await PresignAsync(user, upload.Id, 1, 2, 3);
        foreach (var number in (int[])[1, 2, 3])
            await SendPartAsync(upload.Id, number, PartOf(Content, number));
        await SendPartAsync(upload.Id, 2, PartOf(Content, 2)[..^1]);

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        Assert.Equal([2], refused.Refusal.Parts!);
        await SendPartAsync(upload.Id, 2, PartOf(Content, 2));
        var file = await user.CompleteAsync(upload.Id);
        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Part_replaced_behind_a_claimed_ETag_is_listed()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "claimed.bin", Content.Length);
        await PresignAsync(user, upload.Id, 1, 2, 3);
        var claimed = new List<PartTag>();
        foreach (var number in (int[])[1, 2, 3])
            claimed.Add(new PartTag(number, await SendPartAsync(upload.Id, number, PartOf(Content, number))));
        await SendPartAsync(upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize, seed: 99));

        var refused = await user.CompleteAsync(upload.Id, new CompleteUploadCommand(claimed, null, null, null, null, null));

        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        Assert.Equal([1], refused.Refusal.Parts!);
    }

    [Fact]
    public async Task Acknowledged_part_replaced_by_a_URL_is_listed_and_leaves_the_ledger()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("replaced.bin", Content.Length);
        foreach (var number in (int[])[1, 2, 3])
            Assert.Null((await user.PutAsync(upload.Id, number, PartOf(Content, number))).Refusal);
        await PresignAsync(user, upload.Id, 2);
        await SendPartAsync(upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize, seed: 98));

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        Assert.Equal([2], refused.Refusal.Parts!);
        Assert.Null((await user.PutAsync(upload.Id, 2, PartOf(Content, 2))).Refusal);
        var file = await user.CompleteAsync(upload.Id);
        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Acknowledged_part_replaced_by_a_URL_is_stored_again_when_it_is_sent_again()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("resent.bin", Content.Length);
        foreach (var number in (int[])[1, 2, 3])
            Assert.Null((await user.PutAsync(upload.Id, number, PartOf(Content, number))).Refusal);
        await PresignAsync(user, upload.Id, 2);
        await SendPartAsync(upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize, seed: 95));

        Assert.Null((await user.PutAsync(upload.Id, 2, PartOf(Content, 2))).Refusal);

        var file = await user.CompleteAsync(upload.Id);
        Assert.Null(file.Refusal);
        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Part_replaced_between_the_check_and_the_store_s_completion_does_not_get_into_the_file()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "raced.bin", Content.Length);
        await PresignAsync(user, upload.Id, 1, 2, 3);
        foreach (var number in (int[])[1, 2, 3])
            await SendPartAsync(upload.Id, number, PartOf(Content, number));
        host.Store.Before = async (call, key) =>
        {
            if (call != "Complete")
                return;
            host.Store.Before = null;
            await SendPartAsync(upload.Id, 3, GrainsHost.Bytes(10, seed: 97));
        };

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        Assert.Equal([3], refused.Refusal.Parts!);
        await SendPartAsync(upload.Id, 3, PartOf(Content, 3));
        var file = await user.CompleteAsync(upload.Id);
        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    [Fact]
    public async Task Announced_checksum_is_verified_by_reading_the_object_back()
    {
        var user = await host.SignUpAsync();
        var right = Convert.ToHexStringLower(SHA256.HashData(Content));
        var upload = await user.CreateAsync(DirectCommand("summed.bin", Content.Length, right));
        await PresignAsync(user, upload.Id, 1, 2, 3);
        foreach (var number in (int[])[1, 2, 3])
            await SendPartAsync(upload.Id, number, PartOf(Content, number));
        Assert.Equal(right, (await user.CompleteAsync(upload.Id)).Entry!.Sha256);

        var wrong = await user.CreateAsync(DirectCommand("wrong.bin", Content.Length, Convert.ToHexStringLower(SHA256.HashData(Small))));
        await PresignAsync(user, wrong.Id, 1, 2, 3);
        foreach (var number in (int[])[1, 2, 3])
            await SendPartAsync(wrong.Id, number, PartOf(Content, number));
        Assert.Equal(RefusalReason.ChecksumMismatch, (await user.CompleteAsync(wrong.Id)).Refusal!.Reason);
    }

    [Fact]
    public async Task File_of_one_part_counts_under_a_key_that_no_URL_names()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "small.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        var staging = await SendStagedAsync(upload.Id, Small);

        var file = await user.CompleteAsync(upload.Id);

        Assert.Null(file.Refusal);
        await host.Store.Inner.PutAsync(staging, ContentOf(GrainsHost.Bytes(Small.Length, seed: 96)));
        Assert.Equal(Small, await user.ReadAsync(file.Entry!.Id));
        Assert.Equal((Small.Length, 0L), await UsageAsync(user));
        Assert.Equal("garbage", await host.ScalarAsync<string>("SELECT state FROM objects WHERE key = $1", staging));
    }

    [Fact]
    public async Task Staged_object_is_deleted_for_the_last_time_after_its_last_URL()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "outlived.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        var staging = await SendStagedAsync(upload.Id, Small);
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);

        await Janitor.RunAllAsync(host, times: 3);
        Assert.Null(await host.Store.FindAsync(staging));
        // The URL lives on, and somebody uses it.
        await host.Store.Inner.PutAsync(staging, ContentOf(Small));
        await Janitor.RunAllAsync(host, times: 2);
        Assert.NotNull(await host.Store.FindAsync(staging));

        await host.ExecuteAsync("UPDATE objects SET urls_until = now() - interval '1 second' WHERE key = $1", staging);
        await Janitor.RunAllAsync(host, times: 2);
        Assert.Null(await host.Store.FindAsync(staging));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE key = $1", staging));
    }

    [Fact]
    public async Task Staged_object_of_another_size_is_refused()
    {
        var user = await host.SignUpAsync();
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
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "event.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        var staging = await SendStagedAsync(upload.Id, Small);

        await SendEventsAsync(staging, staging);
        await SendEventsAsync(staging);

        await Poll.UntilAsync(async () => (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State == UploadState.Completed, "the file is there");
        Assert.Equal((Small.Length, 0L), await UsageAsync(user));
        await Poll.UntilAsync(async () => await host.ScalarAsync<long>("SELECT count(*) FROM store_events") == 0, "no event is left");
    }

    [Fact]
    public async Task Event_before_its_object_or_of_no_session_changes_nothing()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "early.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        var staging = await StagingKeyAsync(upload.Id);

        await SendEventsAsync(staging, ObjectKeys.NewStagingKey());

        await Poll.UntilAsync(async () => await host.ScalarAsync<long>("SELECT count(*) FROM store_events") == 0, "the events were looked at");
        Assert.Equal(UploadState.Open, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
    }

    [Fact]
    public async Task Events_are_refused_while_too_many_wait()
    {
        const int WaitingMax = 1_000;
        var key = ObjectKeys.NewStagingKey();
        var shard = IngestShards.Of(key);
        var grain = host.Grains.GetGrain<IIngestGrain>($"i-{shard}");
        await host.ExecuteAsync(
            $"INSERT INTO store_events (key, shard, due_at) SELECT 'waits/' || n, {shard}, now() + interval '1 day' FROM generate_series(1, {WaitingMax}) n");
        await Eventually.TrueAsync(async () => !await grain.ReceiveAsync([key]), TimeSpan.FromSeconds(30), () => "events are taken without end");

        await host.ExecuteAsync("DELETE FROM store_events WHERE key LIKE 'waits/%'");
        await Eventually.TrueAsync(() => grain.ReceiveAsync([key]), TimeSpan.FromSeconds(30), () => "events are not taken again");
    }

    [Fact]
    public async Task Lost_event_is_made_up_for_by_the_janitor()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "lost.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        await SendStagedAsync(upload.Id, Small);
        await host.ExecuteAsync("UPDATE uploads SET staged_look_at = now() WHERE id = $1", upload.Id);

        await Janitor.RunAllAsync(host);

        Assert.Equal(UploadState.Completed, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
    }

    [Fact]
    public async Task Aborted_session_ignores_what_its_URLs_still_bring()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "aborted.bin", Small.Length);
        await PresignAsync(user, upload.Id, 1);
        var staging = await StagingKeyAsync(upload.Id);
        Assert.Null((await user.Session(upload.Id).AbortAsync()).Refusal);
        await host.Store.Inner.PutAsync(staging, ContentOf(Small));

        await SendEventsAsync(staging);
        await Poll.UntilAsync(async () => await host.ScalarAsync<long>("SELECT count(*) FROM store_events") == 0, "the event was looked at");

        Assert.Equal(UploadState.Aborted, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
        Assert.Equal((0L, 0L), await UsageAsync(user));
        await Janitor.RunAllAsync(host, times: 2);
        Assert.Null(await host.Store.FindAsync(staging));
    }

    [Fact]
    public async Task Nobody_else_gets_URLs_and_wrong_numbers_are_refused()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "mine.bin", Content.Length);
        var stranger = await host.SignUpAsync();

        Assert.Equal(RefusalReason.NotFound, (await stranger.Session(upload.Id).PresignAsync([1])).Refusal!.Reason);
        foreach (var numbers in (int[][])[[], [0], [4], [1, 1], [.. Enumerable.Range(1, 1_001)]])
            Assert.Equal(RefusalReason.Invalid, (await user.Session(upload.Id).PresignAsync(numbers)).Refusal!.Reason);
        Assert.Null((await user.Session(upload.Id).AbortAsync()).Refusal);
        Assert.Equal(RefusalReason.UploadClosed, (await user.Session(upload.Id).PresignAsync([1])).Refusal!.Reason);
    }

    [Fact]
    public async Task Session_taken_over_by_a_new_silo_still_completes_what_the_store_has()
    {
        var user = await host.SignUpAsync();
        var upload = await CreateAsync(user, "moved.bin", Content.Length);
        await PresignAsync(user, upload.Id, 1, 2, 3);
        foreach (var number in (int[])[1, 2, 3])
            await SendPartAsync(upload.Id, number, PartOf(Content, number));
        await host.RestartAsync();

        var file = await user.CompleteAsync(upload.Id);

        Assert.Equal(Content, await user.ReadAsync(file.Entry!.Id));
    }

    private static byte[] PartOf(byte[] content, int number) =>
        content[((number - 1) * GrainsHost.PartSize)..Math.Min(number * GrainsHost.PartSize, content.Length)];

    private static StoreContent ContentOf(byte[] bytes) => new(bytes, SHA256.HashData(bytes));

    private static CreateUploadCommand DirectCommand(string name, long size, string? sha256 = null) =>
        TestUser.Command(name, size, sha256) with { Mode = UploadMode.Direct };

    private static Task<UploadInfo> CreateAsync(TestUser user, string name, long size) => user.CreateAsync(DirectCommand(name, size));

    private static async Task<List<PresignedPart>> PresignAsync(TestUser user, string uploadId, params int[] numbers)
    {
        var result = await user.Session(uploadId).PresignAsync(numbers);
        Assert.Null(result.Refusal);
        return result.Parts;
    }

    private static async Task<(long Used, long Reserved)> UsageAsync(TestUser user)
    {
        var profile = await user.ProfileAsync();
        return (profile.UsedBytes, profile.ReservedBytes);
    }

    private async Task<string> SendPartAsync(string uploadId, int number, byte[] bytes)
    {
        var key = await host.ScalarAsync<string>("SELECT object_key FROM uploads WHERE id = $1", uploadId);
        var storeUploadId = await host.ScalarAsync<string>("SELECT store_upload_id FROM uploads WHERE id = $1", uploadId);
        return (await Multipart.PutPartAsync(key, storeUploadId, number, ContentOf(bytes))).ETag;
    }

    private Task<string> StagingKeyAsync(string uploadId) =>
        host.ScalarAsync<string>("SELECT staging_key FROM uploads WHERE id = $1", uploadId);

    private async Task<string> SendStagedAsync(string uploadId, byte[] bytes)
    {
        var key = await StagingKeyAsync(uploadId);
        await host.Store.Inner.PutAsync(key, ContentOf(bytes));
        return key;
    }

    private async Task SendEventsAsync(params string[] keys)
    {
        foreach (var shard in keys.GroupBy(IngestShards.Of))
            await host.Grains.GetGrain<IIngestGrain>($"i-{shard.Key}").ReceiveAsync([.. shard]);
    }
}

/// <summary>A silo that asks the store for parts each time that somebody asks it.</summary>
public sealed class DirectHost : GrainsHost
{
    public DirectHost()
    {
        Settings["GrainVault:Direct:PartListPeriod"] = "00:00:00";
        Settings["GrainVault:Ingest:WaitingMax"] = "1000";
    }
}
