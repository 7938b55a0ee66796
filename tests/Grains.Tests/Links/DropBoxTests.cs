using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Links;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Links;

/// <summary>Files that come by a link.</summary>
public sealed class DropBoxTests(LinksHost host) : IClassFixture<LinksHost>
{
    [Fact]
    public async Task Sessions_of_a_link_stay_within_their_number_when_all_come_at_once()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload);

        var results = await Task.WhenAll(Enumerable.Range(0, LinksHost.OpenUploadCountMax + 5).Select(_ => CreateAsync(token)));

        Assert.Equal(LinksHost.OpenUploadCountMax, results.Count(result => result.Refusal is null));
        Assert.All(results.Where(result => result.Refusal is not null), result => Assert.True(result.Refusal is { Reason: RefusalReason.Throttled, RetryAfterSeconds: > 0 }));
        Assert.Equal(RefusalReason.Throttled, (await host.Link(token).AdmitFileAsync(LinkPass.None)).Refusal!.Reason);
        Assert.Equal(LinksHost.OpenUploadCountMax, await host.ScalarAsync<long>("SELECT count(*) FROM uploads WHERE uploader_id = $1 AND owner_id = $2", link.Id, owner.Id));
        await owner.Session(results.First(result => result.Refusal is null).Upload!.Id).AbortAsync();
        Assert.Null((await CreateAsync(token)).Refusal);
    }

    [Fact]
    public async Task Owner_pays_and_what_is_too_large_for_link_or_quota_is_refused()
    {
        var owner = await host.SignUpAsync();
        await owner.WriteFileAsync("first", [1]);
        await host.ExecuteAsync("UPDATE users SET quota_bytes = 1000 WHERE id = $1", owner.Id);
        var (token, _) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload);

        Assert.Equal(RefusalReason.QuotaExceeded, (await CreateAsync(token, 1_000)).Refusal!.Reason);
        Assert.Equal(RefusalReason.TooLarge, (await CreateAsync(token, (10L << 30) + 1)).Refusal!.Reason);
        Assert.Null((await CreateAsync(token, 999)).Refusal);
        Assert.Equal(999, (await owner.ProfileAsync()).ReservedBytes);
    }

    /// <summary>What ends the right of a link to make the file, after its bytes have come.</summary>
    [Theory]
    [InlineData("DELETE FROM links WHERE id = $1 AND $2 <> ''")]
    [InlineData("UPDATE links SET expires_at = now() WHERE id = $1 AND $2 <> ''")]
    [InlineData("UPDATE links SET role = 1 WHERE id = $1 AND $2 <> ''")]
    [InlineData("UPDATE entries SET deleted_at = now() WHERE $1 <> '' AND id = $2")]
    public async Task Statement_that_makes_the_file_looks_whether_the_link_is_good_still(string ending)
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("box");
        var (token, link) = await host.MakeAsync(owner, folder, role: LinkRole.Upload);
        var upload = (await CreateAsync(token)).Upload!;
        Caller.ActByLink(link.Id);
        Assert.Null((await host.Grains.GetGrain<IPartWriterGrain>("w-0").WritePartAsync(
            new WritePartCommand(upload.Id, 1, new PartContent(new byte[10]), System.Security.Cryptography.SHA256.HashData(new byte[10])))).Refusal);
        await host.ExecuteAsync(ending, link.Id, folder);

        var session = host.Grains.GetGrain<IUploadSessionGrain>(upload.Id);
        var command = new CompleteUploadCommand(null, null, null, null, null, null);
        Assert.Equal(RefusalReason.NotFound, (await session.CompleteAsync(command)).Refusal!.Reason);
        // Nor anywhere else: a link is good for its folder alone.
        var elsewhere = await owner.FolderAsync("elsewhere");
        foreach (var place in (string[])[elsewhere, ""])
        {
            Caller.ActByLink(link.Id);
            Assert.Equal(RefusalReason.NotFound, (await session.CompleteAsync(command with { ParentId = place.Length == 0 ? null : place })).Refusal!.Reason);
        }

        Assert.Equal(0, await host.ScalarAsync<long>("SELECT count(*) FROM entries WHERE owner_id = $1 AND kind = 1", owner.Id));
    }

    [Fact]
    public async Task Revoking_ends_what_was_begun_and_gives_the_quota_back()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload);
        var begun = (await CreateAsync(token, 100)).Upload!;
        Assert.Equal(100, (await owner.ProfileAsync()).ReservedBytes);
        Assert.Null((await owner.Grain.RevokeLinkAsync(link.Id)).Refusal);

        await Janitor.RunAllAsync(host);

        Assert.Equal(UploadState.Expired, (await owner.Session(begun.Id).GetAsync(0, 10)).Upload!.State);
        Assert.Equal(0, (await owner.ProfileAsync()).ReservedBytes);
    }

    [Fact]
    public async Task Session_goes_on_with_its_secret_alone()
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("box");
        var (token, link) = await host.MakeAsync(owner, folder, role: LinkRole.Upload, password: "sesame");
        var (other, _) = await host.MakeAsync(owner, folder, role: LinkRole.Upload);
        Assert.Equal(RefusalReason.BadCredentials, (await CreateAsync(token)).Refusal!.Reason);
        var pass = new LinkPass((await host.Link(token).UnlockAsync("sesame")).Proof, null);
        var first = await CreateAsync(token, pass: pass);
        var second = await CreateAsync(token, pass: pass);

        Assert.Equal((null, link.Id), (await host.Link(token).OpenUploadAsync(first.Upload!.Id, first.Secret!) is var right ? (right.Refusal, right.LinkId) : default));
        foreach (var (door, id, secret) in new[] { (token, first.Upload.Id, second.Secret!), (other, first.Upload.Id, first.Secret!), (token, second.Upload!.Id, first.Secret!), (token, first.Upload.Id, pass.Proof!), (token, "", "") })
            Assert.Equal(RefusalReason.NotFound, (await host.Link(door).OpenUploadAsync(id, secret)).Refusal!.Reason);
        // A visitor is nobody to sessions of other links, nor to anything else.
        Caller.ActByLink(Ids.New(Ids.Link));
        Assert.Equal(RefusalReason.NotFound, (await host.Grains.GetGrain<IUploadSessionGrain>(first.Upload.Id).GetAsync(0, 10)).Refusal!.Reason);
        Caller.ActByLink(link.Id);
        Assert.Equal(RefusalReason.NotFound, (await host.Grains.GetGrain<IFileGrain>(folder).GetAsync()).Refusal!.Reason);
        Assert.NotNull((await owner.Session(first.Upload.Id).GetAsync(0, 10)).Upload);
    }

    private Task<LinkUploadResult> CreateAsync(string token, long size = 10, LinkPass? pass = null) =>
        host.Link(token).CreateUploadAsync(pass ?? LinkPass.None, new LinkUploadCommand(Ids.New(Ids.Upload), "x", size, null, null, null));
}
