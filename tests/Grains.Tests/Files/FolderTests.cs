using GrainVault.Files;
using GrainVault.Grains.Tests.Support;

namespace GrainVault.Grains.Tests.Files;

public sealed class FolderTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Folder_is_made_once_for_one_id_and_names_are_unique_among_files_and_folders()
    {
        var user = await host.SignUpAsync();
        var id = Ids.New(Ids.File);
        var first = await user.File(id).CreateFolderAsync(new CreateFolderCommand("Caf\u00e9", null));
        var repeat = await user.File(id).CreateFolderAsync(new CreateFolderCommand("Caf\u00e9", null));

        Assert.Equal(EntryKind.Folder, first.Entry!.Kind);
        Assert.Equal(first.Entry, repeat.Entry);
        Assert.Equal("Caf\u00e9", first.Entry.Name);
        Refused(RefusalReason.NameTaken, await user.File(Ids.New(Ids.File)).CreateFolderAsync(new CreateFolderCommand("CAFE\u0301", null)));
        Refused(RefusalReason.NameTaken, await user.WriteFileAsync("caf\u00e9", [1]));
        Refused(RefusalReason.NotFound, await (await host.SignUpAsync()).File(id).CreateFolderAsync(new CreateFolderCommand("Caf\u00e9", null)));
        Assert.Null((await user.WriteFileAsync("caf\u00e9", [1], parentId: id)).Refusal);
        Assert.Equal("1,1", await KindsAsync(user));
    }

    [Fact]
    public async Task Entry_is_renamed_and_moved_at_once_or_not_at_all()
    {
        var user = await host.SignUpAsync();
        var folder = await user.FolderAsync("to");
        var file = (await user.WriteFileAsync("a.txt", [1, 2])).Entry!;
        await user.WriteFileAsync("taken.txt", [1], parentId: folder);

        Refused(RefusalReason.NameTaken, await user.ChangeAsync(file.Id, name: "TAKEN.txt", move: true, parentId: folder));
        Assert.Equal(file, (await user.File(file.Id).GetAsync()).Entry);
        var moved = await user.ChangeAsync(file.Id, name: "b.txt", move: true, parentId: folder, visibility: Visibility.Public);

        Assert.Equal(("b.txt", folder, Visibility.Public), (moved.Entry!.Name, moved.Entry.ParentId, moved.Entry.Visibility));
        Assert.Equal(moved.Entry, (await user.File(file.Id).GetAsync()).Entry);
        Assert.Equal(file.ModifiedAt, moved.Entry.ModifiedAt);
        Assert.Equal(file.Id, (await user.Grain.FindByPathAsync("to/b.txt")).Entry!.Id);
        Assert.Null((await user.WriteFileAsync("a.txt", [1])).Refusal);
        Assert.Equal("1,1,1,2,1", await KindsAsync(user));

        // The same again is nothing.
        Assert.Equal(moved, await user.ChangeAsync(file.Id, name: "b.txt", move: true, parentId: folder));
        Assert.Equal("1,1,1,2,1", await KindsAsync(user));
    }

    [Fact]
    public async Task Change_that_expects_another_version_changes_nothing()
    {
        var user = await host.SignUpAsync();
        var file = await user.WriteFileAsync("v.txt", [1]);

        Refused(RefusalReason.VersionConflict, await user.File(file.Entry!.Id).ChangeAsync(new ChangeEntryCommand("w.txt", false, null, null, [file.RowVersion + 1])));
        Refused(RefusalReason.VersionConflict, await user.File(file.Entry.Id).ChangeAsync(new ChangeEntryCommand("w.txt", false, null, null, [])));
        var changed = await user.File(file.Entry.Id).ChangeAsync(new ChangeEntryCommand("w.txt", false, null, null, [7, file.RowVersion]));

        Assert.Equal("w.txt", changed.Entry!.Name);
        Assert.True(changed.RowVersion > file.RowVersion);
    }

    [Fact]
    public async Task Folder_never_stands_in_itself_nor_deeper_than_folders_may()
    {
        var user = await host.SignUpAsync();
        var chain = new List<string>();
        for (var depth = 1; depth <= EntryListing.FolderDepthMax; depth++)
            chain.Add(await user.FolderAsync($"d{depth}", chain.LastOrDefault()));

        Refused(RefusalReason.TooDeep, await user.File(Ids.New(Ids.File)).CreateFolderAsync(new CreateFolderCommand("more", chain[^1])));
        foreach (var below in (string[])[chain[0], chain[1], chain[^1]])
            Refused(RefusalReason.FolderCircle, await user.ChangeAsync(chain[0], move: true, parentId: below));
        // A file stands in the deepest folder, and is found there.
        var file = (await user.WriteFileAsync("deep.txt", [1], parentId: chain[^1])).Entry!;
        var path = string.Join('/', Enumerable.Range(1, chain.Count).Select(depth => $"d{depth}").Append("deep.txt"));
        Assert.Equal(file.Id, (await user.Grain.FindByPathAsync(path)).Entry!.Id);
        Assert.Contains(file.Id, await IdsAsync(user, EntryView.Recent));

        // What is below a folder counts when it moves deeper, and not when it moves up.
        var other = await user.FolderAsync("other");
        Refused(RefusalReason.TooDeep, await user.ChangeAsync(chain[0], move: true, parentId: other));
        Assert.Null((await user.ChangeAsync(chain[50], move: true)).Refusal);
        Assert.Null((await user.ChangeAsync(chain[0], move: true, parentId: other)).Refusal);
        Refused(RefusalReason.TooDeep, await user.ChangeAsync(chain[50], move: true, parentId: chain[49]));
        Assert.Equal(EntryListing.FolderDepthMax, await host.ScalarAsync<int>("SELECT folder_depth_max()"));
    }

    [Fact]
    public async Task Folder_of_somebody_else_and_a_file_are_no_folder()
    {
        var user = await host.SignUpAsync();
        var stranger = await host.SignUpAsync();
        var foreign = await stranger.FolderAsync("foreign");
        var file = (await user.WriteFileAsync("f", [1])).Entry!;
        var trashed = await user.FolderAsync("trashed");
        await user.File(trashed).DeleteAsync(permanent: false);

        foreach (var parent in (string[])[foreign, file.Id, trashed, Ids.New(Ids.File), "x"])
        {
            Refused(RefusalReason.NotFound, await user.File(Ids.New(Ids.File)).CreateFolderAsync(new CreateFolderCommand("new", parent)));
            Refused(RefusalReason.NotFound, await user.ChangeAsync((await user.WriteFileAsync($"in {parent}", [1])).Entry!.Id, move: true, parentId: parent));
            Refused(RefusalReason.NotFound, await user.WriteFileAsync("new", [1], parentId: parent));
            Assert.Equal(RefusalReason.NotFound, (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, parent, null, null, 1))).Refusal!.Reason);
        }

        Refused(RefusalReason.NotFound, await stranger.ChangeAsync(file.Id, name: "mine"));
        Refused(RefusalReason.NotFound, await stranger.File(file.Id).RestoreAsync());
        await user.ChangeAsync(file.Id, visibility: Visibility.Public);
        Refused(RefusalReason.Forbidden, await stranger.ChangeAsync(file.Id, name: "mine"));
        Refused(RefusalReason.Forbidden, await stranger.File(file.Id).RestoreAsync());
    }

    [Fact]
    public async Task Trashed_folder_hides_what_is_in_it_and_restoring_shows_it_again()
    {
        var user = await host.SignUpAsync();
        var stranger = await host.SignUpAsync();
        var (outer, inner) = await TwoFoldersAsync(user);
        var file = (await user.WriteFileAsync("in.txt", [1, 2], parentId: inner)).Entry!;
        await user.ChangeAsync(file.Id, visibility: Visibility.Public);
        Assert.Null((await stranger.File(file.Id).GetAsync()).Refusal);

        Assert.Null((await user.File(outer).DeleteAsync(permanent: false)).Refusal);

        Refused(RefusalReason.NotFound, await stranger.File(file.Id).GetAsync());
        Assert.Null((await user.File(file.Id).GetAsync()).Refusal);
        foreach (var view in (EntryView[])[EntryView.Owned, EntryView.Recent, EntryView.Public])
            Assert.Empty(await IdsAsync(user, view));
        Assert.Empty(await IdsAsync(user, EntryView.Owned, "in"));
        Assert.Equal([outer], await IdsAsync(user, EntryView.Trash));
        Assert.Equal(RefusalReason.NotFound, (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, inner, null, null, 1))).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await user.Grain.FindByPathAsync("outer/inner/in.txt")).Refusal!.Reason);
        Refused(RefusalReason.InTrash, await user.ChangeAsync(file.Id, name: "other.txt"));
        Refused(RefusalReason.NotFound, await user.WriteFileAsync("new", [1], parentId: inner));

        Assert.Null((await user.File(outer).RestoreAsync()).Refusal);
        Assert.Null((await stranger.File(file.Id).GetAsync()).Refusal);
        Assert.Equal([file.Id], await IdsAsync(user, EntryView.Recent));
    }

    [Fact]
    public async Task Restored_entry_comes_to_the_root_when_its_folder_is_away_and_gets_a_number_when_its_name_is_taken()
    {
        var user = await host.SignUpAsync();
        var (outer, inner) = await TwoFoldersAsync(user);
        var file = (await user.WriteFileAsync("a.txt", [1], parentId: inner)).Entry!;
        await user.File(file.Id).DeleteAsync(permanent: false);
        var namesake = (await user.WriteFileAsync("A.txt", [2], parentId: inner)).Entry!;

        Assert.Equal(("a (1).txt", inner), Place((await user.File(file.Id).RestoreAsync()).Entry!));
        Assert.Equal(("a (1).txt", inner), Place((await user.File(file.Id).RestoreAsync()).Entry!));

        await user.File(file.Id).DeleteAsync(permanent: false);
        await user.File(outer).DeleteAsync(permanent: false);
        Assert.Equal(("a (1).txt", null), Place((await user.File(file.Id).RestoreAsync()).Entry!));
        // What went into the trash with its folder can be taken out of it alone.
        Assert.Equal(("A.txt", null), Place((await user.File(namesake.Id).RestoreAsync()).Entry!));

        await user.File(file.Id).DeleteAsync(permanent: false);
        await user.File(outer).DeleteAsync(permanent: true);
        Assert.Equal(("a (1).txt", null), Place((await user.File(file.Id).RestoreAsync()).Entry!));
        Refused(RefusalReason.NotFound, await user.File(inner).RestoreAsync());
    }

    [Fact]
    public async Task Restored_entry_collides_with_nothing_that_it_does_not_come_to_stand_beside()
    {
        var user = await host.SignUpAsync();
        var (outer, inner) = await TwoFoldersAsync(user);
        var trashed = (await user.WriteFileAsync("a.txt", [1], parentId: inner)).Entry!;
        await user.File(trashed.Id).DeleteAsync(permanent: false);
        var namesake = (await user.WriteFileAsync("a.txt", [2], parentId: inner)).Entry!;
        await user.WriteFileAsync("a (1).txt", [3], parentId: inner);
        await user.File(outer).DeleteAsync(permanent: false);

        Assert.Equal(("a.txt", null), Place((await user.File(trashed.Id).RestoreAsync()).Entry!));
        Assert.Equal(("a (1).txt", null), Place((await user.File(namesake.Id).RestoreAsync()).Entry!));
    }

    [Fact]
    public async Task Folder_that_is_made_again_while_it_is_removed_is_remembered_by_nobody()
    {
        var user = await host.SignUpAsync();
        var outer = await user.FolderAsync("outer");
        var inner = Ids.New(Ids.File);
        var command = new CreateFolderCommand("inner", outer);
        Assert.Null((await user.File(inner).CreateFolderAsync(command)).Refusal);
        await host.ExecuteAsync("SELECT * FROM list_purge($1, $2, 10)", user.Id, outer);
        await user.File(inner).ForgetAsync();

        await user.File(inner).CreateFolderAsync(command);
        await host.ExecuteAsync("SELECT purge_listed($1, $2, ids, parents) FROM list_purge($1, $2, 10)", user.Id, outer);

        Refused(RefusalReason.NotFound, await user.File(inner).GetAsync());
    }

    [Fact]
    public async Task Folder_that_is_removed_for_good_takes_all_with_it_and_the_quota_is_exact()
    {
        var user = await host.SignUpAsync();
        var kept = (await user.WriteFileAsync("kept.txt", [1, 2, 3])).Entry!;
        var (outer, inner) = await TwoFoldersAsync(user);
        await user.FolderAsync("empty", inner);
        var files = new List<string>();
        foreach (var parent in (string[])[outer, inner])
        {
            for (var i = 0; i < 4; i++)
                files.Add((await user.WriteFileAsync($"{i}", GrainsHost.Bytes(100, i), parentId: parent)).Entry!.Id);
        }

        await user.File(files[0]).DeleteAsync(permanent: false);
        Assert.Equal(803L, (await user.ProfileAsync()).UsedBytes);
        Assert.Null((await user.File(outer).DeleteAsync(permanent: true)).Refusal);

        Assert.Equal(3L, (await user.ProfileAsync()).UsedBytes);
        foreach (var id in files.Append(outer).Append(inner))
            Refused(RefusalReason.NotFound, await user.File(id).GetAsync());
        Assert.Empty(await IdsAsync(user, EntryView.Trash));
        Assert.Equal([kept.Id], await IdsAsync(user, EntryView.Owned));
        Assert.Equal(8L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE owner_id = $1 AND state = 'garbage'", user.Id));
        Assert.Equal(11L, await host.ScalarAsync<long>("SELECT count(*) FROM changes WHERE owner_id = $1 AND kind = 5", user.Id));
        Assert.True(await host.ScalarAsync<bool>(
            "SELECT (SELECT change_seq FROM users WHERE id = $1) = count(*) AND max(seq) = count(*) FROM changes WHERE owner_id = $1", user.Id));
        Assert.Equal(RefusalReason.NotFound, (await user.File(outer).DeleteAsync(permanent: true)).Refusal!.Reason);
    }

    [Fact]
    public async Task Janitor_ends_a_removal_that_was_begun()
    {
        var user = await host.SignUpAsync();
        var (outer, inner) = await TwoFoldersAsync(user);
        await user.WriteFileAsync("f", [1], parentId: inner);

        // As a process leaves it that dies in the middle: the last batch was listed and neither forgotten nor removed.
        await user.WriteFileAsync("g", [1], parentId: inner);
        Assert.Null((await user.File(inner).GetAsync()).Refusal);
        await host.ExecuteAsync(
            "SELECT purge_listed($1, $2, ids, parents) FROM list_purge($1, $2, 1)", user.Id, outer);
        await host.ExecuteAsync("SELECT * FROM list_purge($1, $2, 1)", user.Id, outer);
        await user.File(outer).ForgetAsync();
        Assert.Null((await user.File(inner).GetAsync()).Refusal);
        Refused(RefusalReason.NotFound, await user.File(outer).GetAsync());
        Assert.Empty(await IdsAsync(user, EntryView.Trash));
        Refused(RefusalReason.NotFound, await user.File(inner).RestoreAsync());
        await Janitor.RunAllAsync(host);

        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM entries WHERE owner_id = $1", user.Id));
        Refused(RefusalReason.NotFound, await user.File(inner).GetAsync());
        Assert.Equal(0L, (await user.ProfileAsync()).UsedBytes);
    }

    [Fact]
    public async Task Large_folder_goes_in_batches_of_which_each_is_bounded()
    {
        var user = await host.SignUpAsync();
        var root = await user.FolderAsync("large");
        await host.ExecuteAsync(
            """
            INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key)
            SELECT 'f-' || gen_random_uuid(), $1, $2, 2, 'n' || i, 'n' || i FROM generate_series(1, 40) i
            """,
            user.Id,
            root);
        await host.ExecuteAsync(
            """
            INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key)
            SELECT 'f-' || gen_random_uuid(), owner_id, id, 2, 'm' || i, 'm' || i FROM entries, generate_series(1, 5) i WHERE owner_id = $1 AND parent_id = $2
            """,
            user.Id,
            root);

        var counts = new List<int>();
        while (await host.ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM entries WHERE id = $1)", root))
        {
            counts.Add(await host.ScalarAsync<int>("SELECT cardinality(ids) FROM list_purge($1, $2, 50)", user.Id, root));
            await host.ExecuteAsync("SELECT purge_listed($1, $2, ids, parents) FROM list_purge($1, $2, 50)", user.Id, root);
        }

        Assert.Equal([50, 50, 50, 50, 41], counts);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM entries WHERE owner_id = $1", user.Id));
    }

    private static async Task<(string Outer, string Inner)> TwoFoldersAsync(TestUser user)
    {
        var outer = await user.FolderAsync("outer");
        return (outer, await user.FolderAsync("inner", outer));
    }

    private static (string Name, string? ParentId) Place(Entry entry) => (entry.Name, entry.ParentId);

    private static void Refused(RefusalReason reason, EntryResult result) => Assert.Equal(reason, result.Refusal?.Reason);

    private Task<string> KindsAsync(TestUser user) =>
        host.ScalarAsync<string>("SELECT string_agg(kind::text, ',' ORDER BY seq) FROM changes WHERE owner_id = $1", user.Id);

    private static async Task<List<string>> IdsAsync(TestUser user, EntryView view, string? search = null) =>
        (await user.Grain.ListFilesAsync(new EntryQuery(view, null, search, null, 100))).Entries.Select(entry => entry.Id).ToList();
}
