using GrainVault.Cli.Fsck;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Options;

namespace GrainVault.Grains.Tests.Files;

public sealed class CopyTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Copy_refers_to_the_same_object_which_counts_once()
    {
        var user = await host.SignUpAsync();
        var folder = await user.FolderAsync("in");
        var source = (await user.WriteFileAsync("a.txt", Content(1), parentId: folder)).Entry!;
        host.Store.ClearCalls();

        var id = Ids.New(Ids.File);
        var copy = (await user.File(id).CopyFromAsync(Command(source.Id, "b.txt"))).Entry!;

        Assert.Empty(host.Store.Calls);
        Assert.Equal((id, "b.txt", folder, user.Id, 1, 10L, source.Sha256), (copy.Id, copy.Name, copy.ParentId, copy.OwnerId, copy.Version, copy.SizeBytes, copy.Sha256));
        Assert.Equal(copy, (await user.File(id).CopyFromAsync(Command(source.Id, "b.txt"))).Entry);
        Assert.Equal(Content(1), await user.ReadAsync(id));
        Assert.Equal(10L, (await user.ProfileAsync()).UsedBytes);
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM changes WHERE entry_id = $1 AND kind = 1", id));

        // The original goes, its content stays with the copy.
        Assert.Null((await user.File(source.Id).DeleteAsync(permanent: true)).Refusal);
        Assert.Equal(10L, (await user.ProfileAsync()).UsedBytes);
        Assert.Equal(Content(1), await user.ReadAsync(id));
        Assert.Null((await user.File(id).DeleteAsync(permanent: true)).Refusal);
        Assert.Equal(0L, (await user.ProfileAsync()).UsedBytes);
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE owner_id = $1 AND state = 'garbage'", user.Id));
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Copy_of_what_is_shared_is_the_readers_own_and_both_pay_for_the_object()
    {
        var (owner, reader, stranger) = (await host.SignUpAsync(), await host.SignUpAsync(), await host.SignUpAsync());
        var source = (await owner.WriteFileAsync("shared.txt", Content(3))).Entry!;
        Assert.Equal(RefusalReason.NotFound, (await CopyAsync(stranger, source.Id)).Refusal!.Reason);
        Assert.Null((await owner.File(source.Id).ShareAsync(reader.Email, ShareRole.Viewer)).Refusal);

        var copy = (await CopyAsync(reader, source.Id)).Entry!;
        Assert.Equal((reader.Id, null, "shared.txt"), (copy.OwnerId, copy.ParentId, copy.Name));
        var second = (await CopyAsync(reader, source.Id, "second.txt")).Entry!;
        Assert.Equal((30L, 30L), ((await owner.ProfileAsync()).UsedBytes, (await reader.ProfileAsync()).UsedBytes));
        await AssertCleanAsync();

        // Neither needs the other any more, and the bytes of each return with his last reference.
        Assert.Null((await owner.File(source.Id).DeleteAsync(permanent: true)).Refusal);
        Assert.Equal((0L, 30L), ((await owner.ProfileAsync()).UsedBytes, (await reader.ProfileAsync()).UsedBytes));
        Assert.Equal(Content(3), await reader.ReadAsync(copy.Id));
        Assert.Null((await reader.File(copy.Id).DeleteAsync(permanent: true)).Refusal);
        Assert.Equal(30L, (await reader.ProfileAsync()).UsedBytes);
        await AssertCleanAsync();
        Assert.Null((await reader.File(second.Id).DeleteAsync(permanent: true)).Refusal);
        Assert.Equal(0L, (await reader.ProfileAsync()).UsedBytes);
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Copy_into_a_shared_folder_is_its_owners_and_needs_an_editor()
    {
        var (owner, writer) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await owner.FolderAsync("theirs");
        var source = (await writer.WriteFileAsync("mine.txt", Content(2))).Entry!;

        Assert.Equal(RefusalReason.NotFound, (await CopyAsync(writer, source.Id, parent: folder)).Refusal!.Reason);
        await owner.File(folder).ShareAsync(writer.Id, ShareRole.Viewer);
        Assert.Equal(RefusalReason.Forbidden, (await CopyAsync(writer, source.Id, parent: folder)).Refusal!.Reason);
        await owner.File(folder).ShareAsync(writer.Id, ShareRole.Editor);
        var copy = (await CopyAsync(writer, source.Id, parent: folder)).Entry!;

        Assert.Equal((owner.Id, folder), (copy.OwnerId, copy.ParentId));
        Assert.Equal((20L, 20L), ((await owner.ProfileAsync()).UsedBytes, (await writer.ProfileAsync()).UsedBytes));
        Assert.Equal(Content(2), await owner.ReadAsync(copy.Id));
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Copy_that_can_not_be_is_refused_and_leaves_nothing()
    {
        var user = await host.SignUpAsync();
        var source = (await user.WriteFileAsync("s.txt", Content(5))).Entry!;
        var folder = await user.FolderAsync("f");

        Assert.Equal(RefusalReason.NameTaken, (await CopyAsync(user, source.Id)).Refusal!.Reason);
        Assert.Equal("s (1).txt", (await user.File(Ids.New(Ids.File)).CopyFromAsync(Command(source.Id, null) with { OnConflict = OnConflict.Rename })).Entry!.Name);
        Assert.Equal(RefusalReason.Invalid, (await CopyAsync(user, folder, "g")).Refusal!.Reason);
        Assert.Equal(RefusalReason.Invalid, (await CopyAsync(user, source.Id, "a/b")).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await CopyAsync(user, source.Id, parent: source.Id)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await CopyAsync(user, source.Id, parent: "../x")).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await CopyAsync(user, Ids.New(Ids.File), "x")).Refusal!.Reason);
        Caller.Set(null, null, "test");
        Assert.Equal(RefusalReason.NotFound, (await host.Grains.GetGrain<IFileGrain>(Ids.New(Ids.File)).CopyFromAsync(Command(source.Id, "x"))).Refusal!.Reason);
        var other = await host.SignUpAsync();
        await host.ExecuteAsync("UPDATE users SET quota_bytes = 49 WHERE id = $1", other.Id);
        await user.File(source.Id).ShareAsync(other.Id, ShareRole.Viewer);
        Assert.Equal(RefusalReason.QuotaExceeded, (await CopyAsync(other, source.Id)).Refusal!.Reason);
        await user.File(source.Id).DeleteAsync(permanent: false);
        Assert.Equal(RefusalReason.InTrash, (await CopyAsync(user, source.Id, "x")).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await CopyAsync(other, source.Id, "x")).Refusal!.Reason);

        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM entries WHERE owner_id = $1", other.Id));
        Assert.Equal(50L, (await user.ProfileAsync()).UsedBytes);
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Anybody_who_signed_in_copies_what_is_public_and_empty_files_cost_nothing()
    {
        var (owner, visitor) = (await host.SignUpAsync(), await host.SignUpAsync());
        var source = (await owner.WriteFileAsync("public.txt", Content(1))).Entry!;
        await owner.ChangeAsync(source.Id, visibility: Visibility.Public);
        var copy = (await CopyAsync(visitor, source.Id)).Entry!;
        Assert.Equal(Visibility.Private, copy.Visibility);
        var empty = (await owner.WriteFileAsync("empty", [])).Entry!;
        Assert.Equal(0L, (await CopyAsync(owner, empty.Id, "empty too")).Entry!.SizeBytes);
        Assert.Equal(10L, (await owner.ProfileAsync()).UsedBytes);
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Copies_and_removals_at_once_keep_quotas_exact_and_content_where_it_is_referred_to()
    {
        TestUser[] users = [await host.SignUpAsync(), await host.SignUpAsync(), await host.SignUpAsync()];
        var source = (await users[0].WriteFileAsync("race", Content(7))).Entry!;
        await users[0].ChangeAsync(source.Id, visibility: Visibility.Public);

        await Task.WhenAll(Enumerable.Range(0, 36).Select(i => Task.Run(async () =>
        {
            var user = users[i % users.Length];
            var made = await CopyAsync(user, source.Id, $"copy {i}");
            Assert.True(made.Refusal is null or { Reason: RefusalReason.NotFound }, made.Refusal?.Detail);
            if (made.Entry is not null && i % 4 != 0)
                Assert.Null((await user.File(made.Entry.Id).DeleteAsync(permanent: true)).Refusal);
            if (i == 24)
                await users[0].File(source.Id).DeleteAsync(permanent: true);
        })));

        await AssertCleanAsync();
        foreach (var user in users)
        {
            foreach (var entry in (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, null, null, null, 100))).Entries)
                Assert.Equal(Content(7), await user.ReadAsync(entry.Id));
        }
    }

    private static byte[] Content(int seed) => GrainsHost.Bytes(10 * seed, seed);

    private static CopyFileCommand Command(string source, string? name, string? parent = null) =>
        new(source, name, parent is not null, parent, OnConflict.Fail);

    private static Task<EntryResult> CopyAsync(TestUser user, string source, string? name = null, string? parent = null) =>
        user.File(Ids.New(Ids.File)).CopyFromAsync(Command(source, name, parent));

    /// <summary>References, quotas, feeds and store are right.</summary>
    private async Task AssertCleanAsync()
    {
        var report = await new FsckRunner(host.Catalogue, host.Store, new JanitorOptions(), TimeProvider.System).RunAsync(repair: false);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }
}
