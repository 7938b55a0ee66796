using GrainVault.Accounts;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Uploads;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace GrainVault.Grains.Tests.Files;

/// <summary>Ownership that is offered, accepted, declined and refused.</summary>
public sealed partial class TransferTests(TransferHost host) : IClassFixture<TransferHost>
{
    [Fact]
    public async Task Folder_becomes_the_other_users_with_all_below_it_when_he_accepts_and_not_before()
    {
        var (from, to) = (await host.SignUpAsync(), await host.SignUpAsync());
        var reader = await host.SignUpAsync();
        var folder = await from.FolderAsync("Docs", await from.FolderAsync("outer"));
        var inner = await from.FolderAsync("inner", folder);
        var file = (await from.WriteFileAsync("file", GrainsHost.Bytes(100), parentId: inner)).Entry!.Id;
        var trashed = (await from.WriteFileAsync("trashed", GrainsHost.Bytes(10, 2), parentId: folder)).Entry!.Id;
        await from.File(trashed).DeleteAsync(permanent: false);
        await from.WriteFileAsync("kept", GrainsHost.Bytes(1));
        await to.FolderAsync("docs");
        await from.File(inner).ShareAsync(reader.Id, ShareRole.Viewer);
        await from.File(inner).ShareAsync(to.Id, ShareRole.Viewer);

        var offer = (await from.File(folder).OfferTransferAsync(to.Email.ToUpperInvariant())).Transfer!;
        Assert.Equal((folder, EntryKind.Folder, "Docs", from.Id, from.Email.Split('@')[0], to.Id),
            (offer.EntryId, offer.Kind, offer.Name, offer.FromId, offer.FromName, offer.ToId));
        Assert.Equal([offer], (await to.Grain.ListTransfersAsync(false, null, 10)).Transfers);
        Assert.Equal([offer], (await from.Grain.ListTransfersAsync(true, null, 10)).Transfers);
        Assert.Empty((await from.Grain.ListTransfersAsync(false, null, 10)).Transfers);
        Assert.Equal(RefusalReason.NotFound, (await to.File(folder).GetAsync()).Refusal!.Reason);
        Assert.Equal((111L, 0L), await UsedAsync(from, to));

        var taken = (await to.File(folder).AcceptTransferAsync()).Entry!;

        Assert.Equal((to.Id, "Docs (1)", null), (taken.OwnerId, taken.Name, taken.ParentId));
        Assert.Equal(taken, (await to.File(folder).AcceptTransferAsync()).Entry);
        Assert.Equal((1L, 110L), await UsedAsync(from, to));
        Assert.Equal(to.Id, (await to.File(file).GetAsync()).Entry!.OwnerId);
        Assert.Null((await to.File(trashed).RestoreAsync()).Refusal);
        Assert.Empty((await to.Grain.ListTransfersAsync(false, null, 10)).Transfers);
        Assert.Null((await reader.File(file).GetAsync()).Refusal);
        Assert.Equal([reader.Id], (await to.File(inner).ListSharesAsync()).Shares.Select(share => share.UserId));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM transfers WHERE entry_id = $1", folder));

        // Who gave it is an editor, and nothing more.
        Assert.Equal([(from.Id, ShareRole.Editor)], (await to.File(folder).ListSharesAsync()).Shares.Select(share => (share.UserId, share.Role)));
        Assert.Equal(RefusalReason.Forbidden, (await from.File(file).DeleteAsync(permanent: false)).Refusal!.Reason);
        Assert.Equal(to.Id, (await from.WriteFileAsync("new", [1], parentId: inner)).Entry!.OwnerId);
        Assert.Equal(from.Id, (await to.File(file).ListVersionsAsync(null, 1)).Versions[0].MadeBy);
        await to.File(folder).UnshareAsync(from.Id);
        foreach (var entry in (string[])[folder, inner, file])
            Assert.Equal(RefusalReason.NotFound, (await from.File(entry).GetAsync()).Refusal!.Reason);
        await to.File(folder).DeleteAsync(permanent: true);
        Assert.Equal((1L, 0L), await UsedAsync(from, to));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE owner_id = $1 AND state = 'live'", to.Id));
    }

    [Fact]
    public async Task Changes_of_both_users_have_no_gap_and_say_what_went_and_what_came()
    {
        var (from, to) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await from.FolderAsync("folder");
        var file = (await from.WriteFileAsync("file", [1], parentId: folder)).Entry!.Id;
        await from.File(folder).OfferTransferAsync(to.Id);
        Assert.Null((await to.File(folder).AcceptTransferAsync()).Refusal);

        Assert.Equal($"1 {folder} 1,2 {file} 1,3 {file} 5,4 {folder} 5", await ChangesAsync(from));
        Assert.Equal($"1 {folder} 1,2 {file} 1", await ChangesAsync(to));
    }

    [Fact]
    public async Task Offer_ends_when_it_is_declined_withdrawn_replaced_or_too_old()
    {
        var (from, to) = (await host.SignUpAsync(), await host.SignUpAsync());
        var other = await host.SignUpAsync();
        var file = (await from.WriteFileAsync("file", [1])).Entry!.Id;
        Func<Task>[] ends =
        [
            async () => Assert.Null((await to.File(file).EndTransferAsync()).Refusal),
            async () => Assert.Null((await from.File(file).EndTransferAsync()).Refusal),
            async () => Assert.Null((await from.File(file).OfferTransferAsync(other.Id)).Refusal),
            async () => Assert.Equal(1, await host.ExecuteAsync("UPDATE transfers SET expires_at = now() WHERE entry_id = $1", file)),
        ];
        foreach (var end in ends)
        {
            Assert.Null((await from.File(file).OfferTransferAsync(to.Id)).Refusal);
            Assert.Equal(RefusalReason.NotFound, (await other.File(file).EndTransferAsync()).Refusal!.Reason);
            foreach (var user in (TestUser[])[other, from])
                Assert.Equal(RefusalReason.NotFound, (await user.File(file).AcceptTransferAsync()).Refusal!.Reason);
            await end();
            Assert.Equal(RefusalReason.NotFound, (await to.File(file).AcceptTransferAsync()).Refusal!.Reason);
            Assert.Empty((await to.Grain.ListTransfersAsync(false, null, 10)).Transfers);
        }

        await Janitor.RunAllAsync(host);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM transfers WHERE entry_id = $1", file));
        Assert.Equal(from.Id, (await from.File(file).GetAsync()).Entry!.OwnerId);
        Assert.Equal((1L, 0L), await UsedAsync(from, to));
    }

    [Fact]
    public async Task Transfer_that_can_not_be_is_refused_and_changes_nothing()
    {
        var (from, to) = (await host.SignUpAsync(), await host.SignUpAsync());
        var editor = await host.SignUpAsync();
        var folder = await from.FolderAsync("folder");
        var file = (await from.WriteFileAsync("file", GrainsHost.Bytes(100), parentId: folder)).Entry!.Id;
        await from.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
        Assert.Equal(RefusalReason.Forbidden, (await editor.File(file).OfferTransferAsync(to.Id)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await to.File(file).OfferTransferAsync(to.Id)).Refusal!.Reason);
        var own = (await from.File(file).OfferTransferAsync(from.Id)).Refusal!;
        Assert.Equal((RefusalReason.Invalid, "An entry is not offered to its owner."), (own.Reason, own.Detail));
        Assert.Equal(RefusalReason.NotFound, (await from.File(file).OfferTransferAsync("nobody@example.org")).Refusal!.Reason);

        Assert.Null((await from.File(folder).OfferTransferAsync(to.Id)).Refusal);
        await host.ExecuteAsync("INSERT INTO users (id, quota_bytes) VALUES ($1, 99) ON CONFLICT (id) DO UPDATE SET quota_bytes = 99", to.Id);
        Assert.Equal(RefusalReason.QuotaExceeded, (await to.File(folder).AcceptTransferAsync()).Refusal!.Reason);
        await host.ExecuteAsync("UPDATE users SET quota_bytes = 1000 WHERE id = $1", to.Id);
        var more = await Task.WhenAll(Enumerable.Range(0, TransferHost.EntryCountMax - 1).Select(i => from.FolderAsync($"f{i}", folder)));
        Assert.Equal(RefusalReason.TooLarge, (await to.File(folder).AcceptTransferAsync()).Refusal!.Reason);
        await from.File(more[0]).DeleteAsync(permanent: true);
        await from.File(folder).DeleteAsync(permanent: false);
        Assert.Equal(RefusalReason.InTrash, (await from.File(folder).OfferTransferAsync(to.Id)).Refusal!.Reason);
        Assert.Empty((await to.Grain.ListTransfersAsync(false, null, 10)).Transfers);
        Assert.Equal(RefusalReason.NotFound, (await to.File(folder).AcceptTransferAsync()).Refusal!.Reason);
        await from.File(folder).RestoreAsync();
        Assert.Equal((100L, 0L), await UsedAsync(from, to));
        Assert.Null((await to.File(folder).AcceptTransferAsync()).Refusal);
        Assert.Equal((0L, 100L), await UsedAsync(from, to));
    }

    [Fact]
    public async Task Open_offers_of_one_owner_are_limited_and_listed_in_pages()
    {
        var (from, to) = (await host.SignUpAsync(), await host.SignUpAsync());
        for (var i = 0; i < TransferHost.CountMax; i++)
            Assert.Null((await from.File(await from.FolderAsync($"f{i}")).OfferTransferAsync(to.Id)).Refusal);
        Assert.Equal(RefusalReason.Invalid, (await from.File(await from.FolderAsync("more")).OfferTransferAsync(to.Id)).Refusal!.Reason);

        var first = await to.Grain.ListTransfersAsync(false, null, 2);
        var second = await to.Grain.ListTransfersAsync(false, first.NextCursor, 2);
        Assert.Equal(TransferHost.CountMax, first.Transfers.Concat(second.Transfers).Select(transfer => transfer.EntryId).Distinct().Count());
        Assert.Null(second.NextCursor);
        Assert.Equal(RefusalReason.Invalid, (await from.Grain.ListTransfersAsync(true, first.NextCursor, 2)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await to.Grains.GetGrain<IUserGrain>(from.Id).ListTransfersAsync(true, null, 2)).Refusal!.Reason);
    }

    [Fact]
    public async Task Janitor_tells_those_who_were_not_told_that_the_owner_has_changed()
    {
        var (from, to) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await from.FolderAsync("folder");
        var file = (await from.WriteFileAsync("file", [1], parentId: folder)).Entry!.Id;
        await from.File(folder).OfferTransferAsync(to.Id);
        Assert.Equal(from.Id, (await from.File(file).GetAsync()).Entry!.OwnerId);
        // As a crash between the transaction and the calls leaves it.
        Assert.Equal(2, (await host.ScalarAsync<string[]>(
            "SELECT ids FROM accept_transfer($1, 1000, $2, ARRAY['folder'], ARRAY['folder'], 10)", to.Id, folder)).Length);
        await host.ExecuteAsync("DELETE FROM shares WHERE entry_id = $1", folder);

        await Janitor.RunAllAsync(host);

        Assert.Equal(RefusalReason.NotFound, (await from.File(file).GetAsync()).Refusal!.Reason);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM transfers WHERE entry_id = $1", folder));
    }

    [Fact]
    public async Task Session_into_a_folder_that_was_given_away_is_completed_there_when_its_new_owner_is_named()
    {
        var (from, to) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await from.FolderAsync("folder");
        var upload = await from.CreateAsync(TestUser.Command("late", 10, parentId: folder));
        await from.PutAllAsync(upload, GrainsHost.Bytes(10));
        await from.File(folder).OfferTransferAsync(to.Id);
        Assert.Null((await to.File(folder).AcceptTransferAsync()).Refusal);

        Assert.Equal(RefusalReason.NotFound, (await from.CompleteAsync(upload.Id)).Refusal!.Reason);
        var file = (await from.CompleteAsync(upload.Id, new CompleteUploadCommand(null, null, null, null, folder, null))).Entry!;
        Assert.Equal((to.Id, folder), (file.OwnerId, file.ParentId));
        Assert.Equal((0L, 10L), await UsedAsync(from, to));
        Assert.Equal(0L, (await from.ProfileAsync()).ReservedBytes);
    }

    [Fact]
    public async Task Transfers_beside_uploads_and_removals_leave_entries_with_their_folders_owner_and_quotas_exact()
    {
        TestUser[] users = [await host.SignUpAsync(), await host.SignUpAsync()];
        var folder = await users[0].FolderAsync("folder");
        var inner = await users[0].FolderAsync("inner", folder);
        var others = users.Select(user => Task.Run(async () =>
        {
            for (var i = 0; i < 6; i++)
            {
                var name = $"{user.Email} {i}";
                var file = (await user.WriteFileAsync(name, GrainsHost.Bytes(10 + i, i), parentId: i % 2 == 0 ? folder : inner)).Entry?.Id;
                await user.File(Ids.New(Ids.File)).CreateFolderAsync(new CreateFolderCommand(name + " folder", inner));
                await user.ChangeAsync(inner, name: $"inner {i}");
                if (file is not null)
                    await user.File(file).DeleteAsync(permanent: i % 2 == 0);
            }
        }));
        var giving = Task.Run(async () =>
        {
            for (var i = 0; i < 6; i++)
            {
                Assert.Null((await users[i % 2].File(folder).OfferTransferAsync(users[(i + 1) % 2].Id)).Refusal);
                Assert.Null((await users[(i + 1) % 2].File(folder).AcceptTransferAsync()).Refusal);
            }
        });
        await Task.WhenAll([giving, .. others]);

        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM entries e JOIN entries p ON p.id = e.parent_id WHERE e.owner_id <> p.owner_id"));
        foreach (var user in users)
        {
            Assert.Equal(
                await host.ScalarAsync<long>(
                    "SELECT coalesce(sum(v.size_bytes), 0)::bigint FROM file_versions v JOIN entries e ON e.id = v.file_id WHERE e.owner_id = $1", user.Id),
                (await user.ProfileAsync()).UsedBytes);
            Assert.True(await host.ScalarAsync<bool>(
                "SELECT count(*) = max(seq) AND max(seq) = (SELECT change_seq FROM users WHERE id = $1) FROM changes WHERE owner_id = $1", user.Id));
        }
    }

    private static async Task<(long From, long To)> UsedAsync(TestUser from, TestUser to) =>
        ((await from.ProfileAsync()).UsedBytes, (await to.ProfileAsync()).UsedBytes);

    private Task<string> ChangesAsync(TestUser user) => host.ScalarAsync<string>(
        "SELECT string_agg(seq || ' ' || entry_id || ' ' || kind, ',' ORDER BY seq) FROM changes WHERE owner_id = $1", user.Id);
}

/// <summary>A silo that lets few entries and few offers go.</summary>
public sealed class TransferHost : GrainsHost
{
    public const int EntryCountMax = 40;
    public const int CountMax = 3;

    public TransferHost()
    {
        Settings["GrainVault:Limits:TransferEntryCountMax"] = "40";
        Settings["GrainVault:Limits:TransferCountMax"] = "3";
    }

    /// <summary>Id of the entry whose grain can't be told to forget, as on a silo that is out of reach; null for none.</summary>
    public string? Unreachable { get; set; }

    /// <summary>Sees the id of an entry before its grain is told to forget.</summary>
    public Func<string, Task>? Forgetting { get; set; }

    protected override void Configure(IServiceCollection services) => services.AddSingleton<IIncomingGrainCallFilter>(new ForgetFilter(this));

    private sealed class ForgetFilter(TransferHost host) : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.InterfaceMethod.Name == nameof(IFileGrain.ForgetAsync))
            {
                var id = context.TargetId.ToString().Split('/')[1];
                if (host.Forgetting is { } forgetting)
                    await forgetting(id);
                if (id == host.Unreachable)
                    throw new TimeoutException("The silo does not answer.");
            }

            await context.Invoke();
        }
    }
}
