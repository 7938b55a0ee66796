using GrainVault.Changes;
using GrainVault.Files;
using GrainVault.Grains.Tests.Audit;
using GrainVault.Grains.Tests.Support;
using GrainVault.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrainVault.Grains.Tests.Changes;

/// <summary>A silo that lets little be shared.</summary>
public sealed class FeedLimitHost : GrainsHost
{
    public override Task InitializeAsync()
    {
        Settings["GrainVault:Limits:ShareCountPerPairMax"] = "3";
        Settings["GrainVault:Limits:ShareCountPerUserMax"] = "5";
        Settings["GrainVault:Limits:FeedOwnerCountMax"] = "2";
        return base.InitializeAsync();
    }
}

/// <summary>What others can put into a user's feed, and what it costs him.</summary>
public sealed class FeedLimitTests(FeedLimitHost host) : IClassFixture<FeedLimitHost>
{
    private const int ManyCount = 5_001;

    [Fact]
    public async Task Shares_with_a_user_end_at_the_limits_of_their_owner_and_of_all()
    {
        var (first, second, reader) = (await host.SignUpAsync(), await host.SignUpAsync(), await host.SignUpAsync());
        var folders = await FoldersAsync(first, 4);
        // However many come at once.
        var results = await Task.WhenAll(folders.Select(folder => first.File(folder).ShareAsync(reader.Id, ShareRole.Viewer)));
        var refused = Assert.Single(results, result => result.Refusal is not null).Refusal!;
        Assert.Equal(RefusalReason.TooManyShares, refused.Reason);
        var left = folders[Array.FindIndex(results, result => result.Refusal is not null)];
        var shared = folders.First(folder => folder != left);
        Assert.Null((await first.File(shared).ShareAsync(reader.Id, ShareRole.Editor)).Refusal);
        Assert.Null((await first.File(left).ShareAsync(second.Id, ShareRole.Viewer)).Refusal);
        Assert.Null((await reader.File(shared).UnshareAsync(reader.Id)).Refusal);
        Assert.Null((await first.File(left).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal);

        var others = await FoldersAsync(second, 3);
        Assert.Null((await second.File(others[0]).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal);
        Assert.Null((await second.File(others[1]).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal);
        Assert.Equal(RefusalReason.TooManyShares, (await second.File(others[2]).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal!.Reason);
        Assert.Equal(5L, await host.ScalarAsync<long>("SELECT count(*) FROM shares WHERE user_id = $1", reader.Id));
        Assert.DoesNotContain(others[2], (await reader.Grain.ListFilesAsync(new EntryQuery(EntryView.Shared, null, null, null, 10))).Entries.Select(entry => entry.Id));
    }

    [Fact]
    public async Task Owners_in_a_user_s_feed_are_limited_and_count_for_as_long_as_it_tells_of_them()
    {
        var reader = await host.SignUpAsync();
        TestUser[] owners = [await host.SignUpAsync(), await host.SignUpAsync(), await host.SignUpAsync()];
        var folders = new List<string>();
        foreach (var owner in owners)
            folders.Add(await owner.FolderAsync("folder"));
        Assert.Null((await owners[0].File(folders[0]).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal);
        Assert.Null((await owners[1].File(folders[1]).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal);
        Assert.Equal(RefusalReason.TooManyShares, (await owners[2].File(folders[2]).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal!.Reason);
        Assert.Null((await owners[0].File(folders[0]).UnshareAsync(reader.Id)).Refusal);
        Assert.Equal(RefusalReason.TooManyShares, (await owners[2].File(folders[2]).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal!.Reason);
        Assert.Null((await owners[0].File(folders[0]).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal);
        Assert.Null((await owners[0].File(folders[0]).UnshareAsync(reader.Id)).Refusal);

        // The feed tells of him no more.
        await host.ExecuteAsync("DELETE FROM shared_changes WHERE scope = $1 AND owner_id = $2", $"t:{reader.Id}", owners[0].Id);
        Assert.Null((await owners[2].File(folders[2]).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal);
    }

    [Fact]
    public async Task Very_many_shares_cost_a_look_per_owner_and_a_folder_above_them_that_moves_is_told_in_pages()
    {
        var (owner, reader) = (await host.SignUpAsync(), await host.SignUpAsync());
        var (folder, place) = (await owner.FolderAsync("many"), await owner.FolderAsync("place"));
        await ShareManyAsync(owner.Id, folder, reader.Id);
        Assert.InRange(await CostAsync("SELECT feed_sum($1)", reader.Id), 1, 20);

        var replica = new FeedReplica(reader);
        await replica.CatchUpAsync(limit: 1_000);
        Assert.Equal(ManyCount, replica.Entries.Count);
        await owner.ChangeAsync(folder, move: true, parentId: place);
        Assert.True(await replica.StepAsync(limit: 1_000));
        await owner.File(place).DeleteAsync(permanent: false);
        Assert.True(await replica.StepAsync(limit: 1_000));
        await replica.CatchUpAsync(limit: 1_000);
        Assert.Empty(replica.Entries);
        Assert.Equal(1_000, replica.PageLengthMax);
        await owner.File(place).RestoreAsync();
        await replica.CatchUpAsync(limit: 1_000);
        Assert.Equal(ManyCount, replica.Entries.Count);
        await replica.AssertIsPresentStateAsync();
    }

    [Fact]
    public async Task Position_among_shares_below_a_folder_gets_old_from_the_change_that_it_tells_of()
    {
        var (owner, reader) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await owner.FolderAsync("folder");
        foreach (var name in (string[])["a", "b", "c"])
            await owner.File(await owner.FolderAsync(name, folder)).ShareAsync(reader.Id, ShareRole.Viewer);
        var replica = new FeedReplica(reader);
        await replica.CatchUpAsync();
        await owner.File(folder).DeleteAsync(permanent: false);
        Assert.True(await replica.StepAsync(limit: 1));
        var cursors = host.Services.GetRequiredService<FeedCursors>();
        var first = (await cursors.ReadAsync(reader.Id, replica.Cursor!, CancellationToken.None)).Position!;
        await Poll.UntilAsync(() => Task.FromResult(TimeProvider.System.GetUtcNow() > first.IssuedAt.AddSeconds(1)), "a cursor of now would be another");
        Assert.True(await replica.StepAsync(limit: 1));
        var second = (await cursors.ReadAsync(reader.Id, replica.Cursor!, CancellationToken.None)).Position!;
        Assert.Equal((FeedPhase.Below, first.IssuedAt, first.GoodUntil), (second.Phase, second.IssuedAt, second.GoodUntil));
        Assert.NotEqual(first.Key, second.Key);
        // What a release before this phase looks at first: whether the cursor is too old.
        Assert.Equal("0", second.Format().Split(' ')[1]);
        await replica.CatchUpAsync(limit: 1);
        Assert.Empty(replica.Entries);
    }

    [Fact]
    public async Task Feed_is_asked_once_for_all_webhooks_of_a_user()
    {
        var (first, second) = (await host.SignUpAsync(), await host.SignUpAsync());
        await host.ExecuteAsync("CREATE TABLE sums (user_id text)");
        await host.ExecuteAsync(
            """
            CREATE OR REPLACE FUNCTION feed_sum(p_user text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO sums VALUES (p_user);
                RETURN (SELECT sum(o.last_seq + (o.hash & 1048575))::bigint FROM feed_owners(p_user) o);
            END $$
            """);
        foreach (var user in (TestUser[])[first, first, first, second])
        {
            await host.ExecuteAsync(
                "INSERT INTO webhooks (id, user_id, shard, url, secret, cursor) VALUES ('wh-' || gen_random_uuid(), $1, 3, 'https://example.org', decode(repeat('00', 24), 'hex'), '')",
                user.Id);
        }

        var repository = host.Services.GetRequiredService<WebhookRepository>();
        var due = await repository.FindDueAsync(3, 10, 2, [], [], TimeSpan.FromDays(1), CancellationToken.None);
        Assert.Equal(2, due.Count(webhook => webhook.UserId == first.Id));
        Assert.Single(due, webhook => webhook.UserId == second.Id);
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM sums WHERE user_id = $1", first.Id));
        due = await repository.FindDueAsync(3, 10, 2, [due.First(webhook => webhook.UserId == first.Id).Id], [second.Id], TimeSpan.FromDays(1), CancellationToken.None);
        Assert.Equal([first.Id, first.Id], due.Select(webhook => webhook.UserId));
    }

    [Fact]
    public async Task Owner_of_a_share_is_that_of_the_entry_whatever_is_written()
    {
        var (owner, reader) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await owner.FolderAsync("folder");
        await host.ExecuteAsync("INSERT INTO shares (entry_id, user_id, role, owner_id) VALUES ($1, $2, 2, 'u-somebody')", folder, reader.Id);
        Assert.Equal(owner.Id, await host.ScalarAsync<string>("SELECT owner_id FROM shares WHERE entry_id = $1", folder));
        await host.ExecuteAsync("UPDATE shares SET owner_id = NULL WHERE entry_id = $1", folder);
        Assert.Equal(owner.Id, await host.ScalarAsync<string>("SELECT owner_id FROM shares WHERE entry_id = $1", folder));
        // As a release writes it that does not know of it.
        await host.ExecuteAsync("DELETE FROM shares WHERE entry_id = $1", folder);
        await host.ExecuteAsync("INSERT INTO shares (entry_id, user_id, role) VALUES ($1, $2, 2)", folder, reader.Id);
        Assert.Equal(owner.Id, await host.ScalarAsync<string>("SELECT owner_id FROM shares WHERE entry_id = $1", folder));
    }

    /// <summary>Rows of shares and entries that a statement has looked at.</summary>
    private async Task<long> CostAsync(string sql, string userId)
    {
        await using var connection = await host.Catalogue.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand(sql, connection, transaction))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = userId });
            await command.ExecuteScalarAsync();
        }

        await using var rows = new NpgsqlCommand(
            "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0) + coalesce(idx_scan, 0))::bigint FROM pg_stat_xact_user_tables WHERE relname IN ('shares', 'entries')",
            connection,
            transaction);
        return (long)(await rows.ExecuteScalarAsync())!;
    }

    /// <summary>Files in a folder, each shared by itself, as before there was a limit.</summary>
    private Task ShareManyAsync(string owner, string folder, string reader) => host.TamperAsync(
        $"""
        WITH files AS (
            INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key, current_version, size_bytes, content_type)
            SELECT 'f-' || gen_random_uuid(), '{owner}', '{folder}', 1, 'file ' || n, 'file ' || n, 1, 0, 'text/plain' FROM generate_series(1, {ManyCount}) n RETURNING id
        ), versions AS (
            INSERT INTO file_versions (file_id, number, size_bytes, content_type, checksum) SELECT id, 1, 0, 'text/plain', 'c' FROM files
        )
        INSERT INTO shares (entry_id, user_id, role, owner_id) SELECT id, '{reader}', 2, '{owner}' FROM files
        """,
        owner);

    private static async Task<string[]> FoldersAsync(TestUser owner, int count)
    {
        var folders = new string[count];
        for (var i = 0; i < count; i++)
            folders[i] = await owner.FolderAsync($"folder {i}");
        return folders;
    }
}
