using GrainVault.Files;
using GrainVault.Grains.Tests.Audit;
using GrainVault.Grains.Tests.Support;
using GrainVault.Links;

namespace GrainVault.Grains.Tests.Links;

/// <summary>Folders as archives, for visitors of links.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public async Task Archive_is_one_download_and_goes_on_to_its_end_when_that_was_the_last()
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("folder");
        var inner = await owner.FolderAsync("inner", folder);
        string[] files = [(await owner.WriteFileAsync("a", [1, 2], parentId: folder)).Entry!.Id, (await owner.WriteFileAsync("b", [3], parentId: inner)).Entry!.Id];
        var (token, link) = await host.MakeAsync(owner, folder, downloads: 1);

        var measured = await host.Link(token).MeasureArchiveAsync(LinkPass.None, null, 100);
        Assert.Equal((4, 3, folder), (measured.EntryCount, measured.SizeBytes, Assert.Single(measured.Roots).Id));
        Assert.Equal((2, 1, inner), (await host.Link(token).MeasureArchiveAsync(LinkPass.None, inner, 100)) is var below ? (below.EntryCount, below.SizeBytes, below.Roots[0].Id) : default);
        Assert.Equal(3, (await host.Link(token).MeasureArchiveAsync(LinkPass.None, null, 3)).EntryCount);
        var begun = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.Link(token).BeginArchiveAsync(LinkPass.None, null)));
        var ticket = Assert.Single(begun, result => result.Refusal is null).Ticket;
        Assert.All(begun.Where(result => result.Refusal is not null), result => Assert.Equal((RefusalReason.NotFound, ""), (result.Refusal!.Reason, result.Ticket)));

        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).MeasureArchiveAsync(LinkPass.None, null, 100)).Refusal!.Reason);
        Assert.Equal([inner, files[0]], (await host.Link(token).ListArchiveAsync(ticket, folder, null)).Entries.Select(entry => entry.Id).Order(StringComparer.Ordinal));
        Assert.Equal([files[1]], (await host.Link(token).ListArchiveAsync(ticket, inner, null)).Entries.Select(entry => entry.Id));
        foreach (var file in files)
            Assert.NotEqual("", (await host.Link(token).OpenArchiveEntryAsync(ticket, file)).Entry!.ObjectKey);
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT downloads FROM links WHERE id = $1", link.Id));
        await Poll.UntilAsync(async () => (await host.LinesAsync(owner.Id)).Count(line => line.StartsWith("link download", StringComparison.Ordinal)) == 2, "each file is a download in the audit");
    }

    [Fact]
    public async Task Archive_has_nothing_that_the_link_does_not_lead_to()
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("folder");
        var inner = await owner.FolderAsync("inner", folder);
        var kept = (await owner.WriteFileAsync("kept", [1], parentId: folder)).Entry!.Id;
        var trashed = (await owner.WriteFileAsync("trashed", [1], parentId: folder)).Entry!.Id;
        var moved = (await owner.WriteFileAsync("moved", [1], parentId: inner)).Entry!.Id;
        var outside = (await owner.WriteFileAsync("outside", [1])).Entry!.Id;
        var shortcut = (await owner.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(outside, folder, null))).Entry!.Id;
        var (token, _) = await host.MakeAsync(owner, folder);
        var ticket = (await host.Link(token).BeginArchiveAsync(LinkPass.None, null)).Ticket;
        Assert.Null((await host.Link(token).OpenArchiveEntryAsync(ticket, moved)).Refusal);
        await owner.File(trashed).DeleteAsync(permanent: false);
        await owner.ChangeAsync(moved, move: true);

        Assert.Equal([inner, kept], (await host.Link(token).ListArchiveAsync(ticket, folder, null)).Entries.Select(entry => entry.Id).Order(StringComparer.Ordinal));
        foreach (var id in (string[])[trashed, moved, outside, shortcut, folder, Ids.New(Ids.File)])
            Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenArchiveEntryAsync(ticket, id)).Refusal!.Reason);
        foreach (var id in (string[])[kept, Ids.New(Ids.File)])
            Assert.Equal(RefusalReason.NotFound, (await host.Link(token).ListArchiveAsync(ticket, id, null)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).MeasureArchiveAsync(LinkPass.None, kept, 10)).Refusal!.Reason);
        await owner.File(inner).DeleteAsync(permanent: false);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).ListArchiveAsync(ticket, inner, null)).Refusal!.Reason);
    }

    [Fact]
    public async Task Archive_is_begun_with_the_password_by_links_that_show_a_folder_and_ends_with_its_link()
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("folder");
        var file = (await owner.WriteFileAsync("file", [1], parentId: folder)).Entry!.Id;
        var (token, link) = await host.MakeAsync(owner, folder, password: "sesame", lives: TimeSpan.FromDays(1));
        var (other, _) = await host.MakeAsync(owner, folder);
        var (box, _) = await host.MakeAsync(owner, folder, role: LinkRole.Upload);
        var (single, _) = await host.MakeAsync(owner, file);

        Assert.Equal(RefusalReason.BadCredentials, (await host.Link(token).MeasureArchiveAsync(LinkPass.None, null, 10)).Refusal!.Reason);
        Assert.Equal(RefusalReason.BadCredentials, (await host.Link(token).BeginArchiveAsync(LinkPass.None, null)).Refusal!.Reason);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT downloads FROM links WHERE id = $1", link.Id));
        foreach (var wrong in (string[])[box, single, LinkTokens.New()])
        {
            Assert.Equal(RefusalReason.NotFound, (await host.Link(wrong).MeasureArchiveAsync(LinkPass.None, null, 10)).Refusal!.Reason);
            Assert.Equal(RefusalReason.NotFound, (await host.Link(wrong).BeginArchiveAsync(LinkPass.None, null)).Refusal!.Reason);
        }

        var pass = new LinkPass((await host.Link(token).UnlockAsync("sesame")).Proof, null);
        var ticket = (await host.Link(token).BeginArchiveAsync(pass, null)).Ticket;
        Assert.Null((await host.Link(token).OpenArchiveEntryAsync(ticket, file)).Refusal);
        // What lets a file's download go on begins no archive, and an archive's ticket opens no other link.
        var download = (await host.Link(token).OpenContentAsync(pass, file, isDownload: true)).Ticket!;
        foreach (var (link2, ticket2) in ((string, string)[])[(token, download), (token, pass.Proof!), (token, "x"), (other, ticket), (box, ticket)])
        {
            Assert.Equal(RefusalReason.Forbidden, (await host.Link(link2).OpenArchiveEntryAsync(ticket2, file)).Refusal!.Reason);
            Assert.Equal(RefusalReason.Forbidden, (await host.Link(link2).ListArchiveAsync(ticket2, folder, null)).Refusal!.Reason);
        }

        Assert.Equal(RefusalReason.BadCredentials, (await host.Link(token).OpenContentAsync(new LinkPass(null, ticket), file, isDownload: true)).Refusal!.Reason);
        host.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(RefusalReason.Forbidden, (await host.Link(token).OpenArchiveEntryAsync(ticket, file)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Forbidden, (await host.Link(token).ListArchiveAsync(ticket, folder, null)).Refusal!.Reason);
    }
}
