using System.Text;
using System.Text.Json;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using Npgsql;

namespace GrainVault.Grains.Tests.Files;

public sealed class SearchTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    private static readonly string[] Words = ["Report", "rapport", "Straße", "STRASSE", "отчёт", "Отчет", "報告書", "告", "보고서", "تقرير", "e\u0301te\u0301", "é", "😀", "100%", "a_b", "\\", "x", "2026"];

    [Fact]
    public async Task Search_finds_what_has_the_text_in_every_script_order_and_page()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var user = await host.SignUpAsync();
        var names = Enumerable.Range(0, 150).Select(i => $"{Words[random.Next(Words.Length)]}{Words[random.Next(Words.Length)]} {i}").ToList();
        await InsertAsync(user.Id, names);
        await InsertAsync((await host.SignUpAsync()).Id, names);
        var all = (await PagesAsync(user, new EntryQuery(EntryView.Owned, null, null, null, 1000))).ToList();
        Assert.Equal(names.Count, all.Count);

        for (var i = 0; i < 60; i++)
        {
            var name = EntryNames.Key(names[random.Next(names.Count)]).EnumerateRunes().ToList();
            var length = random.Next(1, 5);
            var start = random.Next(name.Count - length + 1);
            var text = string.Concat(name.Skip(start).Take(length));
            if (random.Next(2) == 0)
                text = text.ToUpperInvariant().Normalize(NormalizationForm.FormD);
            var sort = (EntrySort)random.Next(1, 4);
            var isDescending = random.Next(2) == 0;
            var minimum = random.Next(3) == 0 ? 75L : (long?)null;
            var filter = minimum is null ? null : new EntryFilter(false, null, "TEXT/", minimum, null, null, null);

            var found = await PagesAsync(user, new EntryQuery(EntryView.Owned, null, text, null, random.Next(2, 60), sort, isDescending, filter));

            var key = EntryNames.Key(text);
            var expected = all.Where(entry => EntryNames.Key(entry.Name).Contains(key, StringComparison.Ordinal) && entry.SizeBytes >= (minimum ?? 0)).ToList();
            expected.Sort((a, b) => Compare(a, b, sort) * (isDescending ? -1 : 1));
            Assert.True(
                expected.Select(entry => entry.Name).SequenceEqual(found.Select(entry => entry.Name)),
                $"seed {seed}, '{text}' by {sort}: {string.Join('|', found.Select(entry => entry.Name))} instead of {string.Join('|', expected.Select(entry => entry.Name))}");
        }
    }

    [Fact]
    public async Task Search_finds_what_was_renamed_restored_and_moved_and_not_what_is_in_the_trash()
    {
        var user = await host.SignUpAsync();
        var folder = await user.FolderAsync("Ordner");
        var file = (await user.WriteFileAsync("alt.txt", [1], parentId: folder)).Entry!;
        await user.ChangeAsync(file.Id, name: "Neü.txt");
        Assert.Empty(await NamesAsync(user, "alt"));
        Assert.Equal(["Neü.txt"], await NamesAsync(user, "NEÜ"));
        await user.File(folder).DeleteAsync(permanent: false);
        Assert.Empty(await NamesAsync(user, "ü"));
        Assert.Empty(await NamesAsync(user, "ordner"));
        await user.File(folder).RestoreAsync();
        Assert.Equal(["Neü.txt"], await NamesAsync(user, "ü."));
        await user.File(file.Id).DeleteAsync(permanent: false);
        Assert.Empty(await NamesAsync(user, "ü"));
        await user.File(file.Id).RestoreAsync();
        Assert.Equal(["Neü.txt"], await NamesAsync(user, "ü"));
    }

    [Fact]
    public async Task Search_reads_an_index_and_never_the_table()
    {
        var user = await host.SignUpAsync();
        await InsertAsync(user.Id, Enumerable.Range(0, 8_000).Select(i => $"file {i}").ToList());
        await host.ExecuteAsync("ANALYZE entries");

        foreach (var view in (EntryView[])[EntryView.Owned, EntryView.Recent, EntryView.Public])
        {
            foreach (var sort in view == EntryView.Owned ? Enum.GetValues<EntrySort>() : [EntrySort.Time])
            {
                foreach (var isFirstPage in (bool[])[true, false])
                {
                    var query = new EntryQuery(view, null, "e 1234", null, 10, sort, null, new EntryFilter(false, EntryKind.File, "text/", 1, null, null, null));
                    var walked = await ExplainAsync(user.Id, query, EntryPageSql.WalkedPage(query, isFirstPage, 11));
                    Assert.DoesNotContain("Seq Scan on entries", walked, StringComparison.Ordinal);
                    Assert.DoesNotContain("Sort", walked[walked.IndexOf("Limit", StringComparison.Ordinal)..walked.IndexOf("CTE folders", StringComparison.Ordinal)], StringComparison.Ordinal);
                    var found = await ExplainAsync(user.Id, query, EntryPageSql.FoundPage(query, isFirstPage, 11));
                    Assert.DoesNotContain("Seq Scan on entries", found, StringComparison.Ordinal);
                    Assert.Contains("Bitmap Index Scan on entries_grams", found, StringComparison.Ordinal);
                }
            }
        }

        Assert.Equal(["file 7777"], await NamesAsync(user, "E 7777"));
        Assert.Equal(111, (await NamesAsync(user, " 77")).Count);
    }

    [Fact]
    public async Task Search_takes_whatever_may_stand_in_a_name_and_no_more()
    {
        var user = await host.SignUpAsync();
        var longest = new string('é', 127) + "x";
        foreach (var name in (string[])[longest, "a.b", "..."])
            await user.WriteFileAsync(name, [1]);

        foreach (var (text, names) in (ValueTuple<string, string[]>[])[(longest, [longest]), (".", ["...", "a.b"]), ("..", ["..."]), ("/", []), ("a/b", [])])
            Assert.Equal(names, (await NamesAsync(user, text)).Order(StringComparer.Ordinal));
        foreach (var wrong in (string[])[longest + "x", new string('a', 256), "a\u0007", "a\u202E"])
            Assert.Equal(RefusalReason.Invalid, (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, null, wrong, null, 10))).Refusal!.Reason);
    }

    [Fact]
    public async Task Search_in_a_folder_finds_what_stands_there_for_everybody_who_may_read_it()
    {
        var (owner, viewer, other) = (await host.SignUpAsync(), await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await owner.FolderAsync("folder");
        var below = await owner.FolderAsync("needles", folder);
        foreach (var (name, parent) in ((string, string?)[])[("Needle 1", folder), ("hay", folder), ("a needle", folder), ("needle below", below), ("needle at the root", null)])
            Assert.Null((await owner.WriteFileAsync(name, [1], parentId: parent)).Refusal);
        await viewer.WriteFileAsync("needle of the viewer", [1]);
        await owner.File((await owner.WriteFileAsync("needle in the trash", [1], parentId: folder)).Entry!.Id).DeleteAsync(permanent: false);
        await owner.File(folder).ShareAsync(viewer.Id, ShareRole.Viewer);
        var query = new EntryQuery(EntryView.Owned, folder, "NEEDLE", null, 1, EntrySort.Name);

        foreach (var user in (TestUser[])[owner, viewer])
        {
            foreach (var view in (EntryView[])[EntryView.Owned, EntryView.Shared])
                Assert.Equal(["a needle", "Needle 1", "needles"], (await PagesAsync(user, query with { View = view })).ConvertAll(entry => entry.Name));
            Assert.Equal(["needles", "Needle 1", "a needle"], (await PagesAsync(user, query with { IsDescending = true })).ConvertAll(entry => entry.Name));
            Assert.Equal(["a needle", "Needle 1"], (await PagesAsync(user, query with { Sort = null, Filter = new EntryFilter(false, EntryKind.File, null, null, null, null, null) })).ConvertAll(entry => entry.Name));
            Assert.Equal(["Needle 1", "needles"], (await PagesAsync(user, query with { Filter = new EntryFilter(true, null, null, null, null, null, null) })).ConvertAll(entry => entry.Name));
            Assert.Equal(["needle below"], (await PagesAsync(user, query with { ParentId = below })).ConvertAll(entry => entry.Name));
        }

        Assert.Equal(RefusalReason.NotFound, (await other.Grain.ListFilesAsync(query)).Refusal!.Reason);
        var first = await owner.Grain.ListFilesAsync(query);
        Assert.Equal(RefusalReason.Invalid, (await owner.Grain.ListFilesAsync(query with { ParentId = below, Cursor = first.NextCursor })).Refusal!.Reason);
        await owner.File(folder).UnshareAsync(viewer.Id);
        Assert.Equal(RefusalReason.NotFound, (await viewer.Grain.ListFilesAsync(query)).Refusal!.Reason);
        await owner.File(folder).DeleteAsync(permanent: false);
        Assert.Equal(RefusalReason.NotFound, (await owner.Grain.ListFilesAsync(query)).Refusal!.Reason);
    }

    [Fact]
    public async Task Search_in_a_large_folder_gives_all_of_it_by_the_index_of_every_order()
    {
        var user = await host.SignUpAsync();
        var folder = await user.FolderAsync("folder");
        await InsertAsync(user.Id, Enumerable.Range(0, 2 * EntryPageSql.FolderRowsWalked).Select(i => $"file {i}").ToList());
        await host.ExecuteAsync("UPDATE entries SET parent_id = $2 WHERE owner_id = $1 AND kind = 1", user.Id, folder);
        await InsertAsync(user.Id, Enumerable.Range(0, 500).Select(i => $"outside {i}").ToList());
        await host.ExecuteAsync("ANALYZE entries");
        var all = (await PagesAsync(user, new EntryQuery(EntryView.Owned, folder, null, null, 1000))).ToList();
        Assert.Equal(2 * EntryPageSql.FolderRowsWalked, all.Count);

        foreach (var sort in Enum.GetValues<EntrySort>())
        {
            foreach (var isDescending in (bool[])[false, true])
            {
                var query = new EntryQuery(EntryView.Owned, folder, "77", null, 40, sort, isDescending);
                var expected = all.Where(entry => entry.Name.Contains("77", StringComparison.Ordinal)).ToList();
                expected.Sort((a, b) => Compare(a, b, sort) * (isDescending ? -1 : 1));
                Assert.Equal(expected.ConvertAll(entry => entry.Name), (await PagesAsync(user, query)).ConvertAll(entry => entry.Name));
                foreach (var isFirstPage in (bool[])[true, false])
                {
                    var plan = await ExplainAsync(user.Id, query, EntryPageSql.FolderSearchPage(query, isFirstPage, 41), isOrdered: true);
                    Assert.Contains(sort switch { EntrySort.Name => "entries_live_name", EntrySort.Size => "entries_folder_sizes", _ => "entries_folder_times" }, plan, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public async Task Search_in_a_small_folder_reads_nothing_of_a_large_root()
    {
        var user = await host.SignUpAsync();
        await InsertAsync(user.Id, Enumerable.Range(0, 8_000).Select(i => $"file {i} {new string('x', 100)}").ToList());
        var folder = await user.FolderAsync("the last of the folders");
        foreach (var name in (string[])["a", "b"])
            await user.WriteFileAsync(name, [1], parentId: folder);
        await host.ExecuteAsync("ANALYZE entries");

        foreach (var sort in Enum.GetValues<EntrySort>())
        {
            foreach (var isPrefix in (bool[])[false, true])
            {
                foreach (var isDescending in (bool[])[false, true])
                {
                    var query = new EntryQuery(EntryView.Owned, folder, "a", null, 40, sort, isDescending, new EntryFilter(isPrefix, null, null, null, null, null, null));
                    var pages = await PagesReadAsync(EntryPageSql.FolderSearchPage(query, isFirstPage: true, 41), user.Id, query);
                    Assert.True(pages < 40, $"{query}: {pages} pages");
                }
            }
        }
    }

    private async Task<long> PagesReadAsync(string sql, string userId, EntryQuery query)
    {
        await using var connection = await host.Catalogue.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var ordered = new NpgsqlCommand(OrderedReads.Sql, connection))
            await ordered.ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand($"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", connection);
        EntryPageSql.Bind(command.Parameters, userId, query, null);
        using var plan = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!);
        var root = plan.RootElement[0].GetProperty("Plan");
        return root.GetProperty("Shared Hit Blocks").GetInt64() + root.GetProperty("Shared Read Blocks").GetInt64();
    }

    private static int Compare(Entry a, Entry b, EntrySort sort)
    {
        var order = sort switch
        {
            EntrySort.Name => Encoding.UTF8.GetBytes(EntryNames.Key(a.Name)).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(EntryNames.Key(b.Name))),
            EntrySort.Size => a.SizeBytes.CompareTo(b.SizeBytes),
            _ => a.ModifiedAt.CompareTo(b.ModifiedAt),
        };
        return order != 0 ? order : string.CompareOrdinal(a.Id, b.Id);
    }

    /// <summary>Files with sizes and times that repeat, so that pages end among equals.</summary>
    private async Task InsertAsync(string userId, List<string> names)
    {
        await host.ExecuteAsync(
            """
            WITH made AS (
                INSERT INTO entries (id, owner_id, kind, name, name_key, current_version, size_bytes, content_type, modified_at)
                SELECT 'f-' || gen_random_uuid(), $1, 1, name, key, 1, n % 7 * 25, 'text/plain', '2026-01-01T00:00:00Z'::timestamptz + n % 20 * interval '1 s'
                FROM unnest($2::text[], $3::text[]) WITH ORDINALITY given (name, key, n) RETURNING id, size_bytes
            ), kept AS (
                INSERT INTO objects (key, store, state, size_bytes) SELECT id, 'x', 'live', size_bytes FROM made WHERE size_bytes > 0
            )
            INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum)
            SELECT id, 1, CASE WHEN size_bytes > 0 THEN id END, size_bytes, 'text/plain', 'c' FROM made
            """,
            userId,
            names.ToArray(),
            names.Select(EntryNames.Key).ToArray());
    }

    /// <summary>The plan for any parameters, as a statement that was prepared and used often gets it.</summary>
    private async Task<string> ExplainAsync(string userId, EntryQuery query, string sql, bool isOrdered = false)
    {
        await using var connection = await host.Catalogue.OpenConnectionAsync();
        var (keyType, key) = EntryPageSql.SortOf(query) switch
        {
            EntrySort.Name => ("text", "'file 1'"),
            EntrySort.Size => ("bigint", "5"),
            _ => ("timestamptz", "now()"),
        };
        await using (var prepare = new NpgsqlCommand(
            $"""
            SET plan_cache_mode = force_generic_plan;{(isOrdered ? " SET enable_sort = off; SET enable_incremental_sort = off;" : "")}
            PREPARE found (text, text, {keyType}, text, text, text, integer, text, bigint, bigint, timestamptz, timestamptz) AS {sql}
            """,
            connection))
            await prepare.ExecuteNonQueryAsync();
        await using var explain = new NpgsqlCommand(
            $"EXPLAIN EXECUTE found ('{userId}', NULL, {key}, 'f-0', '%e 1234%', 'e 1234', 1, 'text/', 1, NULL, NULL, NULL); DEALLOCATE found; RESET plan_cache_mode; RESET enable_sort; RESET enable_incremental_sort", connection);
        var lines = new List<string>();
        await using (var reader = await explain.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
                lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }

    private static async Task<List<string>> NamesAsync(TestUser user, string text) =>
        (await PagesAsync(user, new EntryQuery(EntryView.Owned, null, text, null, 100))).ConvertAll(entry => entry.Name);

    private static async Task<List<Entry>> PagesAsync(TestUser user, EntryQuery query)
    {
        var entries = new List<Entry>();
        for (string? cursor = null; ;)
        {
            var page = await user.Grain.ListFilesAsync(query with { Cursor = cursor });
            Assert.Null(page.Refusal);
            entries.AddRange(page.Entries);
            if ((cursor = page.NextCursor) is null)
                return entries;
        }
    }
}
