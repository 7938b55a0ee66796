using System.Security.Cryptography;
using System.Text;
using GrainVault.Accounts;
using GrainVault.Administration;
using GrainVault.Audit;
using GrainVault.Changes;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Links;
using GrainVault.Uploads;
using GrainVault.Webhooks;

namespace GrainVault.Grains.Tests.Plans;

/// <summary>What users, visitors and administrators do, on the ways that requests take.</summary>
internal sealed class HotWork(PlansHost host, TestUser user, TestUser reader)
{
    private const int PageLength = 10;

    private string Many { get; set; } = "";

    public async Task RunAsync()
    {
        Many = (await user.Grain.FindByPathAsync("many")).Entry!.Id;
        await ListAsync();
        await ChangeAsync();
        await ShareAsync();
        await LinkAsync();
        await UploadAsync();
        await VersionsAsync();
        await TransferAsync();
        await TrashAsync();
        await FollowAsync();
        await AccountAsync();
        await AdministerAsync();
    }

    private async Task ListAsync()
    {
        foreach (var sort in Enum.GetValues<EntrySort>())
        {
            var query = new EntryQuery(EntryView.Owned, Many, null, null, PageLength, sort);
            var page = await user.Grain.ListFilesAsync(query);
            Assert.Equal(PageLength, (await user.Grain.ListFilesAsync(query with { Cursor = page.NextCursor })).Entries.Count);
            Done((await user.Grain.ListFilesAsync(query with { ParentId = null })).Refusal);
            Done((await user.Grain.ListFilesAsync(query with { IsDescending = true })).Refusal);
        }

        foreach (var view in Enum.GetValues<EntryView>())
        {
            var page = await user.Grain.ListFilesAsync(new EntryQuery(view, null, null, null, 2));
            Done(page.Refusal);
            if (page.NextCursor is { } cursor)
                Done((await user.Grain.ListFilesAsync(new EntryQuery(view, null, null, cursor, 2))).Refusal);
            Done((await user.Grain.ListFilesAsync(new EntryQuery(view, null, "big 4", null, PageLength))).Refusal);
        }

        foreach (var text in (string[])["big", "big 404", "no such name"])
        {
            foreach (var sort in Enum.GetValues<EntrySort>())
            {
                var query = new EntryQuery(EntryView.Owned, null, text, null, PageLength, sort);
                Done((await user.Grain.ListFilesAsync(query)).Refusal);
                Done((await user.Grain.ListFilesAsync(query with { Filter = new EntryFilter(true, null, null, null, null, null, null) })).Refusal);
                Done((await user.Grain.ListFilesAsync(query with { Filter = new EntryFilter(false, EntryKind.File, "text/", 1, 2, DateTimeOffset.UnixEpoch, DateTimeOffset.UtcNow) })).Refusal);
            }
        }

        Assert.StartsWith("big", (await user.Grain.FindByPathAsync($"many/{await NameAsync(7)}")).Entry!.Name, StringComparison.Ordinal);
        Done((await user.Grain.MeasureArchiveAsync([Many], 1_000)).Refusal);
        var first = await user.Grain.ListArchiveAsync(Many, null);
        Done(first.Refusal);
        Done((await user.Grain.ListArchiveAsync(Many, first.Next)).Refusal);
    }

    private async Task ChangeAsync()
    {
        var target = await user.FolderAsync("target", await user.FolderAsync("way"));
        var file = await FileAsync(11);
        Done((await user.ChangeAsync(Many, move: true, parentId: target)).Refusal);
        Done((await user.ChangeAsync(Many, move: true)).Refusal);
        Done((await user.ChangeAsync(file, name: "renamed", move: true, parentId: target, visibility: Visibility.Public)).Refusal);
        Done((await user.File(file).ChangeAsync(new ChangeEntryCommand("tagged", false, null, null, null, [await TagAsync(file)]))).Refusal);
        Done((await user.File(Ids.New(Ids.File)).CopyFromAsync(new CopyFileCommand(file, "copy", false, null, OnConflict.Fail))).Refusal);
        Done((await user.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(file, null, null))).Refusal);
        Assert.NotEmpty((await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Shortcuts, null, null, null, PageLength))).Entries);
        Done((await user.Grain.BindIdempotencyKeyAsync("key", "fingerprint", file)).Refusal);
    }

    private async Task ShareAsync()
    {
        var file = await FileAsync(15);
        Done((await user.File(Many).ShareAsync(reader.Email, ShareRole.Editor)).Refusal);
        Done((await user.File(file).ShareAsync(reader.Id, ShareRole.Editor)).Refusal);
        Assert.NotEmpty((await user.File(Many).ListSharesAsync()).Shares);
        Assert.NotNull((await reader.File(file).GetAsync()).Entry);
        Done((await reader.File(file).OpenContentAsync(null)).Refusal);
        Assert.NotEmpty((await reader.Grain.ListFilesAsync(new EntryQuery(EntryView.Shared, null, null, null, PageLength))).Entries);
        Done((await reader.Grain.ListFilesAsync(new EntryQuery(EntryView.Shared, Many, null, null, PageLength))).Refusal);
        foreach (var sort in Enum.GetValues<EntrySort>())
        {
            var search = new EntryQuery(EntryView.Owned, Many, "big 4", null, 2, sort);
            var first = await reader.Grain.ListFilesAsync(search);
            Done((await reader.Grain.ListFilesAsync(search with { Cursor = first.NextCursor })).Refusal);
        }
        Done((await reader.File(Ids.New(Ids.File)).CopyFromAsync(new CopyFileCommand(file, "of another", false, null, OnConflict.Fail))).Refusal);
        Done((await reader.WriteFileAsync("by an editor", [1], parentId: Many)).Refusal);
        await reader.FolderAsync("made by an editor", Many);
        Done((await user.File(Many).UnshareAsync(reader.Id)).Refusal);
        // Whoever sees the file but not its folder.
        Done((await reader.ChangeAsync(file, name: "renamed unseen")).Refusal);
        Done((await reader.File(file).UnshareAsync(reader.Id)).Refusal);
        Done((await user.File(Many).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal);
    }

    private async Task LinkAsync()
    {
        var box = await user.FolderAsync("box");
        foreach (var (entry, role) in ((string, LinkRole)[])[(Many, LinkRole.View), (box, LinkRole.Upload)])
        {
            var (id, token) = (Ids.New(Ids.Link), LinkTokens.New());
            Done((await user.File(entry).CreateLinkAsync(new CreateLinkCommand(id, LinkTokens.Hash(token), role, null, null, role == LinkRole.View ? 5 : null))).Refusal);
            Assert.NotEmpty((await user.File(entry).ListLinksAsync()).Links);
            Caller.Set(null, null, "visit");
            var link = host.Grains.GetGrain<ILinkGrain>(LinkTokens.GrainKey(token));
            Done((await link.GetAsync(LinkPass.None, null)).Refusal);
            if (role == LinkRole.View)
            {
                Done((await link.ListAsync(LinkPass.None, null, null, PageLength)).Refusal);
                Done((await link.OpenContentAsync(LinkPass.None, await FileAsync(19), isDownload: true)).Refusal);
                Done((await link.MeasureArchiveAsync(LinkPass.None, null, 1_000)).Refusal);
                var archive = (await link.BeginArchiveAsync(LinkPass.None, null)).Ticket;
                Done((await link.ListArchiveAsync(archive, Many, null)).Refusal);
                Done((await link.OpenArchiveEntryAsync(archive, await FileAsync(19))).Refusal);
            }
            else
            {
                var upload = await link.CreateUploadAsync(LinkPass.None, new LinkUploadCommand(Ids.New(Ids.Upload), "sent", 10, null, null, null));
                Done((await link.OpenUploadAsync(upload.Upload!.Id, upload.Secret!)).Refusal);
                var content = GrainsHost.Bytes(10);
                Caller.ActByLink(id);
                Done((await host.Grains.GetGrain<IPartWriterGrain>("w-0").WritePartAsync(
                    new WritePartCommand(upload.Upload.Id, 1, new PartContent(content), SHA256.HashData(content)))).Refusal);
                Done((await host.Grains.GetGrain<IUploadSessionGrain>(upload.Upload.Id).CompleteAsync(new CompleteUploadCommand(null, null, null, null, null, null))).Refusal);
            }

            Done((await user.Grain.RevokeLinkAsync(id)).Refusal);
        }
    }

    private async Task UploadAsync()
    {
        var content = GrainsHost.Bytes(1000);
        Done((await user.WriteFileAsync("one request", content, parentId: Many)).Refusal);
        var upload = await user.CreateAsync(TestUser.Command("known", 1000, Convert.ToHexStringLower(SHA256.HashData(content)), parentId: Many));
        Done((await ProveAsync(upload, content)).Refusal);

        upload = await user.CreateAsync(TestUser.Command("session", GrainsHost.PartSize + 10));
        await user.PutAllAsync(upload, GrainsHost.Bytes(GrainsHost.PartSize + 10, seed: 2));
        Done((await user.PutAsync(upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize + 10, seed: 2)[GrainsHost.PartSize..])).Refusal);
        Assert.Equal(2, (await user.Session(upload.Id).GetAsync(0, PageLength)).Upload!.Parts.Count);
        Assert.NotEmpty((await user.Grain.ListUploadsAsync(null, PageLength)).Uploads);
        Done((await user.CompleteAsync(upload.Id)).Refusal);
        Done((await user.Session(upload.Id).GetAsync(0, PageLength)).Refusal);

        var growing = await user.CreateAsync("growing", null);
        await user.PutAsync(growing.Id, 1, content);
        Done((await user.CompleteAsync(growing.Id, new CompleteUploadCommand(null, 1000, null, null, null, null))).Refusal);

        var taken = await user.CreateAsync("taken", 10);
        await user.PutAllAsync(taken, content[..10]);
        Done((await user.WriteFileAsync("taken", content)).Refusal);
        Assert.Equal(RefusalReason.NameTaken, (await user.CompleteAsync(taken.Id)).Refusal!.Reason);
        Done((await user.CompleteAsync(taken.Id, new CompleteUploadCommand(null, null, null, "free", null, null))).Refusal);
        Done((await user.Session((await user.CreateAsync("aborted", 10)).Id).AbortAsync()).Refusal);
    }

    private async Task VersionsAsync()
    {
        var file = (await user.WriteFileAsync("versions", [0])).Entry!;
        for (byte i = 1; i <= PlansHost.VersionCountMax + 1; i++)
        {
            var upload = await user.CreateAsync(new CreateUploadCommand(null, 1, null, null, UploadMode.Proxied, null, file.Id, i, null, OnConflict.Fail));
            await user.PutAllAsync(upload, [i]);
            Done((await user.CompleteAsync(upload.Id)).Refusal);
        }

        var versions = (await user.File(file.Id).ListVersionsAsync(null, PageLength)).Versions;
        Done((await user.File(file.Id).OpenContentAsync(versions[1].Number)).Refusal);
        Done((await user.File(file.Id).RestoreVersionAsync(versions[1].Number)).Refusal);
        Done((await user.File(file.Id).DeleteVersionAsync(versions[0].Number)).Refusal);
    }

    private async Task TransferAsync()
    {
        var folder = await user.FolderAsync("given");
        var file = (await user.WriteFileAsync("with it", [1], parentId: folder)).Entry!.Id;
        Done((await user.File(file).OfferTransferAsync(reader.Id)).Refusal);
        Done((await reader.File(file).EndTransferAsync()).Refusal);
        Done((await user.File(folder).OfferTransferAsync(reader.Email)).Refusal);
        Assert.NotEmpty((await reader.Grain.ListTransfersAsync(isOutgoing: false, null, PageLength)).Transfers);
        Assert.NotEmpty((await user.Grain.ListTransfersAsync(isOutgoing: true, null, PageLength)).Transfers);
        Done((await reader.File(folder).AcceptTransferAsync()).Refusal);
    }

    private async Task TrashAsync()
    {
        var folder = await user.FolderAsync("thrown away");
        await user.FolderAsync("inner", folder);
        for (var i = 0; i < 3; i++)
            Done((await user.WriteFileAsync($"file {i}", [1], parentId: folder)).Refusal);
        var (file, tagged, purged) = (await FileAsync(23), await FileAsync(27), await FileAsync(31));
        Done((await user.File(file).DeleteAsync(permanent: false)).Refusal);
        Done((await user.File(file).RestoreAsync()).Refusal);
        Done((await user.File(file).DeleteAsync(permanent: false)).Refusal);
        string[] tags = [await TagAsync(tagged)];
        Done((await user.File(tagged).DeleteMatchingAsync(permanent: false, tags)).Refusal);
        Done((await user.File(tagged).RestoreMatchingAsync(tags)).Refusal);
        Done((await user.File(purged).DeleteAsync(permanent: true)).Refusal);
        Done((await user.File(folder).DeleteAsync(permanent: false)).Refusal);
        while (!(await user.Grain.EmptyTrashAsync()).IsDone)
        {
        }
    }

    private async Task FollowAsync()
    {
        foreach (var who in (TestUser[])[user, reader])
        {
            // The whole state in pages, then what changed.
            var page = await who.Grain.ReadChangesAsync(null, 50);
            for (var i = 0; i < 3 && page.HasMore; i++)
                page = await who.Grain.ReadChangesAsync(page.Cursor, 50);
            Done(page.Refusal);
        }

        var now = (await reader.Grain.ReadChangesAsync(ChangeFeedCursors.Now, 1)).Cursor!;
        Done((await user.WriteFileAsync("told", [1], parentId: Many)).Refusal);
        Done((await reader.Grains.GetGrain<IFeedWatchGrain>("fw-0").WaitAsync(now, TimeSpan.FromSeconds(5))).Refusal);
        Assert.NotEmpty((await reader.Grain.ReadChangesAsync(now, PageLength)).Changes);
        Done((await user.File(Many).UnshareAsync(reader.Id)).Refusal);
        Done((await reader.Grain.ReadChangesAsync(now, PageLength)).Refusal);
        var webhook = Ids.New(Ids.Webhook);
        Done((await user.Grain.CreateWebhookAsync(new CreateWebhookCommand(webhook, "https://example.com/hook", null))).Refusal);
        Assert.NotEmpty((await user.Grain.ListWebhooksAsync()).Webhooks);
        Done((await user.Grain.DeleteWebhookAsync(webhook)).Refusal);
        await host.Grains.GetGrain<IWebhookGrain>("wh-0").RunAsync();
    }

    private async Task AccountAsync()
    {
        var other = await host.SignUpAsync();
        var account = host.Grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(other.Email));
        var login = (await account.LogInAsync(new LogInCommand(other.Email, GrainsHost.Password))).SignIn!;
        Assert.NotNull((await account.LogInAsync(new LogInCommand(other.Email, "wrong but long enough"))).Refusal);
        Done((await other.Grains.GetGrain<ILoginGrain>(login.LoginId).RefreshAsync(login.RefreshToken)).Refusal);
        Done((await other.Grains.GetGrain<ILoginGrain>(login.LoginId).EndAsync()).Refusal);
        Done((await other.Grain.ChangePasswordAsync(GrainsHost.Password, "another long passphrase 9")).Refusal);
        Done((await other.Grain.GetProfileAsync()).Refusal);
        await host.Grains.GetGrain<IRevocationGrain>("r").ListAsync(null);
        await host.Grains.GetGrain<IRevocationGrain>("r").ListAsync(DateTimeOffset.UtcNow.AddSeconds(-10));
    }

    private async Task AdministerAsync()
    {
        await using (var command = host.Identity.CreateCommand($"UPDATE accounts SET roles = 'admin' WHERE id = '{user.Id}'"))
            await command.ExecuteNonQueryAsync();
        var admin = user.Grains.GetGrain<IAdminGrain>(user.Id);
        var users = await admin.ListUsersAsync(null, null, PageLength);
        Done((await admin.ListUsersAsync(null, users.NextCursor, PageLength)).Refusal);
        Done((await admin.ListUsersAsync("u-0", null, PageLength)).Refusal);
        Done((await admin.GetUserAsync(reader.Id)).Refusal);
        Done((await admin.SetQuotaAsync(reader.Id, 1L << 40)).Refusal);
        var uploads = await admin.ListUploadsAsync(null, null, PageLength);
        Done((await admin.ListUploadsAsync(null, uploads.NextCursor, PageLength)).Refusal);
        Done((await admin.ListUploadsAsync(reader.Id, null, PageLength)).Refusal);
        var (before, file) = (DateTimeOffset.UtcNow, await FileAsync(35));
        foreach (var query in (AuditQuery[])
        [
            new(null, null, null, null, null, null, PageLength), new(user.Id, null, null, null, null, null, PageLength), new(null, file, null, null, null, null, PageLength),
            new(null, null, "upload", before.AddDays(-2), before, null, PageLength), new(user.Id, file, "upload", null, before, null, PageLength),
        ])
        {
            var page = await admin.ListAuditAsync(query);
            Done((await admin.ListAuditAsync(query with { Cursor = page.NextCursor })).Refusal);
        }

        Done((await user.Grain.ListAuditAsync(new AuditQuery(null, null, null, before.AddDays(-1), before, null, PageLength))).Refusal);
        foreach (var query in (StoreCallQuery[])[new(null, null, null, null, null, null, PageLength), new(file, null, null, null, null, null, PageLength), new(null, "put", "failed", before.AddDays(-1), before, null, PageLength)])
        {
            var page = await admin.ListStoreCallsAsync(query);
            Done((await admin.ListStoreCallsAsync(query with { Cursor = page.NextCursor })).Refusal);
        }

        await host.Grains.GetGrain<IStorageActivityGrain>(IStorageActivityGrain.Key)
            .AppendAsync("p", [new StoreCallRecord(before, "disk", "put", "k", "ok", TimeSpan.FromSeconds(1), 1)]);
    }

    /// <summary>A proof that the user has content, as a client makes it.</summary>
    private Task<EntryResult> ProveAsync(UploadInfo upload, byte[] content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(upload.Challenge!.Nonce));
        foreach (var range in upload.Challenge.Ranges)
            hash.AppendData(content, (int)range.Offset, (int)range.LengthBytes);
        return user.Session(upload.Id).ProveAsync(new ProvePossessionCommand(Convert.ToHexStringLower(hash.GetHashAndReset()), null, null, null));
    }

    private async Task<string> TagAsync(string file) => (await user.File(file).OpenContentAsync(null)).Content!.ETag;

    private Task<string> FileAsync(int place) => ColumnAsync("id", place);

    private Task<string> NameAsync(int place) => ColumnAsync("name", place);

    private Task<string> ColumnAsync(string column, int place) =>
        host.ScalarAsync<string>($"SELECT {column} FROM entries WHERE parent_id = $1 AND kind = 1 AND name LIKE 'big %' AND deleted_at IS NULL ORDER BY id OFFSET $2 LIMIT 1", Many, place);

    private static void Done(Refusal? refusal) => Assert.True(refusal is null, refusal?.Detail);
}
