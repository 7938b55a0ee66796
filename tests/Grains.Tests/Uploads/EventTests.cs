using System.Security.Cryptography;
using GrainVault.Grains.Tests.Support;
using GrainVault.Ingest;
using GrainVault.Storage;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>Events that come when they should not. Whatever they say, what follows from them is what ledger and store say.</summary>
public sealed class EventTests(DirectHost host) : IClassFixture<DirectHost>
{
    private static readonly byte[] Content = GrainsHost.Bytes(1_000, seed: 31);
    private static readonly byte[] Other = GrainsHost.Bytes(1_000, seed: 32);

    [Fact]
    public async Task Event_after_the_completion_changes_nothing_though_its_URL_was_used_again()
    {
        var user = await host.SignUpAsync();
        var (upload, staging) = await StagedAsync(user, "late.bin", Content);
        var file = (await user.CompleteAsync(upload.Id)).Entry!;
        await PutAsync(staging, Other);

        await SendAsync(staging);

        Assert.Equal(Content, await user.ReadAsync(file.Id));
        Assert.Equal(1, (await user.File(file.Id).GetAsync()).Entry!.Version);
        Assert.Equal((Content.Length, 0L), await UsageAsync(user));
    }

    [Fact]
    public async Task Events_in_the_wrong_order_make_one_file_of_what_is_there()
    {
        var user = await host.SignUpAsync();
        var (upload, staging) = await StagedAsync(user, "order.bin", Other);
        await PutAsync(staging, Content);

        // That of the second object comes first, and that of the first one afterwards, twice.
        await SendAsync(staging);
        await SendAsync(staging, staging);

        var info = (await user.Session(upload.Id).GetAsync(0, 1)).Upload!;
        Assert.Equal(UploadState.Completed, info.State);
        Assert.Equal(Content, await user.ReadAsync(info.File!.Id));
        Assert.Equal((Content.Length, 0L), await UsageAsync(user));
    }

    [Fact]
    public async Task Event_of_a_session_that_is_forgotten_or_whose_file_is_removed_brings_nothing_back()
    {
        var user = await host.SignUpAsync();
        var (removed, removedStaging) = await StagedAsync(user, "removed.bin", Content);
        var file = (await user.CompleteAsync(removed.Id)).Entry!;
        Assert.Null((await user.File(file.Id).DeleteAsync(permanent: true)).Refusal);
        var (forgotten, forgottenStaging) = await StagedAsync(user, "forgotten.bin", Content);
        Assert.Null((await user.Session(forgotten.Id).AbortAsync()).Refusal);
        await host.ExecuteAsync("DELETE FROM uploads WHERE id = $1", forgotten.Id);
        await PutAsync(removedStaging, Content);

        await SendAsync(removedStaging, forgottenStaging);

        Assert.Equal((0L, 0L), await UsageAsync(user));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM entries WHERE owner_id = $1", user.Id));
        await host.ExecuteAsync("UPDATE objects SET urls_until = now() - interval '1 second' WHERE owner_id = $1", user.Id);
        await Janitor.RunAllAsync(host, times: 3);
        Assert.Null(await host.Store.FindAsync(removedStaging));
        Assert.Null(await host.Store.FindAsync(forgottenStaging));
    }

    [Fact]
    public async Task Forged_event_of_somebody_else_s_upload_does_no_more_than_a_look_and_gives_its_sender_nothing()
    {
        var user = await host.SignUpAsync();
        var stranger = await host.SignUpAsync();
        var upload = await CreateAsync(user, "theirs.bin");
        var staging = await PresignAsync(user, upload.Id);

        await SendAsync(staging);
        Assert.Equal(UploadState.Open, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);

        await PutAsync(staging, Content[..^1]);
        await SendAsync(staging);
        Assert.Equal(UploadState.Open, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);

        await PutAsync(staging, Content);
        await SendAsync(staging);
        var file = (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.File!;
        Assert.Equal(user.Id, file.OwnerId);
        Assert.Equal(Content, await user.ReadAsync(file.Id));
        Assert.Equal((0L, 0L), await UsageAsync(stranger));
        Assert.Equal(RefusalReason.NotFound, (await stranger.File(file.Id).GetAsync()).Refusal!.Reason);
    }

    [Fact]
    public async Task Event_of_an_object_that_is_none_of_ours_or_none_that_was_sent_straight_is_forgotten()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("kept.bin", Content)).Entry!;
        var key = (await user.File(file.Id).OpenContentAsync(null)).Content!.ObjectKey;
        var whole = await user.CreateAsync("whole.bin", Content.Length);
        Assert.Null((await user.PutAsync(whole.Id, 1, Content)).Refusal);
        var attempt = await host.ScalarAsync<string>("SELECT object_key FROM upload_parts WHERE upload_id = $1", whole.Id);

        await SendAsync(key, attempt, ObjectKeys.Marker, ObjectKeys.NewStagingKey(), "somebody/else's thing");

        Assert.Equal(Content, await user.ReadAsync(file.Id));
        Assert.Equal(UploadState.Open, (await user.Session(whole.Id).GetAsync(0, 1)).Upload!.State);
    }

    [Fact]
    public async Task Event_while_the_store_is_away_is_made_up_for_when_it_is_back()
    {
        var user = await host.SignUpAsync();
        var (upload, staging) = await StagedAsync(user, "away.bin", Content);
        host.Store.Before = (call, key) =>
            call == "Find" && key == staging ? throw new ObjectStoreException(ObjectStoreError.Unavailable, "away") : Task.CompletedTask;
        await SendAsync(staging);
        host.Store.Before = null;
        Assert.Equal(UploadState.Open, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);

        await host.ExecuteAsync("UPDATE uploads SET staged_look_at = now() WHERE id = $1", upload.Id);
        await Janitor.RunAllAsync(host);

        Assert.Equal(UploadState.Completed, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
    }

    private static Task<UploadInfo> CreateAsync(TestUser user, string name) =>
        user.CreateAsync(TestUser.Command(name, Content.Length) with { Mode = UploadMode.Direct });

    private async Task<(UploadInfo Upload, string StagingKey)> StagedAsync(TestUser user, string name, byte[] bytes)
    {
        var upload = await CreateAsync(user, name);
        var staging = await PresignAsync(user, upload.Id);
        await PutAsync(staging, bytes);
        return (upload, staging);
    }

    /// <summary>Asks for the URL; returns the key that it leads to.</summary>
    private async Task<string> PresignAsync(TestUser user, string uploadId)
    {
        Assert.Null((await user.Session(uploadId).PresignAsync([1])).Refusal);
        return await host.ScalarAsync<string>("SELECT staging_key FROM uploads WHERE id = $1", uploadId);
    }

    private Task PutAsync(string key, byte[] bytes) => host.Store.Inner.PutAsync(key, new StoreContent(bytes, SHA256.HashData(bytes)));

    /// <summary>Sends events, and waits until they have been looked at.</summary>
    private async Task SendAsync(params string[] keys)
    {
        foreach (var shard in keys.GroupBy(IngestShards.Of))
        {
            var grain = host.Grains.GetGrain<IIngestGrain>($"i-{shard.Key}");
            await grain.ReceiveAsync([.. shard]);
            await grain.RunAsync();
        }

        foreach (var key in keys)
            Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM store_events WHERE key = $1", key));
    }

    private static async Task<(long Used, long Reserved)> UsageAsync(TestUser user)
    {
        var profile = await user.ProfileAsync();
        return (profile.UsedBytes, profile.ReservedBytes);
    }
}
