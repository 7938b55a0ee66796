using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Links;

namespace GrainVault.Grains.Tests.Links;

public sealed partial class LinkTests(LinksHost host) : IClassFixture<LinksHost>
{
    [Fact]
    public async Task Downloads_at_once_stay_within_the_limit_and_are_all_counted()
    {
        var owner = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", [1, 2, 3])).Entry!.Id;
        var (token, link) = await host.MakeAsync(owner, file, downloads: 5);

        var results = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => host.Link(token).OpenContentAsync(LinkPass.None, null, isDownload: true)));

        var given = results.Where(result => result.Refusal is null).ToList();
        Assert.Equal(5, given.Count);
        Assert.All(given, result => Assert.True(result is { IsLimited: true, Content.SizeBytes: 3 }));
        Assert.All(results.Where(result => result.Refusal is not null), result => Assert.Equal(RefusalReason.NotFound, result.Refusal!.Reason));
        Assert.Equal(5, Assert.Single((await owner.File(file).ListLinksAsync()).Links, one => one.Id == link.Id).DownloadCount);
        // Each of the five may go on; nobody else comes in, not even with a ticket that is none.
        foreach (var result in given)
            Assert.Null((await host.Link(token).OpenContentAsync(new LinkPass(null, result.Ticket), null, isDownload: true)).Refusal);
        foreach (var ticket in (string[])["", "x", new string('A', 5_000), given[0].Ticket![..^1], token])
            Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenContentAsync(new LinkPass(null, ticket), null, isDownload: true)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).GetAsync(LinkPass.None, null)).Refusal!.Reason);
        Assert.Equal(5, await host.ScalarAsync<long>("SELECT downloads FROM links WHERE id = $1", link.Id));
    }

    [Fact]
    public async Task Ticket_is_good_for_its_file_and_its_time_and_ends_with_the_link()
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("folder");
        var first = (await owner.WriteFileAsync("first", [1], parentId: folder)).Entry!.Id;
        var second = (await owner.WriteFileAsync("second", [2], parentId: folder)).Entry!.Id;
        var (token, link) = await host.MakeAsync(owner, folder, downloads: 1, lives: TimeSpan.FromHours(3));
        var opened = await host.Link(token).OpenContentAsync(LinkPass.None, first, isDownload: true);
        Assert.Equal(TimeSpan.FromHours(1), opened.TicketLifetime);
        var pass = new LinkPass(null, opened.Ticket);

        Assert.Null((await host.Link(token).OpenContentAsync(pass, first, isDownload: true)).Refusal);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenContentAsync(pass, second, isDownload: true)).Refusal!.Reason);
        host.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenContentAsync(pass, first, isDownload: true)).Refusal!.Reason);

        var (endless, _) = await host.MakeAsync(owner, first);
        var other = new LinkPass(null, (await host.Link(endless).OpenContentAsync(LinkPass.None, null, isDownload: true)).Ticket);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenContentAsync(other, first, isDownload: true)).Refusal!.Reason);
        Assert.Null((await host.Link(endless).OpenContentAsync(other, null, isDownload: true)).Refusal);
        Assert.Null((await owner.Grain.RevokeLinkAsync((await owner.File(first).ListLinksAsync()).Links.Single().Id)).Refusal);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(endless).OpenContentAsync(other, null, isDownload: true)).Refusal!.Reason);
        Assert.Equal(1, await host.ScalarAsync<long>("SELECT downloads FROM links WHERE id = $1", link.Id));
    }

    [Fact]
    public async Task Ticket_ends_with_three_times_the_size_of_its_file_and_what_was_not_sent_is_given_back()
    {
        var owner = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", new byte[100])).Entry!.Id;
        var (token, link) = await host.MakeAsync(owner, file, downloads: 1);
        var ticket = (await host.Link(token).OpenContentAsync(LinkPass.None, null, isDownload: true)).Ticket!;
        var rest = new LinkPass(null, ticket, 99);
        Task<LinkContentResult> GoOnAsync(LinkPass pass) => host.Link(token).OpenContentAsync(pass, null, isDownload: true);

        // A connection that was cut after one byte takes one byte, however often.
        for (var i = 0; i < 10; i++)
        {
            Assert.Null((await GoOnAsync(rest)).Refusal);
            await host.Link(token).GiveBackAsync(ticket, 98);
        }

        // 90 more bytes and no more, of whatever comes at once.
        Assert.Null((await GoOnAsync(rest with { LengthBytes = 100 })).Refusal);
        var results = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => GoOnAsync(rest with { LengthBytes = 30 })));
        Assert.Equal(3, results.Count(result => result.Refusal is null));
        Assert.All(results.Where(result => result.Refusal is not null), result => Assert.Equal(RefusalReason.NotFound, result.Refusal!.Reason));
        Assert.Equal(RefusalReason.NotFound, (await GoOnAsync(rest with { LengthBytes = null })).Refusal!.Reason);
        Assert.Equal(300L, await host.ScalarAsync<long>("SELECT sent_bytes FROM link_tickets WHERE link_id = $1", link.Id));
    }

    [Fact]
    public async Task Ticket_that_has_nothing_left_begins_another_download_and_needs_the_password_again()
    {
        var owner = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", [1, 2, 3])).Entry!.Id;
        var (token, link) = await host.MakeAsync(owner, file, password: "sesame", downloads: 2);
        var pass = new LinkPass((await host.Link(token).UnlockAsync("sesame")).Proof, null);
        pass = pass with { Ticket = (await host.Link(token).OpenContentAsync(pass, null, isDownload: true)).Ticket };
        for (var i = 0; i < 2; i++)
            Assert.Null((await host.Link(token).OpenContentAsync(pass with { Proof = null }, null, isDownload: true)).Ticket);

        Assert.Equal(RefusalReason.BadCredentials, (await host.Link(token).OpenContentAsync(pass with { Proof = null }, null, isDownload: true)).Refusal!.Reason);
        var next = await host.Link(token).OpenContentAsync(pass, null, isDownload: true);
        Assert.NotNull(next.Ticket);
        Assert.NotEqual(pass.Ticket, next.Ticket);
        Assert.Equal(2L, await host.ScalarAsync<long>("SELECT downloads FROM links WHERE id = $1", link.Id));
        Assert.Null((await owner.Grain.RevokeLinkAsync(link.Id)).Refusal);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM link_tickets WHERE link_id = $1", link.Id));
    }

    /// <summary>What ends a link, or the way to what it leads to; each looks like a link that never was.</summary>
    [Theory]
    [InlineData("expired")]
    [InlineData("revoked")]
    [InlineData("unknown")]
    [InlineData("malformed")]
    [InlineData("trashed")]
    [InlineData("folder trashed")]
    [InlineData("above trashed")]
    [InlineData("moved")]
    [InlineData("purged")]
    [InlineData("purged folder")]
    [InlineData("transferred")]
    public async Task Link_that_is_not_good_is_not_there(string state)
    {
        var owner = await host.SignUpAsync();
        var above = await owner.FolderAsync("above");
        var folder = await owner.FolderAsync("folder", above);
        var file = (await owner.WriteFileAsync("file", [1], parentId: await owner.FolderAsync("inner", folder))).Entry!.Id;
        var (token, link) = await host.MakeAsync(owner, folder, lives: TimeSpan.FromMinutes(1), password: "open");
        Assert.Equal(RefusalReason.BadCredentials, (await host.Link(token).OpenContentAsync(LinkPass.None, file, isDownload: true)).Refusal!.Reason);
        var pass = new LinkPass((await host.Link(token).UnlockAsync("open")).Proof, null);
        pass = pass with { Ticket = (await host.Link(token).OpenContentAsync(pass, file, isDownload: true)).Ticket };
        Assert.NotNull(pass.Ticket);

        switch (state)
        {
            case "expired":
                host.Time.Advance(TimeSpan.FromMinutes(1));
                break;
            case "revoked":
                Assert.Null((await owner.Grain.RevokeLinkAsync(link.Id)).Refusal);
                break;
            case "unknown":
                token = LinkTokens.New();
                break;
            case "malformed":
                token = "x";
                break;
            case "moved":
                Assert.Null((await owner.ChangeAsync(file, move: true, parentId: above)).Refusal);
                break;
            case "transferred":
                await TransferAsync(folder, owner);
                break;
            default:
                var gone = state switch { "trashed" or "purged" => file, "above trashed" => above, _ => folder };
                Assert.Null((await owner.File(gone).DeleteAsync(permanent: state.StartsWith("purged", StringComparison.Ordinal))).Refusal);
                break;
        }

        var isFolderThere = state is "moved" or "trashed" or "purged";
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenContentAsync(pass, file, isDownload: true)).Refusal?.Reason);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenContentAsync(pass, file, isDownload: false)).Refusal?.Reason);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).GetAsync(pass, file)).Refusal?.Reason);
        Assert.Equal(isFolderThere ? null : RefusalReason.NotFound, (await host.Link(token).ListAsync(pass, null, null, 10)).Refusal?.Reason);
        Assert.Equal(isFolderThere ? null : RefusalReason.NotFound, (await host.Link(token).UnlockAsync("open")).Refusal?.Reason);
    }

    [Fact]
    public async Task Folder_is_listed_page_by_page_and_nothing_beside_it()
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("folder");
        var beside = (await owner.WriteFileAsync("beside", [1])).Entry!.Id;
        var inner = await owner.FolderAsync("c inner", folder);
        var deep = (await owner.WriteFileAsync("deep", [9], parentId: inner)).Entry!.Id;
        foreach (var name in (string[])["a", "b", "d", "e"])
            await owner.WriteFileAsync(name, [1], parentId: folder);
        await owner.File((await owner.WriteFileAsync("b trashed", [1], parentId: folder)).Entry!.Id).DeleteAsync(permanent: false);
        var (token, _) = await host.MakeAsync(owner, folder);
        var (other, _) = await host.MakeAsync(owner, folder);

        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await host.Link(token).ListAsync(LinkPass.None, null, cursor, 2);
            Assert.Null(page.Refusal);
            names.AddRange(page.Entries.Select(entry => entry.Name));
            if (page.NextCursor is not null)
                Assert.Equal(RefusalReason.Invalid, (await host.Link(other).ListAsync(LinkPass.None, null, page.NextCursor, 2)).Refusal!.Reason);
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(["a", "b", "c inner", "d", "e"], names);
        Assert.Equal([deep], (await host.Link(token).ListAsync(LinkPass.None, inner, null, 10)).Entries.Select(entry => entry.Id));
        Assert.Null((await host.Link(token).OpenContentAsync(LinkPass.None, deep, isDownload: true)).Refusal);
        foreach (var hidden in (string[])[beside, Ids.New(Ids.File), "x", "", owner.Id])
        {
            Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenContentAsync(LinkPass.None, hidden, isDownload: true)).Refusal!.Reason);
            Assert.Equal(RefusalReason.NotFound, (await host.Link(token).ListAsync(LinkPass.None, hidden, null, 10)).Refusal!.Reason);
        }

        foreach (var (badCursor, limit) in new (string?, int)[] { ("x", 10), (null, 0), (null, 1_001), (new string('A', 5_000), 10) })
            Assert.Equal(RefusalReason.Invalid, (await host.Link(token).ListAsync(LinkPass.None, null, badCursor, limit)).Refusal!.Reason);
    }

    [Fact]
    public async Task Wrong_passwords_of_a_link_are_counted_and_a_minute_later_it_may_be_tried_again()
    {
        var owner = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", [1])).Entry!.Id;
        var (token, _) = await host.MakeAsync(owner, file, password: "sesame");
        var (open, _) = await host.MakeAsync(owner, file);

        var pass = new LinkPass((await host.Link(token).UnlockAsync("sesame")).Proof, null);
        var guesses = await Task.WhenAll(Enumerable.Range(0, 10).Select(guess => host.Link(token).UnlockAsync($"guess {guess}")));
        Assert.Equal(LinksHost.FailedPasswordCountMax, guesses.Count(guess => guess.Refusal!.Reason == RefusalReason.BadCredentials));
        Assert.Equal(10 - LinksHost.FailedPasswordCountMax, guesses.Count(guess => guess.Refusal is { Reason: RefusalReason.Throttled, RetryAfterSeconds: > 0 }));
        Assert.Equal(RefusalReason.Throttled, (await host.Link(token).UnlockAsync("sesame")).Refusal!.Reason);
        // Who is in stays in, and another link is not held up.
        Assert.Null((await host.Link(token).OpenContentAsync(pass, null, isDownload: true)).Refusal);
        Assert.Null((await host.Link(open).UnlockAsync("anything")).Refusal);
        Assert.Equal(RefusalReason.BadCredentials, (await host.Link(token).GetAsync(pass with { Proof = (await host.Link(open).UnlockAsync("x")).Proof }, null)).Refusal!.Reason);

        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null((await host.Link(token).UnlockAsync("sesame")).Refusal);
        host.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(RefusalReason.BadCredentials, (await host.Link(token).GetAsync(pass, null)).Refusal!.Reason);
        var kept = await host.ScalarAsync<string>("SELECT string_agg(l::text, ' ') FROM links l WHERE entry_id = $1", file);
        Assert.DoesNotContain("sesame", kept, StringComparison.Ordinal);
        Assert.DoesNotContain(token, kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_are_the_owners_alone_and_bad_ones_are_refused()
    {
        var owner = await host.SignUpAsync();
        var editor = await host.SignUpAsync();
        var stranger = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", [1])).Entry!.Id;
        var folder = await owner.FolderAsync("folder");
        await owner.File(file).ShareAsync(editor.Id, ShareRole.Editor);
        var (token, link) = await host.MakeAsync(owner, file);
        CreateLinkCommand Command(string? password = null, TimeSpan? lives = null, long? downloads = null, LinkRole role = LinkRole.View) =>
            new(Ids.New(Ids.Link), LinkTokens.Hash(LinkTokens.New()), role, password, lives is { } life ? host.Time.GetUtcNow() + life : null, downloads);

        foreach (var (user, reason) in new[] { (editor, RefusalReason.Forbidden), (stranger, RefusalReason.NotFound) })
        {
            Assert.Equal(reason, (await user.File(file).CreateLinkAsync(Command())).Refusal!.Reason);
            Assert.Equal(reason, (await user.File(file).ListLinksAsync()).Refusal!.Reason);
            Assert.Equal(reason, (await user.Grain.RevokeLinkAsync(link.Id)).Refusal!.Reason);
        }

        foreach (var command in (CreateLinkCommand[])[
            Command(password: ""), Command(password: new string('x', 257)), Command(password: " x"), Command(password: "x\ny"), Command(lives: TimeSpan.Zero),
            Command(downloads: 0), Command(downloads: 1_000_000_001), Command(role: LinkRole.Upload), Command(role: (LinkRole)3)])
            Assert.Equal(RefusalReason.Invalid, (await owner.File(file).CreateLinkAsync(command)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Invalid, (await owner.File(folder).CreateLinkAsync(Command(downloads: 1, role: LinkRole.Upload))).Refusal!.Reason);
        Assert.Single((await owner.File(file).ListLinksAsync()).Links);

        // A repeat with the same token gives the same link, with another token nothing.
        var repeated = new CreateLinkCommand(link.Id, LinkTokens.Hash(token), LinkRole.View, null, null, null);
        Assert.Equal(link, Assert.Single((await owner.File(file).CreateLinkAsync(repeated)).Links));
        Assert.Equal(RefusalReason.IdempotencyKeyReused, (await owner.File(file).CreateLinkAsync(repeated with { TokenHash = LinkTokens.Hash(LinkTokens.New()) })).Refusal!.Reason);

        await owner.File(file).DeleteAsync(permanent: false);
        Assert.Equal(RefusalReason.InTrash, (await owner.File(file).CreateLinkAsync(Command())).Refusal!.Reason);
        foreach (var nobody in (string[])["", "x", Ids.New(Ids.Link), file])
            Assert.Equal(RefusalReason.NotFound, (await owner.Grain.RevokeLinkAsync(nobody)).Refusal!.Reason);
        Assert.Null((await owner.Grain.RevokeLinkAsync(link.Id)).Refusal);
        Assert.Equal(RefusalReason.NotFound, (await owner.Grain.RevokeLinkAsync(link.Id)).Refusal!.Reason);
    }

    [Fact]
    public async Task Link_that_only_takes_files_shows_nothing_of_the_folder()
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("secret name");
        var file = (await owner.WriteFileAsync("file", [1], parentId: folder)).Entry!.Id;
        var (token, _) = await host.MakeAsync(owner, folder, role: LinkRole.Upload);

        Assert.True(await host.Link(token).GetAsync(LinkPass.None, null) is { Refusal: null, Role: LinkRole.Upload, Entry: null });
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).GetAsync(LinkPass.None, file)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).GetAsync(LinkPass.None, folder)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).ListAsync(LinkPass.None, null, null, 10)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenContentAsync(LinkPass.None, file, isDownload: true)).Refusal!.Reason);
    }

    [Fact]
    public async Task Entry_has_only_so_many_links()
    {
        var owner = await host.SignUpAsync();
        var folder = await owner.FolderAsync("folder");
        await host.ExecuteAsync(
            "INSERT INTO links (id, entry_id, token_hash, role) SELECT 'ln-' || gen_random_uuid(), $1, sha256(gen_random_uuid()::text::bytea), 1 FROM generate_series(1, 99)", folder);
        await host.MakeAsync(owner, folder);
        var command = new CreateLinkCommand(Ids.New(Ids.Link), LinkTokens.Hash(LinkTokens.New()), LinkRole.View, null, null, null);
        Assert.Equal(RefusalReason.Invalid, (await owner.File(folder).CreateLinkAsync(command)).Refusal!.Reason);
    }

    [Fact]
    public async Task Unknown_expired_and_used_up_links_cost_the_same()
    {
        var owner = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", [1])).Entry!.Id;
        var (token, _) = await host.MakeAsync(owner, file, lives: TimeSpan.FromMinutes(1), password: "sesame");
        host.Time.Advance(TimeSpan.FromMinutes(2));
        var (used, _) = await host.MakeAsync(owner, file, password: "sesame", downloads: 1);
        var pass = new LinkPass((await host.Link(used).UnlockAsync("sesame")).Proof, null);
        Assert.Null((await host.Link(used).OpenContentAsync(pass, null, isDownload: true)).Refusal);
        var unknown = await CostAsync(LinkTokens.New());
        Assert.Equal((unknown, unknown), (await CostAsync(token), await CostAsync(used)));
    }

    [Fact]
    public async Task Used_up_link_asks_nobody_for_its_password_and_its_tickets_are_good_still()
    {
        var owner = await host.SignUpAsync();
        var file = (await owner.WriteFileAsync("file", [1])).Entry!.Id;
        var (token, _) = await host.MakeAsync(owner, file, password: "sesame", downloads: 1);
        var pass = new LinkPass((await host.Link(token).UnlockAsync("sesame")).Proof, null);
        var ticket = (await host.Link(token).OpenContentAsync(pass, null, isDownload: true)).Ticket;

        var refusals = new List<Refusal?>();
        foreach (var password in (string[])["sesame", "wrong", ""])
            refusals.Add((await host.Link(token).UnlockAsync(password)).Refusal);
        foreach (var none in (LinkPass[])[LinkPass.None, pass, new LinkPass(null, "x"), pass with { Ticket = "x" }])
        {
            refusals.Add((await host.Link(token).GetAsync(none, null)).Refusal);
            refusals.Add((await host.Link(token).OpenContentAsync(none, null, isDownload: false)).Refusal);
        }

        Assert.Equal([(await host.Link(LinkTokens.New()).UnlockAsync("sesame")).Refusal], refusals.Distinct());
        Assert.Null((await host.Link(token).OpenContentAsync(new LinkPass(null, ticket), null, isDownload: true)).Refusal);
    }

    private async Task<int> CostAsync(string token)
    {
        using var statements = new StatementCounter();
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenContentAsync(LinkPass.None, null, isDownload: true)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).OpenContentAsync(new LinkPass(null, "x"), null, isDownload: true)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await host.Link(token).UnlockAsync("sesame")).Refusal!.Reason);
        return statements.Count;
    }

    // As an owner gives a folder away with all that is in it.
    private async Task TransferAsync(string folder, TestUser owner)
    {
        var heir = await host.SignUpAsync();
        await host.ExecuteAsync("UPDATE entries SET owner_id = $1, parent_id = NULL WHERE id = $2", heir.Id, folder);
        await owner.File(folder).ForgetAsync();
    }
}
