using GrainVault.Changes;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Uploads;
using Orleans;

namespace GrainVault.Grains.Tests.Changes;

public sealed class FeedWatchTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Waiter_hears_of_changes_that_another_silo_makes_of_what_is_his_and_what_is_shared_with_him()
    {
        var (owner, reader) = (await host.SignUpAsync(), await host.SignUpAsync());
        var twin = await host.StartTwinAsync();
        var cursor = await NowAsync(reader);

        // The first thing that this owner ever shares with him.
        var folder = await owner.FolderAsync("folder");
        var waiting = WaitAsync(twin, reader, cursor);
        await owner.File(folder).ShareAsync(reader.Id, ShareRole.Viewer);
        Assert.Null((await waiting).Refusal);
        cursor = await AssertChangedAsync(reader, cursor, folder);

        waiting = WaitAsync(twin, reader, cursor);
        var file = (await owner.WriteFileAsync("file", [1], parentId: folder)).Entry!.Id;
        Assert.Null((await waiting).Refusal);
        cursor = await AssertChangedAsync(reader, cursor, file);

        waiting = WaitAsync(twin, reader, cursor);
        var own = await reader.FolderAsync("own");
        Assert.Null((await waiting).Refusal);
        await AssertChangedAsync(reader, cursor, own);
        // What is there already is not waited for.
        Assert.Null((await WaitAsync(twin, reader, cursor)).Refusal);
    }

    [Fact]
    public async Task Wait_without_a_change_ends_and_one_too_many_is_refused()
    {
        var user = await host.SignUpAsync();
        var cursor = await NowAsync(user);
        var watch = user.Grains.GetGrain<IFeedWatchGrain>("fw-0");
        Assert.Null((await watch.WaitAsync(cursor, TimeSpan.FromMilliseconds(10))).Refusal);
        Assert.Equal(RefusalReason.Invalid, (await watch.WaitAsync("forged", TimeSpan.Zero)).Refusal!.Reason);

        var waiting = Enumerable.Range(0, 33).Select(_ => user.Grains.GetGrain<IFeedWatchGrain>("fw-0").WaitAsync(cursor, TimeSpan.FromSeconds(20))).ToList();
        var first = await Task.WhenAny(waiting);
        Assert.Equal(RefusalReason.Throttled, (await first).Refusal!.Reason);
        await user.FolderAsync("folder");
        Assert.Single(await Task.WhenAll(waiting), outcome => outcome.Refusal is not null);
    }

    [Fact]
    public async Task Progress_of_an_upload_is_told_to_its_uploader_alone()
    {
        var (user, stranger) = (await host.SignUpAsync(), await host.SignUpAsync());
        var grain = user.Grains.GetGrain<IProgressGrain>($"pr-{user.Id}");
        Assert.Empty(await grain.ReadAsync("one", TimeSpan.Zero));
        var watching = grain.ReadAsync("one", TimeSpan.FromSeconds(20));
        var upload = await user.CreateAsync("file", GrainsHost.PartSize + 3);
        await user.PutAsync(upload.Id, 2, [1, 2, 3]);
        var progress = Assert.Single(await watching);
        Assert.Equal(new UploadProgress(upload.Id, UploadState.Open, progress.FileId, GrainsHost.PartSize + 3, 2, 1, 3), progress);

        watching = user.Grains.GetGrain<IProgressGrain>($"pr-{user.Id}").ReadAsync("one", TimeSpan.FromSeconds(20));
        Assert.Null((await user.Session(upload.Id).AbortAsync()).Refusal);
        Assert.Equal(UploadState.Aborted, Assert.Single(await watching).State);
        Assert.Empty(await stranger.Grains.GetGrain<IProgressGrain>($"pr-{user.Id}").ReadAsync("two", TimeSpan.FromSeconds(20)));
    }

    private static async Task<string> NowAsync(TestUser user) => (await user.Grain.ReadChangesAsync("now", 100)).Cursor!;

    private static Task<Outcome> WaitAsync(IGrainFactory silo, TestUser user, string cursor)
    {
        Caller.Set(user.Id, "", "test");
        return silo.GetGrain<IFeedWatchGrain>("fw-0").WaitAsync(cursor, TimeSpan.FromSeconds(20));
    }

    private static async Task<string> AssertChangedAsync(TestUser user, string cursor, string entryId)
    {
        var page = await user.Grain.ReadChangesAsync(cursor, 100);
        Assert.Equal(entryId, Assert.Single(page.Changes).EntryId);
        return page.Cursor!;
    }
}
