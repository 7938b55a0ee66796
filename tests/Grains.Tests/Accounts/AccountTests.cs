using GrainVault.Accounts;
using GrainVault.Data;
using GrainVault.Grains.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using SignInResult = GrainVault.Accounts.SignInResult;

namespace GrainVault.Grains.Tests.Accounts;

public sealed class AccountHost : GrainsHost
{
    public override Task InitializeAsync()
    {
        Settings["GrainVault:Auth:FirstAccountIsAdmin"] = "true";
        Settings["GrainVault:Auth:PasswordHashIterations"] = "11000";
        Settings["GrainVault:Limits:LoginCountMax"] = "3";
        return base.InitializeAsync();
    }
}

public sealed class AccountTests(AccountHost host) : IClassFixture<AccountHost>
{
    [Fact]
    public async Task Only_the_first_of_many_accounts_is_administrator()
    {
        var users = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => host.SignUpAsync()));

        Assert.Equal(1L, await IdentityAsync<long>("SELECT count(*) FROM accounts WHERE roles = 'admin'"));
        Assert.All(users, user => Assert.True(user.SignIn.Roles is "" or "admin"));
    }

    [Fact]
    public async Task Many_signups_at_once_in_any_spelling_make_one_account()
    {
        var emails = Enumerable.Range(0, 8).Select(i => i % 2 == 0 ? "race@example.org" : "RACE@Example.org").ToArray();

        var results = await Task.WhenAll(emails.Select(email => SignUpAsync(email)));

        Assert.Single(results, result => result.Refusal is null);
        Assert.All(results.Where(result => result.Refusal is not null), result => Assert.Equal(RefusalReason.EmailTaken, result.Refusal!.Reason));
    }

    [Fact]
    public async Task Repeated_signup_with_the_same_id_signs_in()
    {
        var id = Ids.New(Ids.User);
        var first = await SignUpAsync("repeat@example.org", id: id);
        var second = await SignUpAsync("repeat@example.org", id: id);

        Assert.Equal(first.SignIn!.UserId, second.SignIn!.UserId);
        Assert.NotEqual(first.SignIn.LoginId, second.SignIn.LoginId);
        Assert.Equal(RefusalReason.EmailTaken, (await SignUpAsync("repeat@example.org", "another passphrase 1", id)).Refusal!.Reason);
    }

    [Theory]
    [InlineData("no-at-sign")]
    [InlineData("two@@example.org")]
    [InlineData("white space@example.org")]
    [InlineData("a@")]
    [InlineData("control\u0007@example.org")]
    public async Task Address_that_can_not_be_is_refused(string email)
    {
        var grain = host.Grains.GetGrain<IAccountGrain>("a-0000000000000000000000000000000000000000");
        Assert.Equal(RefusalReason.Invalid, (await grain.SignUpAsync(new SignUpCommand(Ids.New(Ids.User), email, GrainsHost.Password, null))).Refusal!.Reason);
    }

    [Fact]
    public async Task Address_that_is_not_unicode_is_refused() =>
        Assert.Equal(RefusalReason.Invalid, (await SignUpAsync("lone\uD800@example.org")).Refusal!.Reason);

    [Theory]
    [InlineData("short")]
    [InlineData("123456789")]
    [InlineData("1234567890")]
    [InlineData("aaaaaaaaaaaa")]
    [InlineData("abcabcabcabc")]
    [InlineData("Password123")]
    [InlineData("p@ssw0rd1234")]
    [InlineData("QwertyUiop")]
    [InlineData("iloveyou123")]
    [InlineData("weak@example.org")]
    [InlineData("WEAK@EXAMPLE.ORG")]
    public async Task Weak_password_is_refused(string password) =>
        Assert.Equal(RefusalReason.WeakPassword, (await SignUpAsync("weak@example.org", password)).Refusal!.Reason);

    [Fact]
    public void Longest_password_is_accepted_and_a_longer_one_is_not()
    {
        var longest = string.Concat(Enumerable.Range(0, 64).Select(i => $"{i:x2}!x"))[..256];
        Assert.Null(PasswordRules.Check(longest, null));
        Assert.NotNull(PasswordRules.Check(longest + "x", null));
        Assert.True(CommonPasswords.Count >= 1_000);
    }

    [Fact]
    public async Task Eleventh_failed_login_waits_also_for_an_unknown_account()
    {
        await SignUpAsync("guessed@example.org");
        foreach (var email in (string[])["guessed@example.org", "unknown@example.org"])
        {
            for (var i = 0; i < 10; i++)
                Assert.Equal(RefusalReason.BadCredentials, (await LogInAsync(email, "wrong password")).Refusal!.Reason);
            var refused = (await LogInAsync(email, GrainsHost.Password)).Refusal!;
            Assert.Equal(RefusalReason.Throttled, refused.Reason);
            Assert.InRange(refused.RetryAfterSeconds, 1, 60);
        }
    }

    [Fact]
    public async Task Hash_of_older_parameters_is_renewed_by_a_login()
    {
        var user = (await SignUpAsync("older@example.org")).SignIn!.UserId;
        var hasher = new PasswordHasher<object>(Microsoft.Extensions.Options.Options.Create(new PasswordHasherOptions { IterationCount = 10_000 }));
        var old = hasher.HashPassword(new object(), GrainsHost.Password);
        await using (var command = host.Identity.CreateCommand("UPDATE accounts SET password_hash = $1 WHERE id = $2"))
        {
            command.Parameters.AddWithValue(old);
            command.Parameters.AddWithValue(user);
            await command.ExecuteNonQueryAsync();
        }

        Assert.Null((await LogInAsync("older@example.org", GrainsHost.Password)).Refusal);
        Assert.NotEqual(old, await IdentityAsync<string>("SELECT password_hash FROM accounts WHERE id = $1", user));
        Assert.Null((await LogInAsync("older@example.org", GrainsHost.Password)).Refusal);
    }

    [Fact]
    public async Task Refresh_token_works_once_and_its_reuse_ends_the_family()
    {
        var first = (await SignUpAsync("family@example.org")).SignIn!;
        var login = host.Grains.GetGrain<ILoginGrain>(first.LoginId);

        var second = await login.RefreshAsync(first.RefreshToken);
        Assert.Equal((first.UserId, first.LoginId), (second.SignIn!.UserId, second.SignIn.LoginId));
        Assert.Equal(RefusalReason.BadCredentials, (await login.RefreshAsync("nonsense")).Refusal!.Reason);
        var third = await login.RefreshAsync(second.SignIn.RefreshToken);
        Assert.Null(third.Refusal);

        Assert.Equal(RefusalReason.BadCredentials, (await login.RefreshAsync(first.RefreshToken)).Refusal!.Reason);
        Assert.Equal(RefusalReason.BadCredentials, (await login.RefreshAsync(third.SignIn!.RefreshToken)).Refusal!.Reason);
        Assert.Contains(first.LoginId, await RevokedAsync());
    }

    [Fact]
    public async Task Logout_ends_the_callers_login_only()
    {
        var signIn = (await SignUpAsync("logout@example.org")).SignIn!;
        var stranger = await host.SignUpAsync();

        await stranger.Grains.GetGrain<ILoginGrain>(signIn.LoginId).EndAsync();
        Assert.DoesNotContain(signIn.LoginId, await RevokedAsync());
        Caller.Set(signIn.UserId, "", "test");
        await host.Grains.GetGrain<ILoginGrain>(signIn.LoginId).EndAsync();
        await host.Grains.GetGrain<ILoginGrain>(signIn.LoginId).EndAsync();

        Assert.Contains(signIn.LoginId, await RevokedAsync());
        Assert.Equal(RefusalReason.BadCredentials, (await host.Grains.GetGrain<ILoginGrain>(signIn.LoginId).RefreshAsync(signIn.RefreshToken)).Refusal!.Reason);
    }

    [Fact]
    public async Task Revocations_come_page_by_page_and_none_is_skipped()
    {
        var revocations = host.Grains.GetGrain<IRevocationGrain>("r-0");
        var start = await revocations.ListAsync(null);
        var signIn = (await SignUpAsync("paged@example.org")).SignIn!;
        Caller.Set(signIn.UserId, "", "test");
        await host.Grains.GetGrain<ILoginGrain>(signIn.LoginId).EndAsync();

        var next = await revocations.ListAsync(start.Until);

        Assert.Contains(signIn.LoginId, next.LoginIds);
        Assert.True(next.Until >= start.Until);
    }

    [Fact]
    public async Task Password_change_ends_all_logins_and_starts_one()
    {
        var first = (await SignUpAsync("change@example.org")).SignIn!;
        var second = (await LogInAsync("change@example.org", GrainsHost.Password)).SignIn!;
        Caller.Set(first.UserId, "", "test");
        var user = host.Grains.GetGrain<IUserGrain>(first.UserId);

        Assert.Equal(RefusalReason.BadCredentials, (await user.ChangePasswordAsync("not the password", "a brand new passphrase")).Refusal!.Reason);
        Assert.Equal(RefusalReason.WeakPassword, (await user.ChangePasswordAsync(GrainsHost.Password, "password123")).Refusal!.Reason);
        var changed = await user.ChangePasswordAsync(GrainsHost.Password, "a brand new passphrase");

        Assert.Null(changed.Refusal);
        var revoked = await RevokedAsync();
        Assert.Contains(first.LoginId, revoked);
        Assert.Contains(second.LoginId, revoked);
        Assert.DoesNotContain(changed.SignIn!.LoginId, revoked);
        Assert.Equal(RefusalReason.BadCredentials, (await LogInAsync("change@example.org", GrainsHost.Password)).Refusal!.Reason);
        Assert.Null((await LogInAsync("change@example.org", "a brand new passphrase")).Refusal);
        Assert.Null((await host.Grains.GetGrain<ILoginGrain>(changed.SignIn.LoginId).RefreshAsync(changed.SignIn.RefreshToken)).Refusal);
    }

    [Fact]
    public async Task More_logins_than_allowed_end_the_least_recently_used()
    {
        var first = (await SignUpAsync("many@example.org")).SignIn!;
        for (var i = 0; i < 3; i++)
            Assert.Null((await LogInAsync("many@example.org", GrainsHost.Password)).Refusal);

        Assert.Equal(3L, await IdentityAsync<long>("SELECT count(*) FROM logins WHERE account_id = $1 AND ended_at IS NULL", first.UserId));
        Assert.Contains(first.LoginId, await RevokedAsync());
    }

    [Fact]
    public async Task Idempotency_key_returns_the_first_id_and_refuses_another_request()
    {
        var user = await host.SignUpAsync();

        Assert.Equal("first", (await user.Grain.BindIdempotencyKeyAsync("key", "print", "first")).ResourceId);
        Assert.Equal("first", (await user.Grain.BindIdempotencyKeyAsync("key", "print", "second")).ResourceId);
        Assert.Equal(RefusalReason.IdempotencyKeyReused, (await user.Grain.BindIdempotencyKeyAsync("key", "other", "third")).Refusal!.Reason);
        Assert.Equal("mine", (await (await host.SignUpAsync()).Grain.BindIdempotencyKeyAsync("key", "other", "mine")).ResourceId);
        await host.ExecuteAsync("UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE user_id = $1", user.Id);
        Assert.Equal("late", (await user.Grain.BindIdempotencyKeyAsync("key", "other", "late")).ResourceId);
        Assert.Equal(RefusalReason.Invalid, (await user.Grain.BindIdempotencyKeyAsync(new string('k', 256), "f", "r")).Refusal!.Reason);
    }

    [Fact]
    public async Task Profile_is_the_owners_alone()
    {
        var user = await host.SignUpAsync();
        var stranger = await host.SignUpAsync();

        Assert.Equal(user.Email, (await user.ProfileAsync()).Email);
        Assert.Equal(RefusalReason.NotFound, (await stranger.Grains.GetGrain<IUserGrain>(user.Id).GetProfileAsync()).Refusal!.Reason);
    }

    [Fact]
    public async Task Missing_catalogue_row_of_a_user_is_made_when_needed()
    {
        var user = await host.SignUpAsync();
        await host.ExecuteAsync("DELETE FROM users WHERE id = $1", user.Id);

        Assert.Equal(100L << 30, (await user.ProfileAsync()).QuotaBytes);
        Assert.Null((await user.WriteFileAsync("first.bin", [1])).Refusal);
    }

    [Fact]
    public async Task Database_that_does_not_answer_is_told_apart()
    {
        await using var source = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Timeout=2;Username=x;Password=y");
        var users = new UserRepository(
            new CatalogueDatabase(source, NullLogger<CatalogueDatabase>.Instance),
            Microsoft.Extensions.Options.Options.Create(new GrainVault.Options.LimitsOptions()),
            Microsoft.Extensions.Options.Options.Create(new GrainVault.Options.JanitorOptions()));

        await Assert.ThrowsAsync<DependencyUnavailableException>(() => users.EnsureAsync("u-0"));
    }

    private Task<SignInResult> SignUpAsync(string email, string password = GrainsHost.Password, string? id = null) =>
        host.Grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(email))
            .SignUpAsync(new SignUpCommand(id ?? Ids.New(Ids.User), email, password, null));

    private Task<SignInResult> LogInAsync(string email, string password) =>
        host.Grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(email)).LogInAsync(new LogInCommand(email, password));

    private async Task<List<string>> RevokedAsync() => (await host.Grains.GetGrain<IRevocationGrain>("r-0").ListAsync(null)).LoginIds;

    private async Task<T> IdentityAsync<T>(string sql, params object[] values)
    {
        await using var command = host.Identity.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
