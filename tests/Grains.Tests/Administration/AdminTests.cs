using GrainVault.Accounts;
using GrainVault.Administration;
using GrainVault.Cli.Administration;
using GrainVault.Grains.Tests.Support;

namespace GrainVault.Grains.Tests.Administration;

/// <summary>A host where three unfinished sessions are all that one user may have.</summary>
public sealed class FewSessionsHost : GrainsHost
{
    public const int OpenUploadCountMax = 3;

    public FewSessionsHost() => Settings["GrainVault:Limits:OpenUploadCountMax"] = "3";
}

/// <summary>What administrators see and change, and that nobody else does.</summary>
public sealed class AdminTests(FewSessionsHost host) : IClassFixture<FewSessionsHost>
{
    [Fact]
    public async Task Nobody_but_an_administrator_gets_in()
    {
        var user = await host.SignUpAsync();

        Assert.Equal(RefusalReason.Forbidden, (await Of(user).ListUsersAsync(null, null, 10)).Refusal?.Reason);
        Assert.Equal(RefusalReason.Forbidden, (await Of(user).GetUserAsync(user.Id)).Refusal?.Reason);
        Assert.Equal(RefusalReason.Forbidden, (await Of(user).SetQuotaAsync(user.Id, 1)).Refusal?.Reason);
        Assert.Equal(RefusalReason.Forbidden, (await Of(user).ListUploadsAsync(null, null, 10)).Refusal?.Reason);
        // Neither by the key of one who is, nor by a role that the token still carries.
        var administrator = await AdministratorAsync();
        Caller.Set(user.Id, "admin", "test");
        Assert.Equal(RefusalReason.Forbidden, (await host.Grains.GetGrain<IAdminGrain>(administrator.Id).ListUsersAsync(null, null, 10)).Refusal?.Reason);
        Assert.Equal(RefusalReason.Forbidden, (await host.Grains.GetGrain<IAdminGrain>(user.Id).ListUsersAsync(null, null, 10)).Refusal?.Reason);
    }

    [Fact]
    public async Task Right_that_was_taken_away_ends_with_the_next_call()
    {
        var administrator = await AdministratorAsync();
        Assert.Null((await Of(administrator).ListUsersAsync(null, null, 1)).Refusal);

        await SetRolesAsync(administrator, "");

        Assert.Equal(RefusalReason.Forbidden, (await Of(administrator).ListUsersAsync(null, null, 1)).Refusal?.Reason);
    }

    [Fact]
    public async Task Operator_grants_and_takes_away_the_right_and_logins_end_with_it()
    {
        var user = await host.SignUpAsync();

        Assert.Equal(user.Id, await AdministratorRoles.GrantAsync(host.Identity, user.Email.ToUpperInvariant(), CancellationToken.None));
        Assert.Equal(user.Id, await AdministratorRoles.GrantAsync(host.Identity, user.Email, CancellationToken.None));
        Assert.Contains((user.Id, user.Email), await AdministratorRoles.ListAsync(host.Identity, CancellationToken.None));
        Assert.Equal("admin", (await user.ProfileAsync()).Roles);
        Assert.Null((await Of(user).ListUsersAsync(null, null, 1)).Refusal);

        Assert.Equal(user.Id, await AdministratorRoles.RevokeAsync(host.Identity, user.Email, TimeSpan.FromMinutes(15), CancellationToken.None));
        Assert.Equal(RefusalReason.Forbidden, (await Of(user).ListUsersAsync(null, null, 1)).Refusal?.Reason);
        var ended = await host.Grains.GetGrain<IRevocationGrain>("r-0").ListAsync(null);
        Assert.Contains(user.SignIn.LoginId, ended.LoginIds);
        Assert.Null(await AdministratorRoles.GrantAsync(host.Identity, "nobody@example.org", CancellationToken.None));
        Assert.Null(await AdministratorRoles.RevokeAsync(host.Identity, "nobody@example.org", TimeSpan.FromMinutes(15), CancellationToken.None));
    }

    [Fact]
    public async Task Users_come_page_by_page_by_the_beginning_of_their_address()
    {
        var administrator = await AdministratorAsync();
        var expected = new List<string>();
        foreach (var name in (string[])["Élan-1", "élan-2", "ÉLAN-3", "eve-%", "elan-5"])
            expected.Add(await SignUpAsync($"{name}@paging.example.org"));

        var found = new List<string>();
        string? cursor = null;
        do
        {
            var page = await Of(administrator).ListUsersAsync("éLAN", cursor, 2);
            Assert.Null(page.Refusal);
            found.AddRange(page.Users.Select(user => user.UserId));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(expected[..3], found);
        Assert.Equal([expected[3]], (await Of(administrator).ListUsersAsync("eve-%", null, 10)).Users.Select(user => user.UserId));
        Assert.Empty((await Of(administrator).ListUsersAsync("%", null, 10)).Users);
        Assert.Empty((await Of(administrator).ListUsersAsync("a\0b", null, 10)).Users);
        Assert.Equal(RefusalReason.Invalid, (await Of(administrator).ListUsersAsync("other", "bm90IGlzc3VlZCBmb3IgdGhpcw", 2)).Refusal?.Reason);
    }

    [Fact]
    public async Task User_shows_usage_sessions_and_last_sign_in()
    {
        var administrator = await AdministratorAsync();
        var user = await host.SignUpAsync();
        await user.WriteFileAsync("a.bin", [1, 2, 3]);
        var open = await user.CreateAsync("b.bin", 10);

        var seen = (await Of(administrator).GetUserAsync(user.Id)).User!;

        Assert.Equal((user.Id, user.Email, 3L, 10L, 1L), (seen.UserId, seen.Email, seen.UsedBytes, seen.ReservedBytes, seen.OpenUploadCount));
        Assert.NotNull(seen.SignedInAt);
        var session = Assert.Single((await Of(administrator).ListUploadsAsync(user.Id, null, 10)).Sessions);
        Assert.Equal((open.Id, user.Id, 10L, 0L), (session.Id, session.OwnerId, session.ReservedBytes, session.ReceivedBytes));
        Assert.Equal(RefusalReason.NotFound, (await Of(administrator).GetUserAsync(Ids.New(Ids.User))).Refusal?.Reason);
        Assert.Equal(RefusalReason.NotFound, (await Of(administrator).GetUserAsync("nobody")).Refusal?.Reason);
    }

    [Fact]
    public async Task Sessions_of_all_users_come_page_by_page()
    {
        var administrator = await AdministratorAsync();
        var expected = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            var user = await host.SignUpAsync();
            expected.Add((await user.CreateAsync("a.bin", 1)).Id);
            expected.Add((await user.CreateAsync("b.bin", 1)).Id);
        }

        var found = new List<SessionSummary>();
        string? cursor = null;
        do
        {
            var page = await Of(administrator).ListUploadsAsync(null, cursor, 3);
            Assert.Null(page.Refusal);
            found.AddRange(page.Sessions);
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Select(session => session.Id).Where(expected.Contains).Order(StringComparer.Ordinal));
        Assert.Equal(found.Count, found.DistinctBy(session => session.Id).Count());
    }

    [Fact]
    public async Task Quota_below_what_is_used_refuses_uploads_and_removes_nothing()
    {
        var administrator = await AdministratorAsync();
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("a.bin", [1, 2, 3])).Entry!;

        var changed = await Of(administrator).SetQuotaAsync(user.Id, 2);

        Assert.Equal((2L, 3L), (changed.User!.QuotaBytes, changed.User.UsedBytes));
        Assert.Equal(RefusalReason.QuotaExceeded, (await user.WriteFileAsync("b.bin", [1])).Refusal?.Reason);
        Assert.Equal(RefusalReason.QuotaExceeded, (await user.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command("c.bin", 1))).Refusal?.Reason);
        Assert.Equal([1, 2, 3], await user.ReadAsync(file.Id));
        Assert.Null((await Of(administrator).SetQuotaAsync(user.Id, 4)).Refusal);
        Assert.Null((await user.WriteFileAsync("b.bin", [1])).Refusal);
        Assert.Equal(RefusalReason.Invalid, (await Of(administrator).SetQuotaAsync(user.Id, -1)).Refusal?.Reason);
    }

    [Fact]
    public async Task Administrator_reads_nothing_of_others()
    {
        var administrator = await AdministratorAsync();
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("a.bin", [1, 2, 3])).Entry!;

        Assert.Equal(RefusalReason.NotFound, (await administrator.File(file.Id).OpenContentAsync(null)).Refusal?.Reason);
        Assert.Equal(RefusalReason.NotFound, (await administrator.File(file.Id).GetAsync()).Refusal?.Reason);
    }

    [Fact]
    public async Task Sessions_opened_at_once_stay_within_the_limit_and_ended_ones_do_not_count()
    {
        var user = await host.SignUpAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => user.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command($"{i}.bin", 0))));

        var open = results.Where(result => result.Refusal is null).Select(result => result.Upload!).ToList();
        Assert.Equal(FewSessionsHost.OpenUploadCountMax, open.Count);
        Assert.All(results.Where(result => result.Refusal is not null), result => Assert.Equal(RefusalReason.TooManyUploads, result.Refusal!.Reason));
        // A repeat of one that is there is none more.
        Assert.Null((await user.Session(open[0].Id).CreateAsync(TestUser.Command(open[0].Name, 0))).Refusal);
        Assert.Null((await user.CompleteAsync(open[0].Id)).Refusal);
        await user.Session(open[1].Id).AbortAsync();
        await user.CreateAsync("x.bin", 0);
        await user.CreateAsync("y.bin", 0);
        Assert.Equal(RefusalReason.TooManyUploads, (await user.Session(Ids.New(Ids.Upload)).CreateAsync(TestUser.Command("z.bin", 0))).Refusal?.Reason);
    }

    private static IAdminGrain Of(TestUser user) => user.Grains.GetGrain<IAdminGrain>(user.Id);

    private async Task<string> SignUpAsync(string email)
    {
        var result = await host.Grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(email))
            .SignUpAsync(new SignUpCommand(Ids.New(Ids.User), email, GrainsHost.Password, null));
        Assert.Null(result.Refusal);
        return result.SignIn!.UserId;
    }

    private async Task<TestUser> AdministratorAsync()
    {
        var user = await host.SignUpAsync();
        await SetRolesAsync(user, "admin");
        return user;
    }

    private async Task SetRolesAsync(TestUser user, string roles)
    {
        await using var command = host.Identity.CreateCommand("UPDATE accounts SET roles = $1 WHERE id = $2");
        command.Parameters.AddWithValue(roles);
        command.Parameters.AddWithValue(user.Id);
        await command.ExecuteNonQueryAsync();
    }
}
