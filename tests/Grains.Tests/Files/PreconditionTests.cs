using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Files;

/// <summary>What a change demands of an entry, and what editors don't bring about by the way.</summary>
public sealed class PreconditionTests(VersionHost host) : IClassFixture<VersionHost>
{
    private static readonly string[] Wrong = ["m0", "m99", "nonsense", "m", "m123456789012345678901234567890", ""];

    [Fact]
    public async Task Changes_of_what_has_another_tag_are_refused_and_tell_the_one_there_is()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("file", [1])).Entry!.Id;
        await UploadAsync(user, file, 2);
        Refusal?[] refusals =
        [
            (await user.File(file).ChangeAsync(new ChangeEntryCommand("x", false, null, null, null, Wrong))).Refusal,
            (await user.File(file).DeleteMatchingAsync(permanent: false, Wrong)).Refusal,
            (await user.File(file).DeleteMatchingAsync(permanent: true, [])).Refusal,
            (await user.File(file).RestoreMatchingAsync(Wrong)).Refusal,
            (await user.File(file).RestoreVersionMatchingAsync(1, Wrong)).Refusal,
        ];
        Assert.All(refusals, refusal => Assert.Equal((RefusalReason.VersionConflict, 2, "m2"), (refusal!.Reason, refusal.CurrentVersion, refusal.CurrentTag)));
        Assert.Null((await user.File(file).GetAsync()).Entry!.DeletedAt);

        // The content's tag and the metadata's: each is raised by its own changes.
        var content = (await user.File(file).OpenContentAsync(null)).Content!.ETag;
        Assert.Null((await user.File(file).ChangeAsync(new ChangeEntryCommand("y", false, null, null, null, [.. Wrong, content]))).Refusal);
        Assert.Equal(3, (await user.File(file).RestoreVersionMatchingAsync(1, ["m3"])).Entry!.Version);
        Assert.Equal(RefusalReason.VersionConflict, (await user.File(file).DeleteMatchingAsync(permanent: false, [content])).Refusal!.Reason);
        Assert.Null((await user.File(file).DeleteMatchingAsync(permanent: false, ["m4"])).Refusal);
        Assert.Null((await user.File(file).RestoreMatchingAsync(["m5"])).Refusal);
        Assert.Null((await user.File(file).DeleteMatchingAsync(permanent: true, ["m6"])).Refusal);
        Assert.Equal(RefusalReason.NotFound, (await user.File(file).GetAsync()).Refusal!.Reason);
    }

    [Fact]
    public async Task Upload_of_a_version_demands_the_tag_at_its_begin_and_the_version_at_its_end()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("file.txt", [1])).Entry!.Id;
        var first = (await user.File(file).OpenContentAsync(null)).Content!.ETag;
        var late = await user.CreateAsync(Version(file) with { ExpectedTags = [first] });
        var kept = await user.CreateAsync(Version(file) with { ExpectedTags = ["m1"], OnConflict = OnConflict.Rename });
        await UploadAsync(user, file, 2);

        var begun = (await user.Session(Ids.New(Ids.Upload)).CreateAsync(Version(file) with { ExpectedTags = [first] })).Refusal!;
        var second = (await user.File(file).OpenContentAsync(null)).Content!.ETag;
        Assert.Equal((RefusalReason.VersionConflict, 2, second), (begun.Reason, begun.CurrentVersion, begun.CurrentTag));
        await user.PutAllAsync(late, Content(3));
        var ended = (await user.CompleteAsync(late.Id)).Refusal!;
        Assert.Equal((RefusalReason.VersionConflict, 2, second), (ended.Reason, ended.CurrentVersion, ended.CurrentTag));
        await user.PutAllAsync(kept, Content(3));
        Assert.StartsWith("file (conflicted copy of ", (await user.CompleteAsync(kept.Id)).Entry!.Name, StringComparison.Ordinal);
        var beside = await user.CreateAsync(Version(file) with { ExpectedTags = Wrong, OnConflict = OnConflict.Rename });
        await user.PutAllAsync(beside, Content(3));
        Assert.StartsWith("file (conflicted copy of ", (await user.CompleteAsync(beside.Id)).Entry!.Name, StringComparison.Ordinal);
        Assert.Equal(RefusalReason.Invalid, (await user.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command("new", 1) with { ExpectedTags = [first] })).Refusal!.Reason);
        Assert.Equal(RefusalReason.Invalid, (await user.Session(Ids.New(Ids.Upload)).CreateAsync(Version(file) with { ExpectedVersion = 1, ExpectedTags = [first] })).Refusal!.Reason);
    }

    [Fact]
    public async Task Entry_in_a_folder_of_the_trash_is_not_put_there_again_but_removed_for_good()
    {
        var user = await host.SignUpAsync();
        var folder = await user.FolderAsync("folder");
        var kept = (await user.WriteFileAsync("kept", [1], parentId: folder)).Entry!.Id;
        var gone = (await user.WriteFileAsync("gone", [1], parentId: folder)).Entry!.Id;
        await user.File(folder).DeleteAsync(permanent: false);

        Assert.Equal(RefusalReason.InTrash, (await user.File(kept).DeleteAsync(permanent: false)).Refusal!.Reason);
        Assert.Equal(RefusalReason.InTrash, (await user.File(kept).DeleteMatchingAsync(permanent: false, ["m1"])).Refusal!.Reason);
        Assert.Null((await user.File(folder).DeleteAsync(permanent: false)).Refusal);
        Assert.Null((await user.File(gone).DeleteMatchingAsync(permanent: true, ["m1"])).Refusal);
        await user.File(folder).RestoreAsync();

        Assert.Equal([kept], (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, folder, null, null, 10))).Entries.Select(entry => entry.Id));
    }

    [Fact]
    public async Task Editor_who_does_not_see_the_folder_learns_no_name_in_it_by_a_refusal()
    {
        var owner = await host.SignUpAsync();
        var editor = await host.SignUpAsync();
        var folder = await owner.FolderAsync("private");
        await owner.WriteFileAsync("Secret.txt", [1], parentId: folder);
        var file = (await owner.WriteFileAsync("file.txt", [2], parentId: folder)).Entry!.Id;
        await owner.File(file).ShareAsync(editor.Id, ShareRole.Editor);

        Assert.Equal("secret (1).txt", (await editor.ChangeAsync(file, name: "secret.txt")).Entry!.Name);
        Assert.Equal("SECRET (1).txt", (await editor.ChangeAsync(file, name: "SECRET (1).txt")).Entry!.Name);
        Assert.Equal(RefusalReason.NameTaken, (await owner.ChangeAsync(file, name: "secret.txt")).Refusal!.Reason);
        await owner.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
        Assert.Equal(RefusalReason.NameTaken, (await editor.ChangeAsync(file, name: "secret.txt")).Refusal!.Reason);
    }

    [Fact]
    public async Task Restoring_in_turns_pushes_no_content_out()
    {
        var owner = await host.SignUpAsync();
        var editor = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", Content(1))).Entry!.Id;
        for (var seed = 2; seed <= 4; seed++)
            await UploadAsync(owner, file, seed);
        await owner.File(file).ShareAsync(editor.Id, ShareRole.Editor);

        for (var turn = 0; turn < 3 * VersionHost.CountMax; turn++)
        {
            var versions = (await editor.File(file).ListVersionsAsync(null, 100)).Versions;
            Assert.InRange(versions.Count, 1, VersionHost.CountMax);
            Assert.Null((await editor.File(file).RestoreVersionAsync(versions.First(version => version.SizeBytes == (turn % 2 == 0 ? 30 : 40)).Number)).Refusal);
        }

        var left = (await owner.File(file).ListVersionsAsync(null, 100)).Versions;
        Assert.Equal([10, 20, 30, 40], left.Select(version => version.SizeBytes).Distinct().Order());
        Assert.Equal((owner.Id, editor.Id), (left[^1].MadeBy, left[0].MadeBy));
        Assert.Equal(100L, (await owner.ProfileAsync()).UsedBytes);
    }

    [Fact]
    public async Task Content_whose_place_was_lost_comes_to_a_folder_of_the_uploaders_own()
    {
        var owner = await host.SignUpAsync();
        var editor = await host.SignUpAsync();
        var shared = await owner.FolderAsync("shared");
        var own = await editor.FolderAsync("own");
        await owner.File(shared).ShareAsync(editor.Id, ShareRole.Editor);
        var file = (await owner.WriteFileAsync("file", [1], parentId: shared)).Entry!.Id;
        foreach (var command in (CreateUploadCommand[])[TestUser.Command("new", 20, parentId: shared), Version(file) with { SizeBytes = 20 }])
        {
            await owner.File(shared).ShareAsync(editor.Id, ShareRole.Editor);
            var upload = await editor.CreateAsync(command);
            await editor.PutAllAsync(upload, Content(2));
            await owner.File(shared).UnshareAsync(editor.Id);
            Assert.Equal(RefusalReason.NotFound, (await editor.CompleteAsync(upload.Id)).Refusal!.Reason);
            Assert.Equal(RefusalReason.NotFound, (await CompleteInAsync(editor, upload.Id, Ids.New(Ids.File))).Refusal!.Reason);

            var kept = (await CompleteInAsync(editor, upload.Id, own)).Entry!;
            Assert.Equal((editor.Id, own, 20L), (kept.OwnerId, kept.ParentId, kept.SizeBytes));
            Assert.Equal(Content(2), await editor.ReadAsync(kept.Id));
        }

        var (his, hers) = (await editor.ProfileAsync(), await owner.ProfileAsync());
        Assert.Equal((40L, 0L, 1L, 0L), (his.UsedBytes, his.ReservedBytes, hers.UsedBytes, hers.ReservedBytes));
        Assert.Equal(["file", "new"], (await editor.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, own, null, null, 10))).Entries.Select(entry => entry.Name));
    }

    [Fact]
    public async Task Content_does_not_come_to_a_folder_whose_owner_has_no_room_or_where_its_uploader_only_reads()
    {
        var owner = await host.SignUpAsync();
        var editor = await host.SignUpAsync();
        var other = await host.SignUpAsync();
        var folder = await owner.FolderAsync("theirs");
        var full = await other.FolderAsync("full");
        await owner.File(folder).ShareAsync(editor.Id, ShareRole.Viewer);
        await other.File(full).ShareAsync(editor.Id, ShareRole.Editor);
        await host.ExecuteAsync("UPDATE users SET quota_bytes = 19 WHERE id = $1", other.Id);
        var upload = await editor.CreateAsync("mine", 20);
        await editor.PutAllAsync(upload, Content(2));

        Assert.Equal(RefusalReason.Forbidden, (await CompleteInAsync(editor, upload.Id, folder)).Refusal!.Reason);
        Assert.Equal(RefusalReason.QuotaExceeded, (await CompleteInAsync(editor, upload.Id, full)).Refusal!.Reason);
        Assert.Equal(20L, (await editor.ProfileAsync()).ReservedBytes);
        await owner.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
        Assert.Equal(owner.Id, (await CompleteInAsync(editor, upload.Id, folder)).Entry!.OwnerId);
        Assert.Equal((0L, 20L), ((await editor.ProfileAsync()).ReservedBytes, (await owner.ProfileAsync()).UsedBytes));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(GrainsHost.PartSize + 20)]
    public async Task Content_whose_folder_was_lost_comes_to_the_root_of_who_uploaded_it(int size)
    {
        var owner = await host.SignUpAsync();
        var editor = await host.SignUpAsync();
        var folder = await owner.FolderAsync("theirs");
        await owner.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
        var shared = await editor.CreateAsync(TestUser.Command("shared", size, parentId: folder));
        var gone = await editor.FolderAsync("gone");
        var own = await editor.CreateAsync(TestUser.Command("own", size, parentId: gone));
        var open = await editor.CreateAsync(TestUser.Command("open", size, parentId: await editor.FolderAsync("kept")));
        foreach (var upload in (UploadInfo[])[shared, own, open])
            await editor.PutAllAsync(upload, GrainsHost.Bytes(size));
        await owner.File(folder).UnshareAsync(editor.Id);
        await editor.File(gone).DeleteAsync(permanent: true);
        foreach (var upload in (UploadInfo[])[shared, own])
            Assert.Equal(RefusalReason.NotFound, (await editor.CompleteAsync(upload.Id)).Refusal!.Reason);

        foreach (var upload in (UploadInfo[])[shared, own, open])
        {
            var made = await editor.CompleteAsync(upload.Id, ToRoot);
            Assert.Null(made.Refusal);
            Assert.Equal((editor.Id, null, (long)size), (made.Entry!.OwnerId, made.Entry.ParentId, made.Entry.SizeBytes));
            Assert.Equal(made.Entry, (await editor.CompleteAsync(upload.Id, ToRoot)).Entry);
        }

        var (his, hers) = (await editor.ProfileAsync(), await owner.ProfileAsync());
        Assert.Equal((3L * size, 0L, 0L, 0L), (his.UsedBytes, his.ReservedBytes, hers.UsedBytes, hers.ReservedBytes));
        Assert.Equal(RefusalReason.NotFound, (await owner.CompleteAsync(shared.Id, ToRoot)).Refusal!.Reason);
    }

    private static CompleteUploadCommand ToRoot { get; } = new(null, null, null, null, null, null, ToRoot: true);

    private static Task<EntryResult> CompleteInAsync(TestUser user, string uploadId, string folder) =>
        user.CompleteAsync(uploadId, new CompleteUploadCommand(null, null, null, null, folder, null));

    private static byte[] Content(int seed) => GrainsHost.Bytes(seed * 10, seed);

    private static CreateUploadCommand Version(string fileId) => TestUser.Command("", 30) with { Name = null, FileId = fileId };

    private static async Task UploadAsync(TestUser user, string fileId, int seed)
    {
        var upload = await user.CreateAsync(Version(fileId) with { SizeBytes = seed * 10 });
        await user.PutAllAsync(upload, Content(seed));
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
    }
}
