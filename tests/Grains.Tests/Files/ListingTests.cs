using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using Npgsql;

namespace GrainVault.Grains.Tests.Files;

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
                    FROM generate_series(1, 10000) i RETURNING id
                )
                INSERT INTO file_versions (file_id, number, size_bytes, content_type, checksum) SELECT id, 1, 0, 'x', 'c' FROM made
                """,
                user.Id,
                parent);
        }

        await host.ExecuteAsync("ANALYZE");

        EntryFilter prefix = new(true, null, null, null, null, null, null);
        foreach (var isFirstPage in (bool[])[true, false])
        {
            foreach (var parent in (string?[])[null, folder])
            {
                foreach (var sort in Enum.GetValues<EntrySort>())
                {
                    foreach (var isDescending in (bool[])[true, false])
                        await AssertReadsPageAsync(
                            user.Id, new EntryQuery(EntryView.Owned, parent, null, null, 100, sort, isDescending), isFirstPage, "SET enable_sort = off; SET enable_incremental_sort = off;");
                }
            }

            await AssertReadsPageAsync(user.Id, new EntryQuery(EntryView.Recent, null, null, null, 100), isFirstPage);
            // How many names begin with a text the planner can only guess: for few it may fetch them all and sort them.
            await AssertReadsPageAsync(user.Id, new EntryQuery(EntryView.Owned, null, "big5", null, 100, Filter: prefix), isFirstPage, "SET enable_bitmapscan = off;");
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

    /// <summary>What is below the limit comes from an index in the right order; the page itself may be sorted again.</summary>
    private async Task AssertReadsPageAsync(string userId, EntryQuery query, bool isFirstPage, string settings = "")
    {
        var plan = await ExplainAsync(userId, query, isFirstPage, settings);
        Assert.DoesNotContain("Seq Scan on entries", plan, StringComparison.Ordinal);
        var belowLimit = plan[plan.IndexOf("Limit", StringComparison.Ordinal)..plan.IndexOf("CTE folders", StringComparison.Ordinal)];
        Assert.True(!belowLimit.Contains("Sort", StringComparison.Ordinal), $"{query}\n{plan}");
    }

    /// <summary>The plan for any parameters, as a statement that was prepared and used often gets it.</summary>
    private async Task<string> ExplainAsync(string userId, EntryQuery query, bool isFirstPage, string settings)
    {
        await using var connection = await host.Catalogue.OpenConnectionAsync();
        var (keyType, key) = EntryPageSql.SortOf(query) switch
        {
            EntrySort.Name => ("text", "'big5'"),
            EntrySort.Size => ("bigint", "5"),
            _ => ("timestamptz", "now()"),
        };
        await using (var prepare = new NpgsqlCommand(
            $"""
            SET plan_cache_mode = force_generic_plan; {settings}
            PREPARE page (text, text, {keyType}, text, text, text, integer, text, bigint, bigint, timestamptz, timestamptz)
            AS {EntryPageSql.Page(query, isFirstPage, 101)}
            """,
            connection))
            await prepare.ExecuteNonQueryAsync();
        var folder = query.ParentId is null ? "NULL" : $"'{query.ParentId}'";
        await using var explain = new NpgsqlCommand(
            $"EXPLAIN EXECUTE page ('{userId}', {folder}, {key}, 'f-0', 'big5', 'big6', NULL, NULL, NULL, NULL, NULL, NULL); DEALLOCATE page", connection);
        var lines = new List<string>();
        await using (var reader = await explain.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
                lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }

    private static async Task<List<string>> IdsAsync(TestUser user, EntryView view, string? search = null) =>
        (await user.Grain.ListFilesAsync(new EntryQuery(view, null, search, null, 100))).Entries.Select(entry => entry.Id).ToList();

    [Fact]
    public async Task Lists_are_sorted_and_filtered_as_asked_and_pages_show_each_entry_once()
    {
        var user = await host.SignUpAsync();
        var folder = await user.FolderAsync("folder");
        var sizes = new Dictionary<string, int> { ["b.txt"] = 30, ["A.txt"] = 10, ["c.md"] = 20, ["Apple.md"] = 10 };
        foreach (var (name, size) in sizes)
            Assert.Null((await user.WriteFileAsync(name, GrainsHost.Bytes(size), parentId: folder)).Refusal);
        await host.ExecuteAsync("UPDATE entries SET content_type = 'Text/Markdown' WHERE parent_id = $1 AND name LIKE '%.md'", folder);

        Assert.Equal(["A.txt", "Apple.md", "b.txt", "c.md"], await NamesAsync(user, Folder(EntrySort.Name)));
        Assert.Equal(["c.md", "b.txt", "Apple.md", "A.txt"], await NamesAsync(user, Folder(EntrySort.Name, true)));
        Assert.Equal([10, 10, 20, 30], (await NamesAsync(user, Folder(EntrySort.Size, false))).Select(name => sizes[name]));
        Assert.Equal([30, 20, 10, 10], (await NamesAsync(user, Folder(EntrySort.Size, true))).Select(name => sizes[name]));
        Assert.Equal(sizes.Keys, await NamesAsync(user, Folder(EntrySort.Time, false)));
        Assert.Equal(sizes.Keys.Reverse(), await NamesAsync(user, Folder(EntrySort.Time)));

        Assert.Equal(["A.txt", "Apple.md"], await NamesAsync(user, new EntryQuery(EntryView.Owned, null, "a", null, 1, Filter: None with { IsPrefix = true })));
        Assert.Equal(["Apple.md", "c.md"], await NamesAsync(user, Search(".md", None)));
        Assert.Equal(["Apple.md", "c.md"], await NamesAsync(user, Search(".", None with { ContentType = "text/mark" })));
        Assert.Equal(["b.txt", "c.md"], await NamesAsync(user, Search(".", None with { SizeBytesMin = 11 })));
        Assert.Equal(["c.md"], await NamesAsync(user, Search(".", None with { SizeBytesMin = 11, SizeBytesMax = 29 })));
        Assert.Equal(["folder"], await NamesAsync(user, Search("fo", None with { Kind = EntryKind.Folder })));
        await host.ExecuteAsync("UPDATE entries SET modified_at = '2020-01-01T00:00:00Z' WHERE owner_id = $1 AND name = 'b.txt'", user.Id);
        var year = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(["b.txt"], await NamesAsync(user, Search(".", None with { ModifiedFrom = year, ModifiedBefore = year.AddTicks(10) })));
        Assert.Equal(["A.txt", "Apple.md", "c.md"], await NamesAsync(user, Search(".", None with { ModifiedFrom = year.AddDays(1) })));

        EntryQuery Folder(EntrySort sort, bool? isDescending = null) => new(EntryView.Owned, folder, null, null, 1, sort, isDescending);
        EntryQuery Search(string text, EntryFilter filter) => new(EntryView.Owned, null, text, null, 1, EntrySort.Name, null, filter);
    }

    [Fact]
    public async Task Cursor_stays_right_while_entries_come_go_and_change()
    {
        var user = await host.SignUpAsync();
        for (var i = 0; i < 6; i++)
            await user.WriteFileAsync($"n{i}", GrainsHost.Bytes(i + 1));
        foreach (var sort in Enum.GetValues<EntrySort>())
        {
            var query = new EntryQuery(EntryView.Owned, null, null, null, 3, sort, false);
            var page = await user.Grain.ListFilesAsync(query);
            var last = page.Entries[^1];
            // The entry at which the page ended goes, and another comes before it.
            await user.File(last.Id).DeleteAsync(permanent: true);
            await user.WriteFileAsync($"m{(int)sort}", [1]);
            var seen = page.Entries.Concat((await user.Grain.ListFilesAsync(query with { Cursor = page.NextCursor, Limit = 100 })).Entries).ToList();

            Assert.Equal(seen.Count, seen.DistinctBy(entry => entry.Id).Count());
            var kept = (await user.Grain.ListFilesAsync(query with { Limit = 100 })).Entries.Select(entry => entry.Name).Where(name => name[0] == 'n').ToHashSet();
            Assert.Subset(seen.Select(entry => entry.Name).ToHashSet(), kept);
        }
    }

    [Fact]
    public async Task Order_or_filter_that_makes_no_sense_is_refused()
    {
        var user = await host.SignUpAsync();
        foreach (var query in (EntryQuery[])
        [
            new(EntryView.Trash, null, null, null, 1, EntrySort.Name),
            new(EntryView.Owned, null, null, null, 1, (EntrySort)9),
            new(EntryView.Owned, null, null, null, 1, Filter: None with { IsPrefix = true }),
            new(EntryView.Owned, null, null, null, 1, Filter: None with { Kind = (EntryKind)9 }),
            new(EntryView.Owned, null, null, null, 1, Filter: None with { SizeBytesMin = -1 }),
            new(EntryView.Owned, null, null, null, 1, Filter: None with { ContentType = "a\nb" }),
        ])
            Assert.Equal(RefusalReason.Invalid, (await user.Grain.ListFilesAsync(query)).Refusal!.Reason);
    }

    private static EntryFilter None => new(false, null, null, null, null, null, null);

    /// <summary>Names over all pages.</summary>
    private static async Task<List<string>> NamesAsync(TestUser user, EntryQuery query)
    {
        var names = new List<string>();
        for (string? cursor = null; ;)
        {
            var page = await user.Grain.ListFilesAsync(query with { Cursor = cursor });
            Assert.Null(page.Refusal);
            names.AddRange(page.Entries.Select(entry => entry.Name));
            if ((cursor = page.NextCursor) is null)
                return names;
        }
    }
}
