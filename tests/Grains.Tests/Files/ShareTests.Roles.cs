using GrainVault.Changes;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Grains.Tests.Files;

/// <summary>Entries tell those with whom they are shared what they may do with them.</summary>
public sealed partial class ShareTests
{
    [Fact]
    public async Task Each_reader_is_told_the_role_of_the_nearest_share_and_nobody_that_of_another()
    {
        var owner = await host.SignUpAsync();
        var viewer = await host.SignUpAsync();
        var editor = await host.SignUpAsync();
        var stranger = await host.SignUpAsync();
        var outer = await owner.FolderAsync("outer");
        var inner = await owner.FolderAsync("inner", outer);
        var file = (await owner.WriteFileAsync("file", [1], parentId: inner)).Entry!.Id;
        await owner.ChangeAsync(file, visibility: Visibility.Public);
        await owner.File(outer).ShareAsync(viewer.Id, ShareRole.Viewer);
        await owner.File(outer).ShareAsync(editor.Id, ShareRole.Editor);

        // In turns, so that whatever the grain remembers of one call would show in the next.
        for (var i = 0; i < 2; i++)
        {
            Assert.Null(await RoleAsync(owner, file));
            Assert.Equal(ShareRole.Viewer, await RoleAsync(viewer, file));
            Assert.Equal(ShareRole.Editor, await RoleAsync(editor, file));
            Assert.Null(await RoleAsync(stranger, file));
            Caller.Set(null, null, "visit");
            Assert.Null((await host.Grains.GetGrain<IFileGrain>(file).GetAsync()).Entry!.Role);
        }

        var tag = (await viewer.File(file).GetAsync()).RowVersion;
        await owner.File(inner).ShareAsync(viewer.Id, ShareRole.Editor);
        await owner.File(file).ShareAsync(editor.Id, ShareRole.Viewer);
        Assert.Equal(ShareRole.Editor, await RoleAsync(viewer, file));
        Assert.Equal(ShareRole.Viewer, await RoleAsync(editor, file));
        Assert.Equal(tag, (await viewer.File(file).GetAsync()).RowVersion);
        await owner.File(inner).UnshareAsync(viewer.Id);
        Assert.Equal(ShareRole.Viewer, await RoleAsync(viewer, file));
        await owner.File(outer).UnshareAsync(viewer.Id);
        Assert.Null(await RoleAsync(viewer, file));
    }

    [Fact]
    public async Task Pages_tell_the_roles_of_what_others_share_at_the_price_of_one_statement()
    {
        var owner = await host.SignUpAsync();
        var reader = await host.SignUpAsync();
        var folder = await owner.FolderAsync("folder");
        await owner.WriteFileAsync("a", [1], parentId: folder);
        var own = (await owner.WriteFileAsync("b", [1], parentId: folder)).Entry!.Id;
        var shown = (await owner.WriteFileAsync("c", [1], parentId: folder)).Entry!.Id;
        await owner.ChangeAsync(shown, visibility: Visibility.Public);
        var single = (await owner.WriteFileAsync("single", [1])).Entry!.Id;
        await owner.File(folder).ShareAsync(reader.Id, ShareRole.Viewer);
        await owner.File(own).ShareAsync(reader.Id, ShareRole.Editor);
        await owner.File(single).ShareAsync(reader.Id, ShareRole.Viewer);

        Assert.Equal(
            [("single", ShareRole.Viewer), ("b", ShareRole.Editor), ("folder", ShareRole.Viewer)],
            await RolesAsync(reader, new EntryQuery(EntryView.Shared, null, null, null, 10)));
        var query = new EntryQuery(EntryView.Owned, folder, null, null, 10);
        Assert.Equal([("a", ShareRole.Viewer), ("b", ShareRole.Editor), ("c", ShareRole.Viewer)], await RolesAsync(reader, query));
        Assert.Equal([("b", ShareRole.Editor)], await RolesAsync(reader, query with { Search = "b" }));
        // In pages, too, of which each asks for its own.
        var first = await reader.Grain.ListFilesAsync(query with { Limit = 1 });
        Assert.Equal([("b", ShareRole.Editor)], await RolesAsync(reader, query with { Limit = 1, Cursor = first.NextCursor }));

        using (var statements = new StatementCounter())
        {
            Assert.Equal([("a", null), ("b", null), ("c", null)], await RolesAsync(owner, query));
            Assert.Equal(1, statements.Count);
        }

        using (var statements = new StatementCounter())
        {
            await RolesAsync(reader, new EntryQuery(EntryView.Shared, null, null, null, 10));
            Assert.Equal(2, statements.Count);
        }
    }

    [Fact]
    public async Task Answers_to_an_editor_tell_his_role_and_the_feed_tells_it_beside_the_entry()
    {
        var owner = await host.SignUpAsync();
        var editor = await host.SignUpAsync();
        var folder = await owner.FolderAsync("folder");
        var file = (await owner.WriteFileAsync("file", [1], parentId: folder)).Entry!.Id;
        await owner.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
        var cursor = (await editor.Grain.ReadChangesAsync(ChangeFeedCursors.Now, 1)).Cursor;
        var upload = await editor.CreateAsync(TestUser.Command("by session", 1, parentId: folder));
        await editor.PutAllAsync(upload, [2]);

        foreach (var made in (EntryResult[])
        [
            await editor.ChangeAsync(file, name: "renamed"),
            await editor.WriteFileAsync("by request", [3], parentId: folder),
            await editor.CompleteAsync(upload.Id),
            await editor.File(Ids.New(Ids.File)).CreateFolderAsync(new CreateFolderCommand("inner", folder)),
            await editor.File(Ids.New(Ids.File)).CopyFromAsync(new CopyFileCommand(file, "copy", true, folder, OnConflict.Fail)),
            await editor.File(file).RestoreVersionAsync(1),
        ])
        {
            Assert.Null(made.Refusal);
            Assert.Equal((owner.Id, folder, ShareRole.Editor), (made.Entry!.OwnerId, made.Entry.ParentId, made.Entry.Role));
            Assert.Null(await RoleAsync(owner, made.Entry.Id));
        }

        var own = (await editor.File(Ids.New(Ids.File)).CopyFromAsync(new CopyFileCommand(file, "own", false, null, OnConflict.Fail))).Entry!;
        Assert.Equal((editor.Id, null), (own.OwnerId, own.Role));
        var changes = (await editor.Grain.ReadChangesAsync(cursor, 100)).Changes;
        Assert.Contains(changes, change => change is { Role: FeedRole.Editor, Entry: not null });
        Assert.All(changes, change => Assert.Null(change.Entry?.Role));
    }

    [Fact]
    public async Task Entry_that_stands_twice_in_a_page_has_its_role_twice()
    {
        var (owner, viewer) = (await host.SignUpAsync(), await host.SignUpAsync());
        var file = (await owner.WriteFileAsync("file", [1])).Entry!;
        await owner.File(file.Id).ShareAsync(viewer.Id, ShareRole.Viewer);

        var shown = await host.Services.GetRequiredService<EntryRoles>().ShowAsync([file, file with { Name = "renamed" }], viewer.Id, CancellationToken.None);

        Assert.Equal([("file", ShareRole.Viewer), ("renamed", ShareRole.Viewer)], shown.ConvertAll(entry => (entry.Name, entry.Role!.Value)));
    }

    private static async Task<ShareRole?> RoleAsync(TestUser reader, string id) => (await reader.File(id).GetAsync()).Entry!.Role;

    private static async Task<List<(string Name, ShareRole? Role)>> RolesAsync(TestUser reader, EntryQuery query)
    {
        var page = await reader.Grain.ListFilesAsync(query);
        Assert.Null(page.Refusal);
        return page.Entries.ConvertAll(entry => (entry.Name, entry.Role));
    }
}
