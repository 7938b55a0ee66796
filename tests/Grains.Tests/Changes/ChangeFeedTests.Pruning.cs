using GrainVault.Changes;
using GrainVault.Data;
using GrainVault.TestKit.Plans;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrainVault.Grains.Tests.Changes;

public sealed partial class ChangeFeedTests
{
    private const int PrunedAtOnce = 100;

    [Fact]
    public async Task Old_changes_are_pruned_from_the_beginning_without_a_hole()
    {
        var owner = await host.SignUpAsync();
        for (var i = 0; i < 6; i++)
            await owner.FolderAsync($"folder {i}");
        await host.ExecuteAsync("UPDATE changes SET at = now() - interval '2 days' WHERE owner_id = $1 AND seq IN (1, 2, 4)", owner.Id);
        Assert.True(await PruneAsync() >= 2);
        Assert.Equal("3,4,5,6", await host.ScalarAsync<string>("SELECT string_agg(seq::text, ',' ORDER BY seq) FROM changes WHERE owner_id = $1", owner.Id));
        await new FeedReplica(owner).AssertCatchesUpAsync();
    }

    [Fact]
    public async Task Pruning_reads_no_more_than_in_proportion_to_what_goes_however_much_is_left()
    {
        const int Many = 3_000;
        string[] owners = [await FeedAsync(Many, old: Many), await FeedAsync(Many, old: Many), await FeedAsync(Many, old: 1)];
        await host.ExecuteAsync("ANALYZE changes");
        var recorder = new PlanRecorder();
        await using (var catalogue = recorder.Open(host.ConnectionString(CatalogueDatabase.Key)))
        await using (var command = catalogue.CreateCommand($"SELECT prune_feed(interval '1 day', {PrunedAtOnce})"))
        {
            for (var left = await CountAsync(owners); left > 3 * Many - 4 * PrunedAtOnce; left -= PrunedAtOnce)
            {
                Assert.Equal(PrunedAtOnce, (int)(await command.ExecuteScalarAsync())!);
                Assert.Equal(left - PrunedAtOnce, await CountAsync(owners));
                var scans = recorder.Plans.SelectMany(plan => plan.Scans).Where(scan => (scan.Table ?? scan.Index)!.StartsWith("changes", StringComparison.Ordinal)).ToList();
                // By age, from the beginnings of feeds, and to be removed.
                Assert.InRange(scans.Sum(scan => (scan.Rows + scan.Dropped) * scan.Loops), PrunedAtOnce, 3 * PrunedAtOnce);
                recorder.Clear();
            }
        }

        // Called once, it comes to the end.
        await PruneAsync();
        Assert.Equal(Many - 1, await CountAsync(owners));
        Assert.Equal(0, await PruneAsync());
    }

    [Fact]
    public async Task Old_changes_behind_a_young_one_keep_nobody_else_s_from_being_pruned()
    {
        // A clock that was wrong for a while: the first change is young, and those behind it are older than everybody's.
        var stuck = await FeedAsync(5 * PrunedAtOnce, old: 5 * PrunedAtOnce);
        await host.ExecuteAsync("UPDATE changes SET at = CASE seq WHEN 1 THEN now() ELSE at - interval '10 d' END WHERE owner_id = $1", stuck);
        var other = await FeedAsync(2 * PrunedAtOnce, old: 2 * PrunedAtOnce);
        await PruneAsync();
        Assert.Equal(0, await CountAsync(other));
        Assert.Equal(5 * PrunedAtOnce, await CountAsync(stuck));
        Assert.Equal(0, await PruneAsync());

        await host.ExecuteAsync("UPDATE changes SET at = at - interval '2 d' WHERE owner_id = $1", stuck);
        await PruneAsync();
        Assert.Equal(0, await CountAsync(stuck));
    }

    private Task<int> PruneAsync() =>
        host.Services.GetRequiredService<FeedRepository>().PruneAsync(TimeSpan.FromDays(1), PrunedAtOnce, CancellationToken.None);

    private async Task<int> CountAsync(params string[] owners) =>
        (int)await host.ScalarAsync<long>("SELECT count(*) FROM changes WHERE owner_id = ANY ($1)", (object)owners);

    /// <summary>Somebody with changes of whom only they are there, the first of them two days old.</summary>
    private async Task<string> FeedAsync(int count, int old)
    {
        var owner = Ids.New(Ids.User);
        await using var connection = await host.Catalogue.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        // Whom they would be told to, and the audit, are no concern of these tests.
        await using (var quiet = new NpgsqlCommand("SET LOCAL session_replication_role = replica", connection))
            await quiet.ExecuteNonQueryAsync();
        await using var fill = new NpgsqlCommand(
            """
            INSERT INTO changes (owner_id, seq, entry_id, kind, at)
            SELECT $1, n, 'f', 1, now() - CASE WHEN n <= $3 THEN interval '2 d' ELSE interval '0' END FROM generate_series(1, $2) n
            """,
            connection);
        fill.Parameters.Add(new NpgsqlParameter { Value = owner });
        fill.Parameters.Add(new NpgsqlParameter { Value = count });
        fill.Parameters.Add(new NpgsqlParameter { Value = old });
        await fill.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
        return owner;
    }
}
