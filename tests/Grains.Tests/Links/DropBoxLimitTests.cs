using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Links;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Links;

/// <summary>What visitors of a link that takes files may hold and bring.</summary>
public sealed class DropBoxLimitTests(LinksHost host) : IClassFixture<LinksHost>
{
    private const long GiB = 1L << 30;
    private static readonly CompleteUploadCommand AsItIs = new(null, null, null, null, null, null);

    [Fact]
    public async Task Visitors_who_send_nothing_hold_no_more_than_their_link_may()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload);

        var results = await Task.WhenAll(Enumerable.Range(0, LinksHost.OpenUploadCountMax).Select(_ => host.OpenAsync(token, 10 * GiB)));

        Assert.Equal(2, results.Count(result => result.Refusal is null));
        Assert.All(results.Where(result => result.Refusal is not null), result => Assert.True(result.Refusal is { Reason: RefusalReason.Throttled, RetryAfterSeconds: > 0 }));
        Assert.Equal(20 * GiB, (await owner.ProfileAsync()).ReservedBytes);
        Assert.Equal(2, await host.ScalarAsync<long>("SELECT count(*) FROM uploads WHERE uploader_id = $1", link.Id));
        Assert.Equal(RefusalReason.Throttled, (await host.Link(token).AdmitFileAsync(LinkPass.None)).Refusal!.Reason);

        await owner.Session(results.First(result => result.Refusal is null).Upload!.Id).AbortAsync();
        Assert.Null((await host.OpenAsync(token, (10 * GiB) - 1)).Refusal);
        Assert.Equal(RefusalReason.Throttled, (await host.OpenAsync(token, 2)).Refusal!.Reason);
        Assert.Null((await host.OpenAsync(token, 1)).Refusal);
    }

    [Fact]
    public async Task Parts_of_a_file_whose_size_nobody_knows_stay_within_what_the_link_may_hold()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload);
        await host.OpenAsync(token, 10 * GiB);
        Caller.ActByLink(link.Id);
        var session = host.Grains.GetGrain<IUploadSessionGrain>(Ids.New(Ids.Upload));
        var growing = (await session.CreateAsync(new CreateUploadCommand(
            "x", null, null, link.EntryId, UploadMode.Proxied, null, null, null, null, OnConflict.Rename))).Upload!;
        Assert.Null((await host.SendAsync(link, growing.Id, 1, new byte[10])).Refusal);
        var other = (await host.OpenAsync(token, (10 * GiB) - 15)).Upload!;

        var refusal = (await host.SendAsync(link, growing.Id, 1, new byte[16])).Refusal!;

        Assert.True(refusal is { Reason: RefusalReason.Throttled, RetryAfterSeconds: > 0 });
        Assert.Equal((20 * GiB) - 5, (await owner.ProfileAsync()).ReservedBytes);
        await owner.Session(other.Id).AbortAsync();
        Assert.Null((await host.SendAsync(link, growing.Id, 1, new byte[16])).Refusal);
    }

    [Fact]
    public async Task Session_that_receives_nothing_ends_after_an_hour_and_each_part_gives_it_another()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload);
        var (silent, busy) = ((await host.OpenAsync(token, 100)).Upload!, (await host.OpenAsync(token, GrainsHost.PartSize * 2)).Upload!);
        Assert.All([silent, busy], upload => Assert.InRange(upload.ExpiresAt - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(58), TimeSpan.FromMinutes(62)));
        await host.ExecuteAsync("UPDATE uploads SET expires_at = now() - interval '1 s', created_at = now() - interval '1 hour' WHERE uploader_id = $1", link.Id);

        Assert.Null((await host.SendAsync(link, busy.Id, 1, new byte[busy.PartSizeBytes])).Refusal);
        await Janitor.RunAllAsync(host);

        Assert.Equal(UploadState.Expired, (await owner.Session(silent.Id).GetAsync(0, 10)).Upload!.State);
        var known = (await owner.Session(busy.Id).GetAsync(0, 10)).Upload!;
        Assert.Equal(UploadState.Open, known.State);
        Assert.InRange(known.ExpiresAt - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(58), TimeSpan.FromMinutes(62));
        Assert.Equal(GrainsHost.PartSize * 2, (await owner.ProfileAsync()).ReservedBytes);
        // Slow progress is no way to hold it for ever.
        await host.ExecuteAsync("UPDATE uploads SET created_at = now() - interval '7 days' + interval '1 minute' WHERE id = $1", busy.Id);
        Assert.Null((await host.SendAsync(link, busy.Id, 1, [.. Enumerable.Repeat((byte)1, (int)busy.PartSizeBytes)])).Refusal);
        Assert.InRange((await owner.Session(busy.Id).GetAsync(0, 10)).Upload!.ExpiresAt - DateTimeOffset.UtcNow, TimeSpan.Zero, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Session_of_the_owner_lives_as_long_as_before()
    {
        var owner = await host.SignUpAsync();
        var upload = await owner.CreateAsync("x", 10);
        await owner.PutAsync(upload.Id, 1, new byte[10]);
        Assert.InRange((await owner.Session(upload.Id).GetAsync(0, 10)).Upload!.ExpiresAt - DateTimeOffset.UtcNow, TimeSpan.FromDays(6.9), TimeSpan.FromDays(7.1));
    }

    [Fact]
    public async Task Files_that_come_at_once_stay_within_the_number_that_a_link_takes()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload, files: 5);
        var begun = (await host.OpenAsync(token, 0)).Upload!;

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => host.SendAsync(link, "x", [])));

        Assert.Equal(5, results.Count(result => result.Refusal is null));
        Assert.All(results.Where(result => result.Refusal is not null), result =>
            Assert.True(result.Refusal is { Reason: RefusalReason.QuotaExceeded, Detail: "This link takes no more files." }));
        Caller.ActByLink(link.Id);
        Assert.Equal(RefusalReason.QuotaExceeded, (await host.Grains.GetGrain<IUploadSessionGrain>(begun.Id).CompleteAsync(AsItIs)).Refusal!.Reason);
        Assert.Equal(RefusalReason.QuotaExceeded, (await host.OpenAsync(token, 0)).Refusal!.Reason);
        Assert.Equal(RefusalReason.QuotaExceeded, (await host.Link(token).AdmitFileAsync(LinkPass.None)).Refusal!.Reason);
        Assert.True((await host.Link(token).GetAsync(LinkPass.None, null)).IsFull);
        var shown = Assert.Single((await owner.File(link.EntryId).ListLinksAsync()).Links);
        Assert.Equal((5L, 5L, 0L, null), (shown.FileCount, shown.FileCountMax, shown.SizeBytes, shown.SizeBytesMax));
        Assert.Equal(5, await host.ScalarAsync<long>("SELECT count(*) FROM entries WHERE parent_id = $1", link.EntryId));
        // What is removed makes no room: the link has brought it.
        await owner.File(results.First(result => result.Entry is not null).Entry!.Id).DeleteAsync(permanent: true);
        Assert.Equal(RefusalReason.QuotaExceeded, (await host.SendAsync(link, "x", [])).Refusal!.Reason);
    }

    [Fact]
    public async Task Sessions_take_the_places_of_files_that_are_to_come()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload, files: 2);
        Assert.Null((await host.SendAsync(link, "x", [1])).Refusal);
        var begun = (await host.OpenAsync(token, 0)).Upload!;
        Assert.Equal(RefusalReason.Throttled, (await host.OpenAsync(token, 0)).Refusal!.Reason);
        Caller.ActByLink(link.Id);
        Assert.Null((await host.Grains.GetGrain<IUploadSessionGrain>(begun.Id).CompleteAsync(AsItIs)).Refusal);
        Assert.Equal(RefusalReason.QuotaExceeded, (await host.OpenAsync(token, 0)).Refusal!.Reason);
        var shown = Assert.Single((await owner.File(link.EntryId).ListLinksAsync()).Links);
        Assert.Equal((2L, 1L), (shown.FileCount, shown.SizeBytes));
    }

    [Fact]
    public async Task Bytes_that_come_stay_within_what_the_owner_allows()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload, bytes: 100);
        Assert.Equal(RefusalReason.TooLarge, (await host.OpenAsync(token, 101)).Refusal!.Reason);
        var begun = (await host.OpenAsync(token, 60)).Upload!;
        Assert.Equal(RefusalReason.Throttled, (await host.OpenAsync(token, 41)).Refusal!.Reason);
        Assert.Null((await host.SendAsync(link, begun.Id, 1, new byte[60])).Refusal);
        Caller.ActByLink(link.Id);
        Assert.Null((await host.Grains.GetGrain<IUploadSessionGrain>(begun.Id).CompleteAsync(AsItIs)).Refusal);

        Assert.Equal(RefusalReason.QuotaExceeded, (await host.OpenAsync(token, 41)).Refusal!.Reason);
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.SendAsync(link, "y", new byte[20])));
        Assert.Equal(2, results.Count(result => result.Refusal is null));
        Assert.All(results.Where(result => result.Refusal is not null), result => Assert.Equal(RefusalReason.QuotaExceeded, result.Refusal!.Reason));
        Assert.Equal(100, (await owner.ProfileAsync()).UsedBytes);
        Assert.Equal((3L, 100L), (await host.ScalarAsync<long>("SELECT files_sent FROM links WHERE id = $1", link.Id), await host.ScalarAsync<long>("SELECT bytes_sent FROM links WHERE id = $1", link.Id)));
    }

    [Theory]
    [InlineData(LinkRole.Upload, 0L, null)]
    [InlineData(LinkRole.Upload, 10_001L, null)]
    [InlineData(LinkRole.Upload, null, 0L)]
    [InlineData(LinkRole.Upload, null, 1_000_000_000_000_000_001L)]
    [InlineData(LinkRole.View, 1L, null)]
    [InlineData(LinkRole.View, null, 1L)]
    public async Task Limit_that_can_not_be_is_refused(LinkRole role, long? files, long? bytes)
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("box");
        var command = new CreateLinkCommand(Ids.New(Ids.Link), LinkTokens.Hash(LinkTokens.New()), role, null, null, null, files, bytes);
        Assert.Equal(RefusalReason.Invalid, (await owner.File(folder).CreateLinkAsync(command)).Refusal!.Reason);
        Assert.Empty((await owner.File(folder).ListLinksAsync()).Links);
    }

    [Fact]
    public async Task Link_of_a_program_that_knows_no_limits_has_the_default_one()
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("box");
        await host.ExecuteAsync("SELECT give_link($1, $2, $3, sha256(convert_to($3, 'UTF8')), 2, NULL, NULL, NULL, 100)", owner.Id, folder, Ids.New(Ids.Link));
        Assert.Equal(10_000, Assert.Single((await owner.File(folder).ListLinksAsync()).Links).FileCountMax);
    }

    [Fact]
    public async Task Visitor_never_hears_that_a_name_is_taken()
    {
        var owner = await host.SignUpAsync();
        var (token, link) = await host.MakeAsync(owner, await owner.FolderAsync("box"), role: LinkRole.Upload);
        await host.ExecuteAsync(
            """
            INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key) SELECT 'f-' || gen_random_uuid(), $1, $2, 2, n, n
            FROM (SELECT 'x.txt' AS n UNION SELECT 'x (' || i || ').txt' FROM generate_series(1, 1110) i) names
            """,
            owner.Id, link.EntryId);

        var names = new List<string> { (await host.SendAsync(link, "x.txt", [1])).Entry!.Name, (await host.SendAsync(link, "X.TXT", [])).Entry!.Name };
        var begun = (await host.OpenAsync(token, 0, "x.txt")).Upload!;
        Caller.ActByLink(link.Id);
        names.Add((await host.Grains.GetGrain<IUploadSessionGrain>(begun.Id).CompleteAsync(AsItIs)).Entry!.Name);

        Assert.Equal(3, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(names, name => Assert.Matches(@"^[xX] \([0-9a-f]{12}\)\.(txt|TXT)$", name));
    }
}
