using GrainVault.Accounts;
using GrainVault.Cli.Fsck;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Options;

namespace GrainVault.Grains.Tests.Files;

public sealed class TrashTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Emptied_trash_is_gone_for_good_with_its_bytes_and_nothing_else_is()
    {
        var (user, other) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await user.FolderAsync("folder");
        var inner = (await user.WriteFileAsync("inner", [1, 2, 3], parentId: folder)).Entry!.Id;
        var loose = (await user.WriteFileAsync("loose", [1, 2])).Entry!.Id;
        var before = (await user.WriteFileAsync("before", [1], parentId: folder)).Entry!.Id;
        var kept = (await user.WriteFileAsync("kept", [1])).Entry!.Id;
        var others = (await other.WriteFileAsync("others", [1])).Entry!.Id;
        await other.File(others).DeleteAsync(permanent: false);
        foreach (var id in (string[])[before, folder, loose])
            Assert.Null((await user.File(id).DeleteAsync(permanent: false)).Refusal);
        // Remembered by its grain.
        Assert.NotNull((await user.File(loose).GetAsync()).Entry);

        var emptied = await user.Grain.EmptyTrashAsync();

        Assert.Equal((null, 4, true), (emptied.Refusal, emptied.EntryCount, emptied.IsDone));
        foreach (var id in (string[])[folder, inner, loose, before])
        {
            Assert.Equal(RefusalReason.NotFound, (await user.File(id).GetAsync()).Refusal!.Reason);
            Assert.Equal(RefusalReason.NotFound, (await user.File(id).RestoreAsync()).Refusal!.Reason);
            Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM changes WHERE entry_id = $1 AND kind = 5", id));
        }

        Assert.NotNull((await user.File(kept).GetAsync()).Entry);
        Assert.NotNull((await other.File(others).GetAsync()).Entry);
        Assert.Equal(1L, (await user.ProfileAsync()).UsedBytes);
        Assert.True((await user.Grain.EmptyTrashAsync()).IsDone);
        Assert.Equal(RefusalReason.NotFound, (await other.Grains.GetGrain<IUserGrain>(user.Id).EmptyTrashAsync()).Refusal!.Reason);
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Emptying_that_was_interrupted_goes_on_and_spares_what_came_later()
    {
        var user = await host.SignUpAsync();
        var first = (await user.WriteFileAsync("first", [1])).Entry!.Id;
        var folder = await user.FolderAsync("folder");
        foreach (var id in (string[])[first, folder])
            await user.File(id).DeleteAsync(permanent: false);
        // A process that dies after its first step leaves this.
        await host.ExecuteAsync("UPDATE users SET trash_emptied_at = now() WHERE id = $1", user.Id);
        await host.ExecuteAsync("SELECT list_emptying($1, 1)", user.Id);
        var later = (await user.WriteFileAsync("later", [1])).Entry!.Id;
        await user.File(later).DeleteAsync(permanent: false);

        await Janitor.RunAllAsync(host);

        Assert.Equal([later], await host.ScalarAsync<string[]>("SELECT array_agg(id) FROM entries WHERE owner_id = $1", user.Id));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM users WHERE trash_emptied_at IS NOT NULL"));
        Assert.NotNull((await user.File(later).RestoreAsync()).Entry);
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Bounds_of_heights_hold_whatever_is_made_moved_and_removed()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var user = await host.SignUpAsync();
        var folders = new List<string>();
        for (var i = 0; i < 120; i++)
        {
            var parent = folders.Count > 0 && random.Next(4) > 0 ? folders[random.Next(folders.Count)] : null;
            if (random.Next(3) > 0 || folders.Count < 5)
                folders.Add(await user.FolderAsync($"f{i}", parent));
            else if (random.Next(5) > 0)
                await user.ChangeAsync(folders[random.Next(folders.Count)], move: true, parentId: parent);
            else
                folders.Remove(await RemoveLeafAsync(user, folders));
        }

        Assert.Equal(0L, await host.ScalarAsync<long>(
            """
            WITH RECURSIVE above AS (
                SELECT parent_id AS id, 1 AS height FROM entries WHERE owner_id = $1 AND kind = 2 AND parent_id IS NOT NULL
                UNION SELECT e.parent_id, a.height + 1 FROM above a JOIN entries e ON e.id = a.id WHERE e.parent_id IS NOT NULL
            )
            SELECT count(*) FROM above a LEFT JOIN folder_heights h ON h.id = a.id WHERE coalesce(h.height, 0) < a.height
            """,
            user.Id));
        Assert.True(0L == await host.ScalarAsync<long>("SELECT count(*) FROM folder_heights h WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.id = h.id)"), $"seed {seed}");
    }

    [Fact]
    public async Task Bound_that_is_too_high_refuses_no_move_and_becomes_exact()
    {
        var user = await host.SignUpAsync();
        var moved = await user.FolderAsync("moved");
        var deep = await user.FolderAsync("deep");
        for (var i = 0; i < 90; i++)
            deep = await user.FolderAsync("d", deep);
        await user.FolderAsync("below", moved);
        await host.ExecuteAsync("UPDATE folder_heights SET height = 60 WHERE id = $1", moved);

        Assert.Null((await user.ChangeAsync(moved, move: true, parentId: deep)).Refusal);

        Assert.Equal((short)1, await host.ScalarAsync<short>("SELECT height FROM folder_heights WHERE id = $1", moved));
        Assert.True(await host.ScalarAsync<short>("SELECT height FROM folder_heights WHERE id = $1", deep) >= 2);
        var last = await user.FolderAsync("last");
        var inLast = last;
        for (var i = 0; i < 8; i++)
            inLast = await user.FolderAsync("l", inLast);
        Assert.Equal(RefusalReason.TooDeep, (await user.ChangeAsync(last, move: true, parentId: moved)).Refusal!.Reason);
    }

    private static async Task<string> RemoveLeafAsync(TestUser user, List<string> folders)
    {
        foreach (var id in folders)
        {
            if ((await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, id, null, null, 1))).Entries.Count > 0)
                continue;
            Assert.Null((await user.File(id).DeleteAsync(permanent: true)).Refusal);
            return id;
        }

        throw new InvalidOperationException("Every folder has something in it.");
    }

    private async Task AssertCleanAsync()
    {
        var report = await new FsckRunner(host.Catalogue, host.Store, new JanitorOptions(), TimeProvider.System).RunAsync(repair: false);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }
}
