using GrainVault.Files;
using GrainVault.Grains.Tests.Support;

namespace GrainVault.Grains.Tests.Files;

public sealed class ShortcutTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Shortcut_has_its_targets_name_and_shows_whether_the_target_is_there_for_who_looks()
    {
        var owner = await host.SignUpAsync();
        var reader = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("shared.txt", [1])).Entry!.Id;
        await owner.File(file).ShareAsync(reader.Id, ShareRole.Viewer);
        var folder = await reader.FolderAsync("mine");
        await reader.WriteFileAsync("shared.txt", [2], parentId: folder);

        var made = (await reader.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(file, folder, null))).Entry!;

        Assert.Equal((EntryKind.Shortcut, "shared (1).txt", reader.Id, folder, file, TargetState.Live, 0L, 0),
            (made.Kind, made.Name, made.OwnerId, made.ParentId, made.TargetId, made.TargetState, made.SizeBytes, made.Version));
        Assert.Equal(made, (await reader.File(made.Id).CreateShortcutAsync(new CreateShortcutCommand(file, folder, null))).Entry);
        Assert.Equal([made], (await reader.Grain.ListFilesAsync(new EntryQuery(EntryView.Shortcuts, null, null, null, 10))).Entries);
        Assert.Equal(made, (await reader.Grain.FindByPathAsync("mine/shared (1).txt")).Entry);
        Assert.Empty((await owner.Grain.ListFilesAsync(new EntryQuery(EntryView.Shortcuts, null, null, null, 10))).Entries);
        // One to a shortcut points to what that one points to.
        Assert.Equal(file, (await reader.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(made.Id, null, "second"))).Entry!.TargetId);

        await owner.File(file).UnshareAsync(reader.Id);
        Assert.All(await StatesAsync(reader, made.Id, folder), state => Assert.Equal(TargetState.Gone, state));
        Assert.Equal(RefusalReason.NotFound, (await reader.File(file).GetAsync()).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await reader.File(made.Id).OpenContentAsync(null)).Refusal!.Reason);
        await owner.File(file).ShareAsync(reader.Id, ShareRole.Viewer);
        Assert.All(await StatesAsync(reader, made.Id, folder), state => Assert.Equal(TargetState.Live, state));
        await owner.File(file).DeleteAsync(permanent: false);
        Assert.All(await StatesAsync(reader, made.Id, folder), state => Assert.Equal(TargetState.Gone, state));
        await owner.File(file).DeleteAsync(permanent: true);
        Assert.All(await StatesAsync(reader, made.Id, folder), state => Assert.Equal(TargetState.Gone, state));

        Assert.Equal("renamed", (await reader.ChangeAsync(made.Id, name: "renamed", move: true)).Entry!.Name);
        Assert.Null((await reader.File(made.Id).DeleteAsync(permanent: false)).Refusal);
        Assert.Null((await reader.File(made.Id).RestoreAsync()).Refusal);
        Assert.Null((await reader.File(made.Id).DeleteAsync(permanent: true)).Refusal);
    }

    [Fact]
    public async Task Shortcut_to_what_nobody_may_read_is_refused_as_one_to_nothing_and_in_a_foreign_folder_as_anything_there()
    {
        var owner = await host.SignUpAsync();
        var other = await host.SignUpAsync();
        var hidden = (await owner.WriteFileAsync("hidden", [1])).Entry!.Id;
        var shared = await owner.FolderAsync("shared");
        var own = (await other.WriteFileAsync("own", [1])).Entry!.Id;
        foreach (var target in (string[])[hidden, Ids.New(Ids.File), "nonsense"])
            Assert.Equal(RefusalReason.NotFound, await RefusalAsync(other, target, null));
        Assert.Equal(RefusalReason.NotFound, await RefusalAsync(other, own, shared));
        Assert.Equal(RefusalReason.NotFound, await RefusalAsync(other, own, own));
        await owner.File(shared).ShareAsync(other.Id, ShareRole.Viewer);
        Assert.Equal(RefusalReason.Forbidden, await RefusalAsync(other, own, shared));
        Assert.Equal(RefusalReason.NameTaken, (await other.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(shared, null, "OWN"))).Refusal!.Reason);
        Assert.Equal(RefusalReason.Invalid, (await other.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(shared, null, "a/b"))).Refusal!.Reason);

        // What an editor puts there is the owner's, who may not read the target by that.
        await owner.File(shared).ShareAsync(other.Id, ShareRole.Editor);
        var theirs = (await other.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(own, shared, null))).Entry!;
        Assert.Equal((owner.Id, TargetState.Live), (theirs.OwnerId, theirs.TargetState));
        Assert.Equal(TargetState.Gone, (await owner.File(theirs.Id).GetAsync()).Entry!.TargetState);
        Assert.Equal(RefusalReason.NotFound, (await owner.File(own).GetAsync()).Refusal!.Reason);
    }

    [Fact]
    public async Task Database_lets_shortcuts_alone_point()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("file", [1])).Entry!.Id;
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => host.ExecuteAsync("UPDATE entries SET target_id = id WHERE id = $1", file));
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => host.ExecuteAsync(
            "INSERT INTO entries (id, owner_id, kind, name, name_key) VALUES ($1, $2, 3, 'x', 'x')", Ids.New(Ids.File), user.Id));
    }

    private static async Task<RefusalReason> RefusalAsync(TestUser user, string target, string? folder) =>
        (await user.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(target, folder, null))).Refusal!.Reason;

    private static async Task<List<TargetState?>> StatesAsync(TestUser user, string shortcut, string folder) =>
    [
        (await user.File(shortcut).GetAsync()).Entry!.TargetState,
        (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, folder, null, null, 10))).Entries.Single(entry => entry.Id == shortcut).TargetState,
        (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Shortcuts, null, null, null, 10))).Entries.Single(entry => entry.Id == shortcut).TargetState,
    ];
}
