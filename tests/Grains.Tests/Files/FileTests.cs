using GrainVault.Files;
using GrainVault.Grains.Tests.Support;

namespace GrainVault.Grains.Tests.Files;

public sealed class FileTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Repeat_with_the_same_file_id_returns_the_first_result()
    {
        var user = await host.SignUpAsync();
        var id = Ids.New(Ids.File);
        var first = await user.WriteFileAsync("once.bin", [1, 2], id);
        var second = await user.WriteFileAsync("once.bin", [1, 2], id);

        Assert.Equal(first.Entry, second.Entry);
        Assert.Equal(2L, (await user.ProfileAsync()).UsedBytes);
        Assert.Equal(RefusalReason.NotFound, (await (await host.SignUpAsync()).WriteFileAsync("once.bin", [1, 2], id)).Refusal!.Reason);
    }

    [Fact]
    public async Task Sixteen_writes_of_one_name_make_one_file()
    {
        var user = await host.SignUpAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => user.WriteFileAsync(i % 2 == 0 ? "same.txt" : "SAME.txt", [(byte)i])));

        Assert.Single(results, result => result.Refusal is null);
        Assert.All(results.Where(result => result.Refusal is not null), result => Assert.Equal(RefusalReason.NameTaken, result.Refusal!.Reason));
        Assert.Equal(1L, (await user.ProfileAsync()).UsedBytes);
    }

    [Fact]
    public async Task Sixteen_writes_that_may_rename_get_sixteen_names()
    {
        var user = await host.SignUpAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => user.WriteFileAsync("photo.jpg", [(byte)i], onConflict: OnConflict.Rename)));

        Assert.Equal(
            Enumerable.Range(1, 15).Select(i => $"photo ({i}).jpg").Append("photo.jpg").Order(StringComparer.Ordinal),
            results.Select(result => result.Entry!.Name).Order(StringComparer.Ordinal));
        Assert.Equal(16L, await host.ScalarAsync<long>("SELECT max(seq) FROM changes WHERE owner_id = $1", user.Id));
    }

    [Theory]
    [InlineData("name.ext", "name (1).ext")]
    [InlineData("name", "name (1)")]
    [InlineData(".hidden", ".hidden (1)")]
    [InlineData("a.tar.gz", "a.tar (1).gz")]
    public void Numbered_name_keeps_the_extension(string name, string expected) => Assert.Equal(expected, EntryNames.Numbered(name, 1));

    [Fact]
    public void Numbered_name_stays_within_255_bytes_and_whole_characters()
    {
        var numbered = EntryNames.Numbered(string.Concat(Enumerable.Repeat("\U0001F600", 62)) + ".jpeg", 999);

        Assert.Null(EntryNames.Check(numbered));
        Assert.EndsWith("\U0001F600 (999).jpeg", numbered, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strangers_learn_nothing_of_a_private_file_and_read_a_public_one()
    {
        var owner = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("shown.bin", [1])).Entry!;
        var stranger = await host.SignUpAsync();
        Assert.Equal(RefusalReason.NotFound, (await stranger.File(file.Id).GetAsync()).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await stranger.File(file.Id).OpenContentAsync(null)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await stranger.File(file.Id).DeleteAsync(permanent: true)).Refusal!.Reason);

        await host.ExecuteAsync("UPDATE entries SET visibility = 2 WHERE id = $1", file.Id);
        Assert.Null((await stranger.File(file.Id).OpenContentAsync(null)).Refusal);
        Assert.Equal(RefusalReason.Forbidden, (await stranger.File(file.Id).DeleteAsync(permanent: true)).Refusal!.Reason);
        await owner.File(file.Id).DeleteAsync(permanent: false);
        Assert.Equal(RefusalReason.NotFound, (await stranger.File(file.Id).GetAsync()).Refusal!.Reason);
        Assert.NotNull((await owner.File(file.Id).GetAsync()).Entry!.DeletedAt);
    }

    [Fact]
    public async Task Trash_keeps_bytes_and_frees_the_name_and_purge_gives_the_bytes_back()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("trashed.bin", [1, 2, 3])).Entry!;

        Assert.Null((await user.File(file.Id).DeleteAsync(permanent: false)).Refusal);
        Assert.Null((await user.File(file.Id).DeleteAsync(permanent: false)).Refusal);
        Assert.Equal(3L, (await user.ProfileAsync()).UsedBytes);
        Assert.Null((await user.WriteFileAsync("trashed.bin", [4])).Refusal);
        Assert.Null((await user.File(file.Id).DeleteAsync(permanent: true)).Refusal);

        Assert.Equal(1L, (await user.ProfileAsync()).UsedBytes);
        Assert.Equal(RefusalReason.NotFound, (await user.File(file.Id).GetAsync()).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await user.File(file.Id).DeleteAsync(permanent: true)).Refusal!.Reason);
        var kinds = await host.ScalarAsync<string>("SELECT string_agg(kind::text, ',' ORDER BY seq) FROM changes WHERE owner_id = $1", user.Id);
        Assert.Equal("1,3,1,5", kinds);
    }

    /// <summary>A partition delivers a call when its sender has long repeated it elsewhere, and the user has removed the file.</summary>
    [Fact]
    public async Task File_that_was_removed_for_good_does_not_come_back_with_a_late_call()
    {
        var user = await host.SignUpAsync();
        var id = Ids.New(Ids.File);
        Assert.Null((await user.WriteFileAsync("late.bin", [1, 2], id)).Refusal);
        Assert.Null((await user.File(id).DeleteAsync(permanent: true)).Refusal);

        Assert.Equal(RefusalReason.NotFound, (await user.WriteFileAsync("late.bin", [1, 2], id)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await user.File(id).CommitVersionAsync(new CommitVersionCommand(
            user.Id, null, 0, "e3", null, "text/plain", "late.bin", null, OnConflict.Fail, true, null, null, 0, 0))).Refusal!.Reason);

        Assert.Equal(RefusalReason.NotFound, (await user.File(id).GetAsync()).Refusal!.Reason);
        Assert.Equal(0L, (await user.ProfileAsync()).UsedBytes);
    }

    [Fact]
    public async Task Purging_and_writing_at_once_keep_the_quota_exact()
    {
        var user = await host.SignUpAsync();
        var files = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => user.WriteFileAsync($"q{i}", GrainsHost.Bytes(10, i))));

        await Task.WhenAll(files.Select(file => (Task)user.File(file.Entry!.Id).DeleteAsync(permanent: true))
            .Concat(Enumerable.Range(0, 10).Select(i => (Task)user.WriteFileAsync($"r{i}", GrainsHost.Bytes(7, i)))));

        Assert.Equal(70L, (await user.ProfileAsync()).UsedBytes);
    }

    [Fact]
    public async Task Path_walks_folders_by_name_in_any_spelling()
    {
        var user = await host.SignUpAsync();
        var folder = await user.FolderAsync("Docs");
        var file = (await user.WriteFileAsync("Read me.txt", [1], parentId: folder)).Entry!;

        Assert.Equal(file.Id, (await user.Grain.FindByPathAsync("docs/READ ME.txt")).Entry!.Id);
        foreach (var path in (string[])["", "docs/", "/docs", "docs/none", "docs/Read me.txt/x", "Read me.txt", string.Join('/', Enumerable.Repeat("a", 102))])
            Assert.Equal(RefusalReason.NotFound, (await user.Grain.FindByPathAsync(path)).Refusal!.Reason);
    }
}
