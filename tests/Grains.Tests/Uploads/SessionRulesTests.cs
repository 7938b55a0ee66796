using GrainVault.Grains.Tests.Support;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>The configuration of the store changes under running sessions.</summary>
public sealed class SessionRulesTests(GrainsHost host) : IClassFixture<GrainsHost>, IDisposable
{
    private static readonly byte[] Content = GrainsHost.Bytes((2 * GrainsHost.PartSize) + 10, seed: 41);

    public void Dispose() => host.Store.ProfileOverride = null;

    [Fact]
    public async Task Session_notes_the_rules_under_which_it_was_begun()
    {
        var user = await host.SignUpAsync();
        host.Store.ProfileOverride = host.Store.Inner.Profile with { Dialect = "r2", PartCountMax = 777 };
        var upload = await user.CreateAsync("noted.bin", Content.Length);

        Assert.Equal("disk r2 777", await host.ScalarAsync<string>("SELECT store || ' ' || dialect || ' ' || part_count_max FROM uploads WHERE id = $1", upload.Id));
    }

    [Fact]
    public async Task Session_keeps_its_parts_under_another_dialect_that_can_take_them()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("kept.bin", Content.Length);
        Assert.Null((await user.PutAsync(upload.Id, 1, Content[..GrainsHost.PartSize])).Refusal);
        host.Store.ProfileOverride = host.Store.Inner.Profile with
        {
            Dialect = "generic", WantsEqualParts = true, PartSizeBytesMin = 1, PartSizeBytesMax = GrainsHost.PartSize, PartCountMax = 3, ObjectSizeBytesMax = Content.Length,
        };
        await host.RestartAsync();

        Assert.Equal(GrainsHost.PartSize, (await user.Session(upload.Id).GetAsync(0, 10)).Upload!.PartSizeBytes);
        Assert.Null((await user.PutAsync(upload.Id, 2, Content[GrainsHost.PartSize..(2 * GrainsHost.PartSize)])).Refusal);
        Assert.Null((await user.PutAsync(upload.Id, 3, Content[(2 * GrainsHost.PartSize)..])).Refusal);
        Assert.Equal(Content, await user.ReadAsync((await user.CompleteAsync(upload.Id)).Entry!.Id));
    }

    [Fact]
    public async Task Session_that_the_configured_dialect_can_t_take_says_so_and_goes_on_when_it_is_back()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("refused.bin", Content.Length);
        await user.PutAllAsync(upload, Content);
        host.Store.ProfileOverride = host.Store.Inner.Profile with { Dialect = "r2", PartCountMax = 2 };

        await AssertRefusedAsync(user, upload.Id, "at most 2 parts");

        host.Store.ProfileOverride = host.Store.Inner.Profile with { Dialect = "r2", PartSizeBytesMax = GrainsHost.PartSize - 1 };
        await AssertRefusedAsync(user, upload.Id, "takes parts of");
        host.Store.ProfileOverride = null;
        Assert.Equal(Content, await user.ReadAsync((await user.CompleteAsync(upload.Id)).Entry!.Id));
    }

    [Fact]
    public async Task Session_of_another_store_loses_nothing_and_its_upload_is_aborted_when_that_is_back()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("elsewhere.bin", Content.Length);
        await user.PutAllAsync(upload, Content);
        var ended = await user.CreateAsync("ended.bin", Content.Length);
        await user.PutAllAsync(ended, Content);
        var key = await host.ScalarAsync<string>("SELECT object_key FROM uploads WHERE id = $1", ended.Id);
        host.Store.ProfileOverride = host.Store.Inner.Profile with { Name = "s3" };

        await AssertRefusedAsync(user, upload.Id, "store 's3' is configured now");
        Assert.Null((await user.Session(ended.Id).AbortAsync()).Refusal);
        await Janitor.RunAllAsync(host);
        Assert.Single(await Janitor.StoreUploadsAsync(host, key));

        host.Store.ProfileOverride = null;
        await Janitor.RunAllAsync(host, times: 2);
        Assert.Empty(await Janitor.StoreUploadsAsync(host, key));
        Assert.Equal(Content, await user.ReadAsync((await user.CompleteAsync(upload.Id)).Entry!.Id));
    }

    [Fact]
    public async Task Session_of_unknown_size_never_gets_more_parts_than_its_store_took_when_it_began()
    {
        var user = await host.SignUpAsync();
        host.Store.ProfileOverride = host.Store.Inner.Profile with { PartCountMax = 2 };
        var upload = await user.CreateAsync("growing.bin", null);
        host.Store.ProfileOverride = null;

        Assert.Null((await user.Session(upload.Id).PlanPartAsync(2, 10)).Refusal);
        Assert.Equal(RefusalReason.Invalid, (await user.Session(upload.Id).PlanPartAsync(3, 10)).Refusal!.Reason);
    }

    private static async Task AssertRefusedAsync(TestUser user, string uploadId, string why)
    {
        foreach (var refusal in (Refusal?[])[
            (await user.Session(uploadId).PlanPartAsync(1, null)).Refusal,
            (await user.Session(uploadId).PresignAsync([1])).Refusal,
            (await user.CompleteAsync(uploadId)).Refusal])
        {
            Assert.Equal(RefusalReason.UploadClosed, refusal!.Reason);
            Assert.Contains(why, refusal.Detail, StringComparison.Ordinal);
        }

        Assert.Equal(UploadState.Open, (await user.Session(uploadId).GetAsync(0, 1)).Upload!.State);
    }
}
