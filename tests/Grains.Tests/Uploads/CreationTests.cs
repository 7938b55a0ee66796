using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Options;
using GrainVault.Storage;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

public sealed class CreationTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    private static readonly StoreProfile Profile = new() { Name = "test" };

    [Theory]
    [InlineData(0, null, 8L << 20, 0)]
    [InlineData(1, null, 8L << 20, 1)]
    [InlineData(8L << 20, null, 8L << 20, 1)]
    [InlineData((8L << 20) + 1, null, 8L << 20, 2)]
    [InlineData(10_000 * (8L << 20), null, 8L << 20, 10_000)]
    [InlineData((10_000 * (8L << 20)) + 1, null, 9L << 20, 8_889)]
    [InlineData(10_000 * (64L << 20), null, 64L << 20, 10_000)]
    [InlineData(100L << 20, 5L << 20, 5L << 20, 20)]
    public void Part_size_is_raised_only_to_stay_within_the_part_limit(long size, long? wanted, long partSize, int count)
    {
        var (refusal, plan) = UploadPlan.Make(size, wanted, Profile, new LimitsOptions(), new LimitsOptions().ProxiedPartSizeBytesMax);

        Assert.Null(refusal);
        Assert.Equal((partSize, count, count > 1), (plan!.PartSizeBytes, plan.PartCount, plan.IsMultipart));
    }

    [Theory]
    [InlineData(-1, null, RefusalReason.Invalid)]
    [InlineData(long.MaxValue, null, RefusalReason.TooLarge)]
    [InlineData((10_000 * (64L << 20)) + 1, null, RefusalReason.TooLarge)]
    [InlineData(1L << 20, (5L << 20) - 1, RefusalReason.Invalid)]
    [InlineData(1L << 20, (64L << 20) + 1, RefusalReason.Invalid)]
    public void Plan_that_can_not_be_is_refused(long size, long? wanted, RefusalReason reason) =>
        Assert.Equal(reason, UploadPlan.Make(size, wanted, Profile, new LimitsOptions(), new LimitsOptions().ProxiedPartSizeBytesMax).Refusal!.Reason);

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("nul\0")]
    [InlineData("line\r\nbreak")]
    [InlineData("bidi\u202Etxt")]
    public async Task Name_that_can_not_be_is_refused(string name)
    {
        var user = await host.SignUpAsync();

        Assert.Equal(RefusalReason.Invalid, (await user.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command(name, 1))).Refusal!.Reason);
        Assert.Equal(RefusalReason.Invalid, (await user.WriteFileAsync(name, [1])).Refusal!.Reason);
    }

    [Fact]
    public void Name_that_is_not_unicode_is_refused() => Assert.NotNull(EntryNames.Check("lone\uD800"));

    [Fact]
    public async Task Name_has_255_bytes_and_no_more()
    {
        var user = await host.SignUpAsync();
        var emoji = string.Concat(Enumerable.Repeat("\U0001F600", 63));

        Assert.Null((await user.WriteFileAsync(emoji + "abc", [1])).Refusal);
        Assert.Equal(RefusalReason.Invalid, (await user.WriteFileAsync(emoji + "abcd", [1])).Refusal!.Reason);
    }

    [Fact]
    public async Task Repeated_creation_returns_the_session_as_it_is()
    {
        var user = await host.SignUpAsync();
        var id = Ids.New(Ids.Upload);
        var first = await user.Session(id).CreateAsync(TestUser.Command("repeat.bin", 100));
        await user.PutAsync(id, 1, GrainsHost.Bytes(100));

        var second = await user.Session(id).CreateAsync(TestUser.Command("repeat.bin", 100));

        Assert.Equal(first.Upload!.Id, second.Upload!.Id);
        Assert.Equal(100, second.Upload.ReceivedBytes);
        Assert.Equal(100, (await user.ProfileAsync()).ReservedBytes);
    }

    [Fact]
    public async Task Taken_name_is_refused_at_creation_in_any_spelling()
    {
        var user = await host.SignUpAsync();
        await user.WriteFileAsync("Caf\u00e9.txt", [1]);

        Assert.Equal(RefusalReason.NameTaken, (await user.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command("CAFE\u0301.TXT", 1))).Refusal!.Reason);
        Assert.Null((await user.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command("CAFE\u0301.TXT", 1, onConflict: OnConflict.Rename))).Refusal);
    }

    [Fact]
    public async Task Folder_that_is_not_the_callers_is_not_found()
    {
        var owner = await host.SignUpAsync();
        var folder = await FolderAsync(owner, "theirs");
        var stranger = await host.SignUpAsync();

        Assert.Equal(RefusalReason.NotFound, (await stranger.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command("x", 1, parentId: folder))).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await stranger.WriteFileAsync("x", [1], parentId: folder)).Refusal!.Reason);
        Assert.Null((await owner.WriteFileAsync("x", [1], parentId: folder)).Refusal);
        await owner.File(folder).DeleteAsync(permanent: false);
        Assert.Equal(RefusalReason.NotFound, (await owner.WriteFileAsync("y", [1], parentId: folder)).Refusal!.Reason);
    }

    [Fact]
    public async Task Quota_is_exact_when_many_sessions_are_created_at_once()
    {
        var user = await host.SignUpAsync();
        await host.ExecuteAsync("UPDATE users SET quota_bytes = 1050 WHERE id = $1", user.Id);

        var results = await Task.WhenAll(Enumerable.Range(0, 24).Select(number =>
            user.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command($"s{number}", 100))));

        Assert.Equal(10, results.Count(result => result.Refusal is null));
        Assert.All(results.Where(result => result.Refusal is not null), result => Assert.Equal(RefusalReason.QuotaExceeded, result.Refusal!.Reason));
        Assert.Equal(1000, (await user.ProfileAsync()).ReservedBytes);
    }

    [Fact]
    public async Task Quota_is_exact_when_many_files_are_written_at_once()
    {
        var user = await host.SignUpAsync();
        await host.ExecuteAsync("UPDATE users SET quota_bytes = 550 WHERE id = $1", user.Id);

        var results = await Task.WhenAll(Enumerable.Range(0, 24).Select(number => user.WriteFileAsync($"f{number}", GrainsHost.Bytes(100, number))));

        Assert.Equal(5, results.Count(result => result.Refusal is null));
        Assert.Equal(500, (await user.ProfileAsync()).UsedBytes);
        Assert.Equal(5L, await host.ScalarAsync<long>("SELECT count(*) FROM entries WHERE owner_id = $1", user.Id));
    }

    [Fact]
    public async Task Session_of_unknown_size_reserves_quota_part_by_part()
    {
        var user = await host.SignUpAsync();
        await host.ExecuteAsync("UPDATE users SET quota_bytes = $2 WHERE id = $1", user.Id, (2L * GrainsHost.PartSize) + 100);
        var content = GrainsHost.Bytes((2 * GrainsHost.PartSize) + 100);
        var upload = await user.CreateAsync("growing.bin", null);
        Assert.Null(upload.PartCount);

        await user.PutAsync(upload.Id, 1, content[..GrainsHost.PartSize]);
        await user.PutAsync(upload.Id, 1, content[..GrainsHost.PartSize]);
        Assert.Equal(GrainsHost.PartSize, (await user.ProfileAsync()).ReservedBytes);
        await user.PutAsync(upload.Id, 2, content[GrainsHost.PartSize..(2 * GrainsHost.PartSize)]);
        Assert.Equal(RefusalReason.QuotaExceeded, (await user.PutAsync(upload.Id, 3, GrainsHost.Bytes(101))).Refusal!.Reason);
        Assert.Null((await user.PutAsync(upload.Id, 3, content[(2 * GrainsHost.PartSize)..])).Refusal);

        var short_ = await user.CompleteAsync(upload.Id, new CompleteUploadCommand(null, content.Length + 1, null, null, null, null));
        Assert.Equal(RefusalReason.MissingParts, short_.Refusal!.Reason);
        var file = await user.CompleteAsync(upload.Id, new CompleteUploadCommand(null, content.Length, null, null, null, null));
        Assert.Null(file.Refusal);
        Assert.Equal(content, await user.ReadAsync(file.Entry!.Id));
        var profile = await user.ProfileAsync();
        Assert.Equal((content.Length, 0L), (profile.UsedBytes, profile.ReservedBytes));
    }

    [Fact]
    public async Task Unfinished_sessions_are_listed_newest_first_page_by_page()
    {
        var user = await host.SignUpAsync();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
            ids.Add((await user.CreateAsync($"l{i}", 10)).Id);
        ids.Reverse();

        var first = await user.Grain.ListUploadsAsync(null, 3);
        var second = await user.Grain.ListUploadsAsync(first.NextCursor, 3);

        Assert.Equal(ids, first.Uploads.Concat(second.Uploads).Select(upload => upload.Id));
        Assert.Null(second.NextCursor);
        Assert.Equal(RefusalReason.Invalid, (await (await host.SignUpAsync()).Grain.ListUploadsAsync(first.NextCursor, 3)).Refusal!.Reason);
    }

    private async Task<string> FolderAsync(TestUser owner, string name)
    {
        var id = Ids.New(Ids.File);
        await host.ExecuteAsync(
            "INSERT INTO entries (id, owner_id, kind, name, name_key) VALUES ($1, $2, 2, $3, $3)", id, owner.Id, name);
        return id;
    }
}
