using System.Diagnostics;
using GrainVault.Accounts;
using GrainVault.Audit;
using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Links;
using GrainVault.Options;
using GrainVault.TestKit;
using GrainVault.Uploads;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainVault.Grains.Tests.Audit;

/// <summary>What stands in the audit.</summary>
public sealed class AuditTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Row_says_who_did_what_to_what_from_where_and_when()
    {
        var user = await host.SignUpAsync();
        const string name = "Zoë \"quoted\" \\ 日本 🙂.txt";
        var file = (await user.WriteFileAsync(name, [1, 2, 3])).Entry!;
        Caller.SetOrigin("2001:db8::7", "curl/8\u00e9" + new string('x', 300));
        Caller.SetRequest("request-7");
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        await host.Grains.GetGrain<IFileGrain>(file.Id).ChangeAsync(new ChangeEntryCommand("new name", false, null, null, null));
        Caller.SetOrigin(null, null);

        var page = await user.Grain.ListAuditAsync(Query(entryId: file.Id));

        Assert.Equal([AuditActions.Rename, AuditActions.Upload], page.Rows.Select(row => row.Action));
        var row = page.Rows[0];
        Assert.Equal((user.Id, "user", user.Id, file.Id, "new name"), (row.OwnerId, row.ActorKind, row.ActorId, row.EntryId, row.EntryName));
        Assert.Equal(("2001:db8::7", "request-7", activity.TraceId.ToHexString()), (row.Address, row.RequestId, row.TraceId));
        Assert.Equal("curl/8?" + new string('x', Caller.AgentLengthMax - 7), row.Agent);
        Assert.Equal("""{"name":"new name"}""", row.Detail);
        Assert.InRange(row.At, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
        Assert.Equal(name, page.Rows[1].EntryName);
        await host.IntactAsync(user.Id);
    }

    [Fact]
    public async Task Many_commands_at_once_make_one_chain_with_one_row_each()
    {
        var user = await host.SignUpAsync();
        var work = Enumerable.Range(0, 40).Select(i => i % 4 == 3 ? SignInAsync(user) : user.WriteFileAsync($"{i}.bin", [1])).ToList();

        await Task.WhenAll(work);

        Assert.Equal(41, (await host.LinesAsync(user.Id)).Count);
        await host.IntactAsync(user.Id);
        // Times go up along the chain.
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM (SELECT at, lag(at) OVER (ORDER BY seq) AS before FROM audit WHERE owner_id = $1) x WHERE at < before", user.Id));
    }

    [Fact]
    public async Task Command_that_was_refused_or_rolled_back_leaves_no_row()
    {
        var user = await host.SignUpAsync();
        await user.WriteFileAsync("taken.bin", [1]);

        Assert.NotNull((await user.WriteFileAsync("taken.bin", [2])).Refusal);
        Assert.NotNull((await user.File(Ids.New(Ids.File)).DeleteAsync(permanent: true)).Refusal);

        Assert.Equal(["user sign-up", "user upload taken.bin"], await host.LinesAsync(user.Id));
    }

    [Fact]
    public async Task Download_by_somebody_else_makes_one_row_and_one_by_the_owner_none()
    {
        var owner = await host.SignUpAsync();
        var viewer = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("shared.bin", [1, 2, 3])).Entry!;
        await owner.File(file.Id).ShareAsync(viewer.Id, ShareRole.Viewer);
        await owner.File(file.Id).ChangeAsync(new ChangeEntryCommand(null, false, null, Visibility.Public, null));

        for (var range = 0; range < 3; range++)
        {
            Assert.Null((await owner.File(file.Id).OpenContentAsync(null)).Refusal);
            Assert.Null((await viewer.File(file.Id).OpenContentAsync(null)).Refusal);
            Caller.Set(null, null, "visit");
            Caller.SetOrigin("203.0.113.9", "browser");
            Assert.Null((await host.Grains.GetGrain<IFileGrain>(file.Id).OpenContentAsync(null)).Refusal);
            Caller.SetOrigin(null, null);
        }

        await Poll.UntilAsync(async () => (await host.LinesAsync(owner.Id)).Count(line => line.Contains("download", StringComparison.Ordinal)) >= 2, "the downloads are written");
        Assert.Equal(
            ["user download shared.bin", "visitor download shared.bin"],
            (await host.LinesAsync(owner.Id)).Where(line => line.Contains("download", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        await host.IntactAsync(owner.Id);
    }

    [Fact]
    public async Task File_that_goes_into_an_archive_is_decided_when_its_turn_comes_and_is_a_download_in_its_owners_audit()
    {
        var owner = await host.SignUpAsync();
        var reader = await host.SignUpAsync();
        var folder = await owner.FolderAsync("folder");
        var first = (await owner.WriteFileAsync("first.bin", [1, 2], parentId: folder)).Entry!.Id;
        var second = (await owner.WriteFileAsync("second.bin", [3], parentId: folder)).Entry!.Id;
        var trashed = (await owner.WriteFileAsync("trashed.bin", [4], parentId: folder)).Entry!.Id;
        await owner.File(folder).ShareAsync(reader.Id, ShareRole.Viewer);
        Assert.Equal(3, (await reader.Grain.ListArchiveAsync(folder, null)).Entries.Count);

        var opened = (await reader.Grain.OpenArchiveEntryAsync(first)).Entry!;
        Assert.Equal([1, 2], await host.ReadAsync(opened.ObjectKey));
        Assert.NotNull((await owner.Grain.OpenArchiveEntryAsync(second)).Entry);
        await owner.File(trashed).DeleteAsync(permanent: false);
        await owner.File(folder).UnshareAsync(reader.Id);
        foreach (var (user, id) in ((TestUser, string)[])[(reader, second), (reader, trashed), (owner, trashed), (owner, folder), (reader, "f-x")])
            Assert.Equal(RefusalReason.NotFound, (await user.Grain.OpenArchiveEntryAsync(id)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await reader.Grains.GetGrain<IUserGrain>(owner.Id).OpenArchiveEntryAsync(first)).Refusal!.Reason);

        await Poll.UntilAsync(async () => (await host.LinesAsync(owner.Id)).Contains("user download first.bin"), "the download is written");
        Assert.Single(await host.LinesAsync(owner.Id), line => line.Contains("download", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Session_of_somebody_else_on_the_owners_quota_is_told_when_it_begins_and_ends_and_one_of_his_own_is_not()
    {
        var (owner, editor) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await owner.FolderAsync("folder");
        var file = (await owner.WriteFileAsync("file.bin", [1], parentId: folder)).Entry!.Id;
        await owner.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
        var before = (await host.LinesAsync(owner.Id)).Count;
        await owner.Session((await owner.CreateAsync(TestUser.Command("own.bin", 1, parentId: folder))).Id).AbortAsync();
        await editor.CreateAsync("elsewhere.bin", 1);
        Assert.Equal(before, (await host.LinesAsync(owner.Id)).Count);

        var begun = await editor.CreateAsync(TestUser.Command("begun.bin", 3, parentId: folder));
        Assert.Null((await editor.Session(begun.Id).CreateAsync(TestUser.Command("begun.bin", 3, parentId: folder))).Refusal);
        await owner.Session(begun.Id).AbortAsync();
        await owner.Session(begun.Id).AbortAsync();
        var late = await editor.CreateAsync(TestUser.Command("late.bin", 3) with { Name = null, FileId = file });
        await host.ExecuteAsync("UPDATE uploads SET expires_at = now() WHERE id = $1", late.Id);
        Caller.Set(null, null, null);
        await host.Grains.GetGrain<IUploadSessionGrain>(late.Id).RecoverAsync();
        var wrong = await editor.CreateAsync(TestUser.Command("wrong.bin", 1, new string('0', 64), parentId: folder));
        await editor.PutAllAsync(wrong, [1]);
        Assert.Equal(RefusalReason.ChecksumMismatch, (await editor.CompleteAsync(wrong.Id)).Refusal!.Reason);

        Assert.Equal(
            $$"""
            user {{editor.Id}} upload-begin folder {"uploadId":"{{begun.Id}}","name":"begun.bin","size":"3"}
            user {{owner.Id}} upload-end folder {"uploadId" : "{{begun.Id}}", "uploaderId" : "{{editor.Id}}", "name" : "begun.bin", "reason" : "aborted"}
            user {{editor.Id}} upload-begin file.bin {"uploadId":"{{late.Id}}","name":"file.bin","size":"3"}
            system  upload-end file.bin {"uploadId" : "{{late.Id}}", "uploaderId" : "{{editor.Id}}", "name" : "file.bin", "reason" : "expired"}
            user {{editor.Id}} upload-begin folder {"uploadId":"{{wrong.Id}}","name":"wrong.bin","size":"1"}
            user {{editor.Id}} upload-end folder {"uploadId" : "{{wrong.Id}}", "uploaderId" : "{{editor.Id}}", "name" : "wrong.bin", "reason" : "failed"}
            """,
            await host.ScalarAsync<string>(
                "SELECT string_agg(concat_ws(' ', actor_kind, coalesce(actor_id, ''), action, entry_name, detail), chr(10) ORDER BY seq) FROM audit WHERE owner_id = $1 AND action LIKE 'upload-%'", owner.Id));
        await host.IntactAsync(owner.Id);
    }

    [Fact]
    public async Task Sessions_that_a_visitor_of_a_link_begins_and_gives_up_do_not_fill_the_audit()
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("box");
        var (link, token) = (Ids.New(Ids.Link), LinkTokens.New());
        Assert.Null((await owner.File(folder).CreateLinkAsync(new CreateLinkCommand(link, LinkTokens.Hash(token), LinkRole.Upload, null, null, null))).Refusal);
        foreach (var address in (string[])["203.0.113.7", "203.0.113.8"])
        {
            Caller.SetOrigin(address, "browser");
            for (var i = 0; i < 3; i++)
            {
                Caller.ActByLink(link);
                var session = host.Grains.GetGrain<IUploadSessionGrain>(Ids.New(Ids.Upload));
                Assert.Null((await session.CreateAsync(TestUser.Command($"{i}.bin", 1, parentId: folder))).Refusal);
                if (i > 0)
                    Assert.Null((await session.AbortAsync()).Refusal);
            }
        }

        Caller.SetOrigin(null, null);
        Caller.SetLink(null);
        var left = await host.ScalarAsync<string>("SELECT id FROM uploads WHERE uploader_id = $1 AND state = 1 LIMIT 1", link);
        Assert.Null((await owner.Session(left).AbortAsync()).Refusal);
        Assert.Equal(
            "link upload-begin 203.0.113.7,link upload-begin 203.0.113.8,user upload-end ",
            await host.ScalarAsync<string>(
                "SELECT string_agg(concat_ws(' ', actor_kind, action, coalesce(address, '')), ',' ORDER BY seq) FROM audit WHERE owner_id = $1 AND action LIKE 'upload-%'", owner.Id));
    }

    [Fact]
    public async Task Rows_that_wait_are_written_without_a_pause_however_many_they_are()
    {
        const int Count = 450;
        var owner = await host.SignUpAsync();
        var time = new ManualTime();
        using var queue = new AuditQueue(
            host.Services.GetRequiredService<CatalogueDatabase>(), Microsoft.Extensions.Options.Options.Create(new AuditOptions()), time, NullLogger<AuditQueue>.Instance);
        for (var i = 0; i < Count; i++)
            queue.Add(owner.Id, null, AuditNote.Of(AuditActions.Download));
        await queue.StartAsync(default);
        var before = (await host.LinesAsync(owner.Id)).Count;
        await Poll.UntilAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(500));
                return (await host.LinesAsync(owner.Id)).Count > before;
            },
            "the first are written");

        // From here on time stands still.
        await Poll.UntilAsync(async () => (await host.LinesAsync(owner.Id)).Count == before + Count, "all are written");
        await queue.StopAsync(default);
    }

    [Fact]
    public async Task Secrets_stand_in_no_row()
    {
        const string other = "another long passphrase 9";
        var user = await host.SignUpAsync();
        Caller.Set(null, null, "login");
        await SignInAsync(user);
        Assert.NotNull((await host.Grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(user.Email)).LogInAsync(new LogInCommand(user.Email, "wrong but long enough"))).Refusal);
        var changed = (await user.Grain.ChangePasswordAsync(GrainsHost.Password, other)).SignIn!;
        var next = (await user.Grains.GetGrain<ILoginGrain>(changed.LoginId).RefreshAsync(changed.RefreshToken)).SignIn!;
        Assert.NotNull((await user.Grains.GetGrain<ILoginGrain>(changed.LoginId).RefreshAsync(changed.RefreshToken)).Refusal);
        await Poll.UntilAsync(async () => (await host.LinesAsync(user.Id)).Any(line => line.EndsWith("sign-in-failed", StringComparison.Ordinal)), "the failure is written");

        var lines = await host.LinesAsync(user.Id);
        Assert.Equal(
            ["user sign-up", "user sign-in", "user password", "user token-reused", "visitor sign-in-failed"],
            lines.OrderBy(line => line.EndsWith("failed", StringComparison.Ordinal)));
        foreach (var secret in (string[])[GrainsHost.Password, other, "wrong but long enough", changed.RefreshToken.Split('.')[1], next.RefreshToken.Split('.')[1]])
            Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM audit WHERE position($2 IN audit::text) > 0 AND owner_id = $1", user.Id, secret));
    }

    [Fact]
    public async Task Removed_entry_is_found_by_its_id_and_has_its_name()
    {
        var user = await host.SignUpAsync();
        var folder = await user.FolderAsync("folder");
        var file = (await user.WriteFileAsync("inner.bin", [1], parentId: folder)).Entry!;

        Assert.Null((await user.File(folder).DeleteAsync(permanent: true)).Refusal);

        Assert.Equal(["user purge inner.bin"], (await host.LinesAsync(user.Id)).Where(line => line.Contains("purge inner", StringComparison.Ordinal)));
        Assert.Equal([AuditActions.Purge, AuditActions.Upload], (await user.Grain.ListAuditAsync(Query(entryId: file.Id))).Rows.Select(row => row.Action));
        await host.IntactAsync(user.Id);
    }

    [Fact]
    public async Task Pages_show_each_row_once_with_filters_of_action_and_time()
    {
        var user = await host.SignUpAsync();
        for (var i = 0; i < 7; i++)
            await user.FolderAsync($"{i}");
        var middle = await host.ScalarAsync<DateTime>("SELECT at FROM audit WHERE owner_id = $1 AND seq = 4", user.Id);

        Assert.Equal([8L, 7, 6, 5, 4, 3, 2, 1], await SeqsAsync(user, Query(limit: 3)));
        Assert.Equal([8L, 7, 6, 5, 4, 3, 2], await SeqsAsync(user, Query(limit: 2) with { Action = AuditActions.CreateFolder }));
        Assert.Equal([1L], await SeqsAsync(user, Query(limit: 2) with { Action = AuditActions.SignUp }));
        Assert.Equal([3L, 2, 1], await SeqsAsync(user, Query(limit: 2) with { Before = middle }));
        Assert.Equal([8L, 7, 6, 5, 4], await SeqsAsync(user, Query(limit: 2) with { From = middle }));
        Assert.Empty(await SeqsAsync(user, Query() with { Action = "no\0such" }));
        Assert.Equal(RefusalReason.Invalid, (await user.Grain.ListAuditAsync(Query(limit: 0))).Refusal?.Reason);
        Assert.Equal(RefusalReason.Invalid, (await user.Grain.ListAuditAsync(Query() with { Cursor = "AAAA" })).Refusal?.Reason);
        // A cursor is for the one who got it and for what he asked.
        var cursor = (await user.Grain.ListAuditAsync(Query(limit: 1))).NextCursor;
        Assert.Equal(RefusalReason.Invalid, (await user.Grain.ListAuditAsync(Query(limit: 1) with { Cursor = cursor, Action = "upload" })).Refusal?.Reason);
        var stranger = await host.SignUpAsync();
        Assert.Equal(RefusalReason.Invalid, (await stranger.Grain.ListAuditAsync(Query(limit: 1) with { Cursor = cursor })).Refusal?.Reason);
        Assert.Equal(RefusalReason.NotFound, (await stranger.Grains.GetGrain<IUserGrain>(user.Id).ListAuditAsync(Query())).Refusal?.Reason);
        // Whatever is asked, one's own chain is what comes.
        Assert.All((await stranger.Grain.ListAuditAsync(Query() with { OwnerId = user.Id })).Rows, row => Assert.Equal(stranger.Id, row.OwnerId));
    }

    [Fact]
    public async Task Pruned_chain_can_be_verified_and_says_so()
    {
        var user = await host.SignUpAsync();
        for (var i = 0; i < 5; i++)
            await user.FolderAsync($"{i}");
        var kept = (await host.VerifyAsync(user.Id)).Heads;
        var pruning = new AuditPruning(host.Services.GetRequiredService<GrainVault.Data.CatalogueDatabase>(), Microsoft.Extensions.Options.Options.Create(new AuditOptions { Age = TimeSpan.FromMicroseconds(1) }));

        Assert.True(await PruneOwnAsync(user.Id, 4) == 4);

        Assert.Equal(3, (await host.LinesAsync(user.Id)).Count);
        await host.IntactAsync(user.Id);
        Assert.Empty((await host.VerifyAsync(user.Id, [.. kept])).Findings);
        await user.FolderAsync("later");
        Assert.True(await pruning.RunAsync(1_000, CancellationToken.None) > 0);
        await host.IntactAsync(user.Id);
        Assert.Equal("system audit-prune", (await host.LinesAsync(user.Id))[^1]);
        // Rows before the checkpoint are gone, and lists begin after it.
        Assert.Single((await user.Grain.ListAuditAsync(Query())).Rows);
        // The checkpoint can't be moved on without the chain saying so.
        await host.TamperAsync("UPDATE audit_heads SET pruned_hash = sha256('x') WHERE owner_id = '{user}'", user.Id);
        Assert.NotEmpty((await host.VerifyAsync(user.Id)).Findings);
    }

    [Fact]
    public async Task Pages_of_all_chains_are_for_administrators()
    {
        var administrator = await host.SignUpAsync();
        var user = await host.SignUpAsync();
        await user.FolderAsync("x");
        var grain = administrator.Grains.GetGrain<GrainVault.Administration.IAdminGrain>(administrator.Id);
        Assert.Equal(RefusalReason.Forbidden, (await grain.ListAuditAsync(Query())).Refusal?.Reason);
        await using (var command = host.Identity.CreateCommand($"UPDATE accounts SET roles = 'admin' WHERE id = '{administrator.Id}'"))
            await command.ExecuteNonQueryAsync();

        Assert.Equal([2L, 1], (await grain.ListAuditAsync(Query() with { OwnerId = user.Id })).Rows.Select(row => row.Seq));
        await grain.SetQuotaAsync(user.Id, 1);
        Assert.Equal("user quota", (await host.LinesAsync(user.Id))[^1]);

        var seen = new List<AuditRow>();
        string? cursor = null;
        do
        {
            var page = await grain.ListAuditAsync(Query(limit: 4) with { Action = AuditActions.SignUp, Cursor = cursor });
            seen.AddRange(page.Rows);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.Contains(user.Id, seen.Select(row => row.OwnerId));
        Assert.Equal(seen.Count, seen.DistinctBy(row => (row.OwnerId, row.Seq)).Count());
        Assert.Equal(seen.OrderByDescending(row => row.At).Select(row => row.At), seen.Select(row => row.At));
    }

    private static AuditQuery Query(string? entryId = null, int limit = 100) => new(null, entryId, null, null, null, null, limit);

    private static async Task<List<long>> SeqsAsync(TestUser user, AuditQuery query)
    {
        var seqs = new List<long>();
        do
        {
            var page = await user.Grain.ListAuditAsync(query);
            Assert.Null(page.Refusal);
            Assert.True(page.Rows.Count <= query.Limit);
            seqs.AddRange(page.Rows.Select(row => row.Seq));
            query = query with { Cursor = page.NextCursor };
        }
        while (query.Cursor is not null);
        return seqs;
    }

    private async Task<int> PruneOwnAsync(string ownerId, int count) =>
        await host.ScalarAsync<int>("SELECT audit_prune($1, clock_timestamp(), $2)", ownerId, count);

    private async Task SignInAsync(TestUser user) =>
        Assert.Null((await host.Grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(user.Email)).LogInAsync(new LogInCommand(user.Email, GrainsHost.Password))).Refusal);
}
