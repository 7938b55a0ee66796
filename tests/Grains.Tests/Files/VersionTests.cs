using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Files;

public sealed class VersionTests(VersionHost host) : IClassFixture<VersionHost>
{
    [Fact]
    public async Task Versions_are_listed_read_restored_and_removed_and_an_object_counts_once()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("v.txt", Content(1))).Entry!;
        Assert.Null((await UploadAsync(user, file.Id, Content(2))).Refusal);
        Assert.Null((await UploadAsync(user, file.Id, Content(3))).Refusal);
        Assert.Equal([3, 2, 1], await NumbersAsync(user, file.Id));
        Assert.Equal(60L, (await user.ProfileAsync()).UsedBytes);

        var first = (await user.File(file.Id).OpenContentAsync(1)).Content!;
        Assert.Equal(Content(1), await host.ReadAsync(first.ObjectKey));
        var restored = (await user.File(file.Id).RestoreVersionAsync(1)).Entry!;
        Assert.Equal((4, 10L), (restored.Version, restored.SizeBytes));
        Assert.Equal(restored, (await user.File(file.Id).RestoreVersionAsync(1)).Entry);
        Assert.Equal(Content(1), await user.ReadAsync(file.Id));
        Assert.Equal(60L, (await user.ProfileAsync()).UsedBytes);

        // The object stays as long as one of its two versions does.
        Assert.Null((await user.File(file.Id).DeleteVersionAsync(1)).Refusal);
        Assert.Equal(60L, (await user.ProfileAsync()).UsedBytes);
        Assert.Null((await user.File(file.Id).DeleteVersionAsync(2)).Refusal);
        Assert.Equal(40L, (await user.ProfileAsync()).UsedBytes);
        Assert.Equal(RefusalReason.CurrentVersion, (await user.File(file.Id).DeleteVersionAsync(4)).Refusal!.Reason);
        Assert.Equal([4, 3], await NumbersAsync(user, file.Id));
        foreach (var missing in (int[])[0, -1, 1, 2, 5, int.MaxValue])
        {
            Assert.Equal(RefusalReason.NotFound, (await user.File(file.Id).OpenContentAsync(missing)).Refusal!.Reason);
            Assert.Equal(RefusalReason.NotFound, (await user.File(file.Id).RestoreVersionAsync(missing)).Refusal!.Reason);
            Assert.Equal(RefusalReason.NotFound, (await user.File(file.Id).DeleteVersionAsync(missing)).Refusal!.Reason);
        }

        await user.File(file.Id).DeleteAsync(permanent: true);
        Assert.Equal(0L, (await user.ProfileAsync()).UsedBytes);
        Assert.Equal(3L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE owner_id = $1 AND state = 'garbage'", user.Id));
    }

    [Fact]
    public async Task Unchanged_content_makes_no_version_and_reserves_nothing()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("same.txt", Content(5))).Entry!;

        var again = await UploadAsync(user, file.Id, Content(5));

        Assert.Equal(file, again.Entry);
        Assert.Equal([1], await NumbersAsync(user, file.Id));
        var profile = await user.ProfileAsync();
        Assert.Equal((50L, 0L), (profile.UsedBytes, profile.ReservedBytes));
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE owner_id = $1 AND state = 'live'", user.Id));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE owner_id = $1 AND state = 'intended'", user.Id));
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT change_seq FROM users WHERE id = $1", user.Id));
    }

    [Fact]
    public async Task Upload_to_another_version_than_expected_is_refused_or_kept_beside_the_file()
    {
        var user = await host.SignUpAsync();
        var folder = await user.FolderAsync("docs");
        var file = (await user.WriteFileAsync("notes.txt", Content(1), parentId: folder)).Entry!;
        var late = await user.CreateAsync(Version(file.Id, 20, expected: 1, OnConflict.Fail));
        var kept = await user.CreateAsync(Version(file.Id, 30, expected: 1, OnConflict.Rename));
        await user.PutAllAsync(late, Content(2));
        await user.PutAllAsync(kept, Content(3));
        Assert.Null((await UploadAsync(user, file.Id, Content(4))).Refusal);

        Assert.Equal(RefusalReason.VersionConflict, (await user.CompleteAsync(late.Id)).Refusal!.Reason);
        Assert.Equal(RefusalReason.VersionConflict, (await user.Session(Ids.New(Ids.Upload)).CreateAsync(Version(file.Id, 1, 1, OnConflict.Fail))).Refusal!.Reason);
        var copy = (await user.CompleteAsync(kept.Id)).Entry!;

        var today = TimeProvider.System.GetUtcNow();
        Assert.Matches($@"^notes \(conflicted copy of user\d+ {today:yyyy-MM}-\d\d\)\.txt$", copy.Name);
        Assert.Equal((folder, 1, 30L), (copy.ParentId, copy.Version, copy.SizeBytes));
        Assert.NotEqual(file.Id, copy.Id);
        Assert.Equal(copy, (await user.CompleteAsync(kept.Id)).Entry);
        Assert.Equal(2, (await user.File(file.Id).GetAsync()).Entry!.Version);
        Assert.Equal(Content(3), await user.ReadAsync(copy.Id));
    }

    [Fact]
    public async Task Versions_beyond_the_count_and_the_age_go()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("many.txt", Content(1))).Entry!;
        for (var i = 2; i <= VersionHost.CountMax + 2; i++)
            Assert.Null((await UploadAsync(user, file.Id, Content(i))).Refusal);
        Assert.Equal([7, 6, 5, 4, 3], await NumbersAsync(user, file.Id));

        await host.ExecuteAsync("UPDATE file_versions SET replaced_at = now() - interval '200 days' WHERE file_id = $1 AND number < 6", file.Id);
        await Janitor.RunAllAsync(host);

        Assert.Equal([7, 6], await NumbersAsync(user, file.Id));
        Assert.Equal(130L, (await user.ProfileAsync()).UsedBytes);
    }

    [Fact]
    public async Task Trash_goes_when_its_time_is_over_and_not_before()
    {
        var user = await host.SignUpAsync();
        var folder = await user.FolderAsync("old");
        await user.WriteFileAsync("in", Content(1), parentId: folder);
        var old = (await user.WriteFileAsync("old.txt", Content(2))).Entry!;
        var young = (await user.WriteFileAsync("young.txt", Content(3))).Entry!;
        foreach (var id in (string[])[folder, old.Id, young.Id])
            Assert.Null((await user.File(id).DeleteAsync(permanent: false)).Refusal);
        await host.ExecuteAsync("UPDATE entries SET deleted_at = now() - interval '31 days' WHERE id = ANY ($1)", (object)new[] { folder, old.Id });
        Assert.Equal(60L, (await user.ProfileAsync()).UsedBytes);

        await Janitor.RunAllAsync(host);

        Assert.Equal([young.Id], (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Trash, null, null, null, 100))).Entries.Select(entry => entry.Id));
        Assert.Equal(30L, (await user.ProfileAsync()).UsedBytes);
        // What was taken out in time stays, even when the janitor has seen it before.
        Assert.Null((await user.File(young.Id).RestoreAsync()).Refusal);
        Assert.Equal(0, await user.File(young.Id).ExpireTrashAsync(young.ModifiedAt));
        Assert.Null((await user.File(young.Id).GetAsync()).Entry!.DeletedAt);
    }

    [Fact]
    public async Task Visitor_of_a_public_file_reads_what_it_has_now_and_none_of_its_past()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("public.txt", Content(1))).Entry!;
        await UploadAsync(user, file.Id, Content(2));
        await user.ChangeAsync(file.Id, visibility: Visibility.Public);
        var visitor = await host.SignUpAsync();

        Assert.Equal(20L, (await visitor.File(file.Id).OpenContentAsync(null)).Content!.SizeBytes);
        Assert.Equal(RefusalReason.Forbidden, (await visitor.File(file.Id).OpenContentAsync(1)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Forbidden, (await visitor.File(file.Id).ListVersionsAsync(null, 10)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Forbidden, (await visitor.File(file.Id).RestoreVersionAsync(1)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Forbidden, (await visitor.File(file.Id).DeleteVersionAsync(1)).Refusal!.Reason);
        await user.ChangeAsync(file.Id, visibility: Visibility.Private);
        Assert.Equal(RefusalReason.NotFound, (await visitor.File(file.Id).ListVersionsAsync(null, 10)).Refusal!.Reason);
    }

    [Fact]
    public async Task Version_pages_show_each_version_once_and_cursors_are_of_one_file()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("paged.txt", Content(1))).Entry!;
        var other = (await user.WriteFileAsync("other.txt", Content(1))).Entry!;
        for (var i = 2; i <= 4; i++)
            await UploadAsync(user, file.Id, Content(i));

        var page = await user.File(file.Id).ListVersionsAsync(null, 3);
        Assert.Equal([4, 3, 2], page.Versions.Select(version => version.Number));
        Assert.Equal([1], (await user.File(file.Id).ListVersionsAsync(page.NextCursor, 3)).Versions.Select(version => version.Number));
        Assert.Equal(RefusalReason.Invalid, (await user.File(other.Id).ListVersionsAsync(page.NextCursor, 3)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Invalid, (await user.File(file.Id).ListVersionsAsync(null, 0)).Refusal!.Reason);
    }

    [Fact]
    public async Task Uploads_restores_and_removals_of_versions_at_once_keep_the_quota_exact()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("race.txt", Content(1))).Entry!;
        await Task.WhenAll(Enumerable.Range(2, 12).Select(i => Task.Run(async () =>
        {
            await UploadAsync(user, file.Id, Content(i));
            await user.File(file.Id).RestoreVersionAsync(i / 2);
            await user.File(file.Id).DeleteVersionAsync(i / 3);
        })));

        Assert.Equal(
            await host.ScalarAsync<long>("SELECT sum(size_bytes)::bigint FROM objects WHERE owner_id = $1 AND state = 'live'", user.Id),
            (await user.ProfileAsync()).UsedBytes);
        Assert.Equal(0L, await host.ScalarAsync<long>(
            """
            SELECT count(*) FROM objects o WHERE owner_id = $1
            AND (o.state = 'live') IS DISTINCT FROM EXISTS (SELECT 1 FROM file_versions v WHERE v.object_key = o.key)
            """,
            user.Id));
        Assert.Equal(0L, (await user.ProfileAsync()).ReservedBytes);
    }

    private static byte[] Content(int seed) => GrainsHost.Bytes(10 * seed, seed);

    private static CreateUploadCommand Version(string fileId, long size, int? expected, OnConflict onConflict) =>
        new(null, size, "text/plain", null, UploadMode.Proxied, GrainsHost.PartSize, fileId, expected, null, onConflict);

    private static async Task<EntryResult> UploadAsync(TestUser user, string fileId, byte[] content)
    {
        var upload = await user.CreateAsync(Version(fileId, content.Length, null, OnConflict.Fail));
        await user.PutAllAsync(upload, content);
        return await user.CompleteAsync(upload.Id);
    }

    private static async Task<List<int>> NumbersAsync(TestUser user, string fileId) =>
        (await user.File(fileId).ListVersionsAsync(null, 100)).Versions.Select(version => version.Number).ToList();
}

/// <summary>A silo that keeps few versions.</summary>
public sealed class VersionHost : GrainsHost
{
    public const int CountMax = 5;

    public VersionHost() => Settings["GrainVault:Limits:VersionCountMax"] = "5";
}
