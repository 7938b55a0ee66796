using System.Security.Cryptography;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>Uploads of those with whom a folder or a file is shared: into the owner's name space, on the owner's quota, under the uploader's name.</summary>
public sealed class UploaderTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    private const int Size = 100;

    [Fact]
    public async Task Editor_makes_files_and_folders_that_are_the_owners()
    {
        var (owner, editor, folder) = await SharedFolderAsync(ShareRole.Editor);
        var inner = await editor.FolderAsync("inner", folder);
        var small = (await editor.WriteFileAsync("small", GrainsHost.Bytes(Size), parentId: inner)).Entry!;
        var upload = await editor.CreateAsync(TestUser.Command("large", Size, parentId: inner));
        Assert.Equal((owner.Id, editor.Id), (upload.OwnerId, upload.UploaderId));
        Assert.Equal((Size, Size), await BytesAsync(owner));
        await editor.PutAllAsync(upload, GrainsHost.Bytes(Size, 2));
        var large = (await editor.CompleteAsync(upload.Id)).Entry!;

        Assert.All([small, large], file => Assert.Equal((owner.Id, inner), (file.OwnerId, file.ParentId)));
        Assert.Equal(owner.Id, (await editor.File(inner).GetAsync()).Entry!.OwnerId);
        Assert.Equal((2 * Size, 0), await BytesAsync(owner));
        Assert.Equal((0, 0), await BytesAsync(editor));
        Assert.Equal(large, (await editor.CompleteAsync(upload.Id)).Entry);
        Assert.Equal(2L, await host.ScalarAsync<long>("SELECT count(*) FROM file_versions WHERE made_by = $1", editor.Id));
        Assert.Equal(["large", "small"], (await owner.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, inner, null, null, 10))).Entries.Select(entry => entry.Name));

        // Repeats find what they have made.
        Assert.Equal(small.Id, (await editor.WriteFileAsync("small", GrainsHost.Bytes(Size), small.Id, parentId: inner)).Entry!.Id);
        Assert.Equal(inner, (await editor.File(inner).CreateFolderAsync(new CreateFolderCommand("inner", folder))).Entry!.Id);
        Assert.Equal(RefusalReason.NameTaken, (await editor.WriteFileAsync("SMALL", [1], parentId: inner)).Refusal!.Reason);
    }

    [Fact]
    public async Task Editor_of_a_file_alone_adds_versions_and_nothing_beside_it()
    {
        var owner = await host.SignUpAsync();
        var editor = await host.SignUpAsync();
        var folder = await owner.FolderAsync("private");
        var file = (await owner.WriteFileAsync("notes.txt", GrainsHost.Bytes(Size), parentId: folder)).Entry!;
        await owner.File(file.Id).ShareAsync(editor.Id, ShareRole.Editor);

        var second = await UploadAsync(editor, Version(file.Id), 2);
        Assert.Equal((2, null), (second.Entry!.Version, second.Entry.ParentId));
        Assert.Equal(folder, (await owner.File(file.Id).GetAsync()).Entry!.ParentId);
        Assert.Null((await editor.File(file.Id).GetAsync()).Entry!.ParentId);
        Assert.Null((await editor.ChangeAsync(file.Id, name: "renamed.txt")).Entry!.ParentId);
        Assert.Null((await editor.File(file.Id).RestoreVersionAsync(1)).Entry!.ParentId);
        Assert.Null(Assert.Single((await editor.Grain.ListFilesAsync(new EntryQuery(EntryView.Shared, null, null, null, 10))).Entries).ParentId);

        var beside = await editor.CreateAsync(Version(file.Id) with { ExpectedVersion = 1, OnConflict = OnConflict.Rename });
        await editor.PutAllAsync(beside, GrainsHost.Bytes(Size, 4));
        Assert.Equal(RefusalReason.VersionConflict, (await editor.CompleteAsync(beside.Id)).Refusal!.Reason);
        Assert.Equal(UploadState.Assembled, (await editor.Session(beside.Id).GetAsync(0, 1)).Upload!.State);
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM entries WHERE parent_id = $1", folder));
        Assert.Equal(RefusalReason.NotFound, (await editor.WriteFileAsync("x", [1], parentId: folder)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await editor.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command("x", 1, parentId: folder))).Refusal!.Reason);
    }

    [Fact]
    public async Task Upload_to_a_file_in_the_trash_tells_its_owner_so_and_is_one_to_nothing_for_all_others()
    {
        var (owner, editor, stranger) = (await host.SignUpAsync(), await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await owner.FolderAsync("folder");
        var file = (await owner.WriteFileAsync("file.bin", [1], parentId: folder)).Entry!.Id;
        await owner.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
        var command = TestUser.Command("file.bin", 3) with { Name = null, FileId = file };
        var begun = await owner.CreateAsync(command);
        await owner.PutAllAsync(begun, [1, 2, 3]);
        foreach (var trashed in (string[])[file, folder])
        {
            Assert.Null((await owner.File(trashed).DeleteAsync(permanent: false)).Refusal);
            Assert.Equal(RefusalReason.InTrash, (await owner.Session(Ids.New(Ids.Upload)).CreateAsync(command)).Refusal!.Reason);
            Assert.Equal(RefusalReason.InTrash, (await owner.Session(Ids.New(Ids.Upload)).CreateAsync(command with { ExpectedVersion = 1 })).Refusal!.Reason);
            var others = new List<Refusal?>();
            foreach (var id in (string[])[file, Ids.New(Ids.File)])
            {
                others.Add((await editor.Session(Ids.New(Ids.Upload)).CreateAsync(command with { FileId = id })).Refusal);
                others.Add((await stranger.Session(Ids.New(Ids.Upload)).CreateAsync(command with { FileId = id })).Refusal);
            }

            Assert.Equal(RefusalReason.NotFound, Assert.Single(others.Distinct())!.Reason);
            Assert.Equal(RefusalReason.InTrash, (await owner.CompleteAsync(begun.Id)).Refusal!.Reason);
            Assert.Equal(UploadState.Assembled, (await owner.Session(begun.Id).GetAsync(0, 1)).Upload!.State);
            Assert.Null((await owner.File(trashed).RestoreAsync()).Refusal);
        }

        Assert.Equal(2, (await owner.CompleteAsync(begun.Id)).Entry!.Version);
    }

    [Fact]
    public async Task Conflicted_copy_of_an_editor_bears_the_editors_name()
    {
        var (owner, editor, folder) = await SharedFolderAsync(ShareRole.Editor);
        var file = (await owner.WriteFileAsync("notes.txt", GrainsHost.Bytes(Size), parentId: folder)).Entry!;
        await UploadAsync(owner, Version(file.Id), 2);

        var copy = (await UploadAsync(editor, Version(file.Id) with { ExpectedVersion = 1, OnConflict = OnConflict.Rename }, 3)).Entry!;

        Assert.StartsWith($"notes (conflicted copy of {editor.Email.Split('@')[0]} ", copy.Name, StringComparison.Ordinal);
        Assert.Equal((owner.Id, folder), (copy.OwnerId, copy.ParentId));
    }

    [Theory]
    [InlineData("viewer", RefusalReason.Forbidden)]
    [InlineData("stranger", RefusalReason.NotFound)]
    [InlineData("stranger of the public", RefusalReason.Forbidden)]
    [InlineData("editor of the trash", RefusalReason.NotFound)]
    public async Task Who_may_not_write_is_refused_and_nothing_is_reserved(string principal, RefusalReason reason)
    {
        var (owner, somebody, folder) = await SharedFolderAsync(principal switch { "viewer" => ShareRole.Viewer, "editor of the trash" => ShareRole.Editor, _ => null });
        var file = (await owner.WriteFileAsync("file", GrainsHost.Bytes(Size), parentId: folder)).Entry!;
        if (principal == "stranger of the public")
        {
            await owner.ChangeAsync(folder, visibility: Visibility.Public);
            await owner.ChangeAsync(file.Id, visibility: Visibility.Public);
        }

        if (principal == "editor of the trash")
            await owner.File(folder).DeleteAsync(permanent: false);

        Refusal?[] refusals =
        [
            (await somebody.WriteFileAsync("x", [1], parentId: folder)).Refusal,
            (await somebody.File(Ids.New(Ids.File)).CreateFolderAsync(new CreateFolderCommand("x", folder))).Refusal,
            (await somebody.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command("x", 1, parentId: folder))).Refusal,
            (await somebody.Session(Ids.New(Ids.Upload)).CreateAsync(Version(file.Id))).Refusal,
        ];

        Assert.All(refusals, refusal => Assert.Equal(reason, refusal!.Reason));
        Assert.Equal((Size, 0), await BytesAsync(owner));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM uploads WHERE owner_id = $1", owner.Id));
    }

    [Theory]
    [InlineData(null, RefusalReason.NotFound)]
    [InlineData(ShareRole.Viewer, RefusalReason.Forbidden)]
    public async Task Right_that_was_lost_meanwhile_leaves_the_content_assembled(ShareRole? left, RefusalReason reason)
    {
        var (owner, editor, folder) = await SharedFolderAsync(ShareRole.Editor);
        var file = (await owner.WriteFileAsync("file", GrainsHost.Bytes(Size), parentId: folder)).Entry!;
        foreach (var command in (CreateUploadCommand[])[TestUser.Command("new", Size, parentId: folder), Version(file.Id)])
        {
            await owner.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
            var upload = await editor.CreateAsync(command);
            await editor.PutAllAsync(upload, GrainsHost.Bytes(Size, 7));
            if (left is { } role)
                await owner.File(folder).ShareAsync(editor.Id, role);
            else
                await owner.File(folder).UnshareAsync(editor.Id);

            Assert.Equal(reason, (await editor.CompleteAsync(upload.Id)).Refusal!.Reason);
            Assert.Equal(UploadState.Assembled, (await editor.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
            await owner.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
            Assert.Equal(owner.Id, (await editor.CompleteAsync(upload.Id)).Entry!.OwnerId);
        }
    }

    [Fact]
    public async Task Session_is_the_uploaders_and_its_owner_sees_and_ends_it()
    {
        var (owner, editor, folder) = await SharedFolderAsync(ShareRole.Editor);
        var other = await host.SignUpAsync();
        await owner.File(folder).ShareAsync(other.Id, ShareRole.Editor);
        var upload = await editor.CreateAsync(TestUser.Command("file", Size, parentId: folder));
        var own = await editor.CreateAsync("own", 1);

        string[] both = [.. new[] { own.Id, upload.Id }.OrderDescending(StringComparer.Ordinal)];
        Assert.Equal(both, await UploadsAsync(editor, 10));
        Assert.Equal(both, await UploadsAsync(editor, 1));
        Assert.Equal([upload.Id], await UploadsAsync(owner, 10));
        Assert.Empty(await UploadsAsync(other, 10));
        Assert.Equal(editor.Id, (await owner.Session(upload.Id).GetAsync(0, 1)).Upload!.UploaderId);
        Assert.Equal(RefusalReason.NotFound, (await owner.PutAsync(upload.Id, 1, GrainsHost.Bytes(Size))).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await owner.CompleteAsync(upload.Id)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await other.Session(upload.Id).GetAsync(0, 1)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await other.Session(upload.Id).AbortAsync()).Refusal!.Reason);

        Assert.Null((await owner.Session(upload.Id).AbortAsync()).Refusal);
        Assert.Equal(RefusalReason.UploadClosed, (await editor.PutAsync(upload.Id, 1, GrainsHost.Bytes(Size))).Refusal!.Reason);
        Assert.Equal((0, 0), await BytesAsync(owner));
    }

    [Fact]
    public async Task Quota_is_the_owners_and_a_growing_session_takes_none_without_the_right()
    {
        var (owner, editor, folder) = await SharedFolderAsync(ShareRole.Editor);
        var growing = await editor.CreateAsync(TestUser.Command("growing", null, parentId: folder));
        Assert.Null((await editor.PutAsync(growing.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize))).Refusal);
        Assert.Equal((0, GrainsHost.PartSize), await BytesAsync(owner));
        await owner.File(folder).UnshareAsync(editor.Id);
        Assert.Equal(RefusalReason.NotFound, (await editor.PutAsync(growing.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize))).Refusal!.Reason);
        Assert.Equal((0, GrainsHost.PartSize), await BytesAsync(owner));

        await owner.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
        await host.ExecuteAsync("UPDATE users SET quota_bytes = used_bytes + reserved_bytes + 10 WHERE id = $1", owner.Id);
        Assert.Equal(RefusalReason.QuotaExceeded, (await editor.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command("x", 11, parentId: folder))).Refusal!.Reason);
        Assert.Equal(RefusalReason.QuotaExceeded, (await editor.WriteFileAsync("x", GrainsHost.Bytes(11), parentId: folder)).Refusal!.Reason);
        Assert.Null((await editor.WriteFileAsync("x", GrainsHost.Bytes(10), parentId: folder)).Refusal);
    }

    [Fact]
    public async Task Owner_is_not_written_as_an_uploader()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("file", 1);
        Assert.Null(upload.UploaderId);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => host.ExecuteAsync("UPDATE uploads SET uploader_id = owner_id WHERE id = $1", upload.Id));
    }

    private async Task<(TestUser Owner, TestUser Somebody, string Folder)> SharedFolderAsync(ShareRole? role)
    {
        var owner = await host.SignUpAsync();
        var somebody = await host.SignUpAsync();
        var folder = await owner.FolderAsync("shared", await owner.FolderAsync("outer"));
        if (role is { } granted)
            Assert.Null((await owner.File(folder).ShareAsync(somebody.Id, granted)).Refusal);
        return (owner, somebody, folder);
    }

    private static async Task<(long Used, long Reserved)> BytesAsync(TestUser user)
    {
        var profile = await user.ProfileAsync();
        return (profile.UsedBytes, profile.ReservedBytes);
    }

    private static CreateUploadCommand Version(string fileId) => TestUser.Command("", Size) with { Name = null, FileId = fileId };

    private static async Task<EntryResult> UploadAsync(TestUser user, CreateUploadCommand command, int seed)
    {
        var upload = await user.CreateAsync(command);
        var content = GrainsHost.Bytes(Size, seed);
        Assert.Null((await user.Writer().WritePartAsync(new WritePartCommand(upload.Id, 1, new PartContent(content), SHA256.HashData(content)))).Refusal);
        return await user.CompleteAsync(upload.Id);
    }

    private static async Task<List<string>> UploadsAsync(TestUser user, int limit)
    {
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            var page = await user.Grain.ListUploadsAsync(cursor, limit);
            ids.AddRange(page.Uploads.Select(upload => upload.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return ids;
    }
}
