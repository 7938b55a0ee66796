using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using Npgsql;

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

public sealed class ListingTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Theory]
    [InlineData(EntryView.Owned, null)]
    [InlineData(EntryView.Owned, "l")]
    [InlineData(EntryView.Recent, null)]
    public async Task Pages_show_every_entry_once(EntryView view, string? search)
    {
        var user = await host.SignUpAsync();
        for (var i = 0; i < 7; i++)
            await user.WriteFileAsync($"l{i}", [1]);

        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await user.Grain.ListFilesAsync(new EntryQuery(view, null, search, cursor, 3));
            Assert.Null(page.Refusal);
            names.AddRange(page.Entries.Select(entry => entry.Name));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        var expected = Enumerable.Range(0, 7).Select(i => $"l{i}");
        Assert.Equal(view == EntryView.Owned && search is null ? expected : expected.Reverse(), names);
    }

    [Fact]
    public async Task Page_of_a_large_folder_reads_no_more_than_the_page()
    {
        var user = await host.SignUpAsync();
        var folder = Ids.New(Ids.File);
        await host.ExecuteAsync("INSERT INTO entries (id, owner_id, kind, name, name_key) VALUES ($1, $2, 2, 'folder', 'folder')", folder, user.Id);
        foreach (var parent in (object[])[DBNull.Value, folder])
        {
            await host.ExecuteAsync(
                """
                WITH made AS (
                    INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key, current_version, modified_at)
                    SELECT 'f-' || gen_random_uuid(), $1, $2::text, 1, 'big' || i, 'big' || i, 1, now() - i * interval '1 s'
                    FROM generate_series(1, 20000) i RETURNING id
                )
                INSERT INTO file_versions (file_id, number, size_bytes, content_type, checksum) SELECT id, 1, 0, 'x', 'c' FROM made
                """,
                user.Id,
                parent);
        }

        await host.ExecuteAsync("ANALYZE");

        foreach (var isFirstPage in (bool[])[true, false])
        {
            AssertReadsPage(await ExplainAsync(EntryListing.FolderSql(isRoot: true, isFirstPage, 101), "text, text, text", $"'{user.Id}', NULL, 'big5'"));
            AssertReadsPage(await ExplainAsync(EntryListing.FolderSql(isRoot: false, isFirstPage, 101), "text, text, text", $"'{user.Id}', '{folder}', 'big5'"));
            AssertReadsPage(await ExplainAsync(
                EntryListing.ByTimeSql(EntryView.Recent, isSearch: false, isFirstPage, 101), "text, text, timestamptz, text", $"'{user.Id}', NULL, now(), 'f'"));
        }
    }

    [Fact]
    public async Task Views_show_what_they_say()
    {
        var user = await host.SignUpAsync();
        var kept = (await user.WriteFileAsync("kept_100%.txt", [1])).Entry!;
        var trashed = (await user.WriteFileAsync("trashed.txt", [1])).Entry!;
        await user.File(trashed.Id).DeleteAsync(permanent: false);
        await host.ExecuteAsync("UPDATE entries SET visibility = 2 WHERE id = $1", kept.Id);

        Assert.Equal([kept.Id], await IdsAsync(user, EntryView.Owned));
        Assert.Equal([trashed.Id], await IdsAsync(user, EntryView.Trash));
        Assert.Equal([kept.Id], await IdsAsync(user, EntryView.Public));
        Assert.Equal([kept.Id], await IdsAsync(user, EntryView.Owned, "100%"));
        Assert.Empty(await IdsAsync(user, EntryView.Owned, "1_0"));
        Assert.Empty(await IdsAsync(await host.SignUpAsync(), EntryView.Owned));
    }

    [Fact]
    public async Task Cursor_of_another_user_or_query_is_refused()
    {
        var user = await host.SignUpAsync();
        await user.WriteFileAsync("a", [1]);
        await user.WriteFileAsync("b", [1]);
        var cursor = (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, null, null, null, 1))).NextCursor;
        Assert.NotNull(cursor);

        foreach (var query in (EntryQuery[])
        [
            new(EntryView.Recent, null, null, cursor, 1),
            new(EntryView.Owned, null, "a", cursor, 1),
            new(EntryView.Owned, null, null, cursor + "A", 1),
            new(EntryView.Owned, null, null, "x", 1),
            new(EntryView.Owned, null, null, null, 0),
            new(EntryView.Owned, null, null, null, 1001),
        ])
            Assert.Equal(RefusalReason.Invalid, (await user.Grain.ListFilesAsync(query)).Refusal!.Reason);
        var stranger = await host.SignUpAsync();
        Assert.Equal(RefusalReason.Invalid, (await stranger.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, null, null, cursor, 1))).Refusal!.Reason);
        foreach (var folder in (string[])[Ids.New(Ids.File), "", "\0", "../x", new string('f', 5_000)])
            Assert.Equal(RefusalReason.NotFound, (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, folder, null, null, 1))).Refusal!.Reason);
    }

    /// <summary>The plan for any parameters, as a statement that was prepared and used often gets it.</summary>
    private async Task<string> ExplainAsync(string sql, string types, string values)
    {
        await using var connection = await host.Catalogue.OpenConnectionAsync();
        await using (var prepare = new NpgsqlCommand($"SET plan_cache_mode = force_generic_plan; PREPARE page ({types}) AS {sql}", connection))
            await prepare.ExecuteNonQueryAsync();
        await using var explain = new NpgsqlCommand($"EXPLAIN EXECUTE page ({values}); DEALLOCATE page", connection);
        await using var reader = await explain.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }

    /// <summary>What is below the limit comes from an index in the right order; the page itself may be sorted again.</summary>
    private static void AssertReadsPage(string plan)
    {
        var belowLimit = plan[plan.IndexOf("Limit", StringComparison.Ordinal)..plan.IndexOf("CTE folders", StringComparison.Ordinal)];
        Assert.DoesNotContain("Seq Scan on entries", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Sort", belowLimit, StringComparison.Ordinal);
    }

    private static async Task<List<string>> IdsAsync(TestUser user, EntryView view, string? search = null) =>
        (await user.Grain.ListFilesAsync(new EntryQuery(view, null, search, null, 100))).Entries.Select(entry => entry.Id).ToList();
}
