using GrainVault.Grains.Tests.Support;
using GrainVault.Inbox;
using GrainVault.Ingest;
using GrainVault.Storage;
using Microsoft.Extensions.DependencyInjection;
using static GrainVault.Grains.Tests.Inbox.InboxHost;

namespace GrainVault.Grains.Tests.Inbox;

/// <summary>Objects that others put into the bucket become files of the user whom their key names.</summary>
public sealed class InboxTests(InboxHost host) : IClassFixture<InboxHost>, IDisposable
{
    private static readonly byte[] Content = GrainsHost.Bytes(3_000, seed: 31);

    public void Dispose() => (host.Store.Before, host.Store.After) = (null, null);

    [Fact]
    public async Task Object_that_no_event_told_of_becomes_a_file_and_leaves_the_inbox()
    {
        var user = await host.SignUpAsync();
        var key = KeyOf(user, "2026/november/report.txt");
        await host.PutAsync(key, Content);

        await host.RunAsync(key);

        var file = Assert.Single(await FilesAsync(user));
        Assert.Equal(("report.txt", Content.Length, null), (file.Name, file.SizeBytes, file.ParentId));
        Assert.Equal(Content, await user.ReadAsync(file.Id));
        Assert.Equal((Content.Length, 0L), ((await user.ProfileAsync()).UsedBytes, (await user.ProfileAsync()).ReservedBytes));
        Assert.Null(await host.Store.FindAsync(key));
        Assert.Equal(0, await host.RowCountAsync(key));
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM changes WHERE owner_id = $1 AND kind = 1", user.Id));
        await host.AssertNothingLeakedAsync(user);
    }

    [Fact]
    public async Task Event_brings_a_file_without_any_further_call_and_counts_once_however_often_it_comes()
    {
        var user = await host.SignUpAsync();
        var key = KeyOf(user, "told.txt");
        await host.PutAsync(key, Content);

        await host.SendEventsAsync(key);
        await host.SendEventsAsync(key);

        await Poll.UntilAsync(async () => (await FilesAsync(user)).Count > 0, "the file appears");
        await host.SendEventsAsync(key);
        await Poll.UntilAsync(
            async () => await host.ScalarAsync<long>("SELECT (SELECT count(*) FROM store_events) + (SELECT count(*) FROM inbox_objects WHERE key = $1)", key) == 0,
            "nothing is left to be looked at");
        Assert.Equal(Content, await user.ReadAsync(Assert.Single(await FilesAsync(user)).Id));
    }

    [Fact]
    public async Task Empty_object_becomes_an_empty_file()
    {
        var user = await host.SignUpAsync();
        var key = KeyOf(user, "empty.txt");
        await host.PutAsync(key, []);

        await host.RunAsync(key);

        Assert.Empty(await user.ReadAsync(Assert.Single(await FilesAsync(user)).Id));
        Assert.Null(await host.Store.FindAsync(key));
    }

    [Fact]
    public async Task Name_that_is_taken_gets_a_number()
    {
        var user = await host.SignUpAsync();
        await user.WriteFileAsync("same.txt", [1]);
        string[] keys = [KeyOf(user, "same.txt"), KeyOf(user, "other/same.txt")];
        foreach (var key in keys)
            await host.PutAsync(key, Content);

        await host.RunAsync(keys);

        Assert.Equal(["same (1).txt", "same (2).txt", "same.txt"], (await FilesAsync(user)).Select(file => file.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Before", "Copy", false)]
    [InlineData("After", "Copy", false)]
    [InlineData("Before", "DeleteSource", false)]
    [InlineData("Before", "DeleteSource", true)]
    [InlineData("After", "DeleteSource", false)]
    [InlineData("After", "DeleteSource", true)]
    public async Task Attempt_that_dies_is_repeated_and_makes_exactly_one_file(string when, string call, bool isCommitForgotten)
    {
        var user = await host.SignUpAsync();
        var key = KeyOf(user, "dies.txt");
        await host.PutAsync(key, Content);
        var isDead = false;
        Func<string, string, Task> die = (name, at) =>
        {
            // The target of a copy is a key of ours.
            if (isDead || name != call || (at != key && call != "Copy"))
                return Task.CompletedTask;
            isDead = true;
            throw new InvalidOperationException("killed here");
        };
        if (when == "Before")
            host.Store.Before = die;
        else
            host.Store.After = die;

        await host.RunAsync(key);
        Assert.True(isDead);
        // What a kill between the commit and its note leaves.
        if (isCommitForgotten)
            await host.ExecuteAsync("UPDATE inbox_objects SET state = 'copying' WHERE key = $1", key);
        await host.RestartAsync();
        await host.RunAsync(key);

        Assert.Equal(Content, await user.ReadAsync(Assert.Single(await FilesAsync(user)).Id));
        Assert.Equal(Content.Length, (await user.ProfileAsync()).UsedBytes);
        Assert.Null(await host.Store.FindAsync(key));
        Assert.Equal(0, await host.RowCountAsync(key));
        await host.AssertNothingLeakedAsync(user);
    }

    [Fact]
    public async Task Commit_that_was_forgotten_makes_no_second_file_when_its_owner_has_removed_the_first()
    {
        var user = await host.SignUpAsync();
        var key = KeyOf(user, "removed.txt");
        await host.PutAsync(key, Content);
        host.Store.Before = (name, at) => name == "DeleteSource" && at == key ? throw new InvalidOperationException("killed here") : Task.CompletedTask;
        await host.RunAsync(key);
        host.Store.Before = null;
        await host.ExecuteAsync("UPDATE inbox_objects SET state = 'copying' WHERE key = $1", key);
        Assert.Null((await user.File(Assert.Single(await FilesAsync(user)).Id).DeleteAsync(permanent: true)).Refusal);

        await host.RunAsync(key);

        Assert.Empty(await FilesAsync(user));
        Assert.Null(await host.Store.FindAsync(key));
        await host.AssertNothingLeakedAsync(user);
    }

    [Fact]
    public async Task Two_silos_that_adopt_one_object_at_once_make_one_file()
    {
        var user = await host.SignUpAsync();
        var key = KeyOf(user, "twice.txt");
        await host.PutAsync(key, Content);
        var twin = await host.StartTwinAsync();
        var isSecond = false;
        host.Store.Before = async (name, _) =>
        {
            if (name != "Copy" || isSecond)
                return;
            isSecond = true;
            await host.ExecuteAsync("UPDATE inbox_objects SET next_attempt_at = now() WHERE key = $1", key);
            await twin.GetGrain<IInboxGrain>($"in-{IngestShards.Of(key)}").RunAsync();
        };

        await host.RunAsync(key);
        host.Store.Before = null;
        await host.RunAsync(key);

        Assert.True(isSecond);
        Assert.Equal(Content, await user.ReadAsync(Assert.Single(await FilesAsync(user)).Id));
        Assert.Null(await host.Store.FindAsync(key));
        Assert.Equal(0, await host.RowCountAsync(key));
        await host.AssertNothingLeakedAsync(user);
    }

    [Fact]
    public async Task Source_that_is_replaced_while_it_is_copied_shows_only_what_came_last()
    {
        var user = await host.SignUpAsync();
        var key = KeyOf(user, "replaced.txt");
        await host.PutAsync(key, GrainsHost.Bytes(100, seed: 32));
        host.Store.Before = async (name, _) =>
        {
            if (name != "Copy")
                return;
            host.Store.Before = null;
            await host.PutAsync(key, Content);
        };

        await host.RunAsync(key);
        await host.RunAsync(key);

        Assert.Equal(Content, await user.ReadAsync(Assert.Single(await FilesAsync(user)).Id));
        await host.AssertNothingLeakedAsync(user);
    }

    [Fact]
    public async Task Source_that_is_replaced_after_the_copy_is_kept_and_becomes_a_file_of_its_own()
    {
        var user = await host.SignUpAsync();
        var key = KeyOf(user, "followed.txt");
        var first = GrainsHost.Bytes(100, seed: 33);
        await host.PutAsync(key, first);
        host.Store.After = async (name, _) =>
        {
            if (name != "Copy")
                return;
            host.Store.After = null;
            await host.PutAsync(key, Content);
        };

        await host.RunAsync(key);
        await host.RunAsync(key);

        var files = (await FilesAsync(user)).OrderBy(file => file.SizeBytes).ToList();
        Assert.Equal(["followed.txt", "followed (1).txt"], files.Select(file => file.Name));
        Assert.Equal(first, await user.ReadAsync(files[0].Id));
        Assert.Equal(Content, await user.ReadAsync(files[1].Id));
        Assert.Null(await host.Store.FindAsync(key));
        await host.AssertNothingLeakedAsync(user);
    }

    [Fact]
    public async Task Object_over_quota_stays_is_reported_and_is_adopted_when_there_is_room()
    {
        var user = await host.SignUpAsync();
        await user.WriteFileAsync("first.txt", [1]);
        await host.ExecuteAsync("UPDATE users SET quota_bytes = 2 WHERE id = $1", user.Id);
        var key = KeyOf(user, "large.txt");
        await host.PutAsync(key, Content);

        await host.RunAsync(key);

        Assert.Equal(InboxReasons.Quota, await host.ReasonAsync(key));
        Assert.True(await host.ScalarAsync<bool>("SELECT next_attempt_at > now() FROM inbox_objects WHERE key = $1", key));
        Assert.NotNull(await host.Store.FindAsync(key));
        Assert.Single(await FilesAsync(user));
        await Janitor.RunAsync(host, 0);
        Assert.True(host.Services.GetRequiredService<InboxLevels>()[InboxReasons.Quota] is { ObjectCount: >= 1, SizeBytes: >= 3_000 });

        await host.ExecuteAsync("UPDATE users SET quota_bytes = 1000000 WHERE id = $1", user.Id);
        await host.RunAsync(key);
        Assert.Equal(2, (await FilesAsync(user)).Count);
        Assert.Equal(0, await host.RowCountAsync(key));
        await host.AssertNothingLeakedAsync(user);
    }

    [Fact]
    public async Task Quota_that_is_gone_at_the_commit_leaves_the_object_and_no_copy()
    {
        var user = await host.SignUpAsync();
        var key = KeyOf(user, "late.txt");
        await host.PutAsync(key, Content);
        host.Store.After = async (name, _) =>
        {
            if (name == "Copy")
                await host.ExecuteAsync("UPDATE users SET quota_bytes = 0 WHERE id = $1", user.Id);
        };

        await host.RunAsync(key);

        Assert.Equal(InboxReasons.Quota, await host.ReasonAsync(key));
        Assert.NotNull(await host.Store.FindAsync(key));
        Assert.Empty(await FilesAsync(user));
        await host.AssertNothingLeakedAsync(user);
    }

    [Fact]
    public async Task Objects_that_can_t_be_files_stay_each_with_its_reason()
    {
        var user = await host.SignUpAsync();
        var unknown = $"inbox/{Ids.New(Ids.User)}/file.txt";
        var malformed = "inbox/somebody/file.txt";
        var nobody = "inbox/file.txt";
        var large = KeyOf(user, "large.txt");
        foreach (var key in (string[])[unknown, malformed, nobody])
            await host.PutAsync(key, Content);
        await host.PutAsync(large, new byte[10_000_001]);

        await host.RunAsync(unknown, malformed, nobody, large);

        Assert.Equal(InboxReasons.NoUser, await host.ReasonAsync(unknown));
        Assert.Equal(InboxReasons.NoUser, await host.ReasonAsync(malformed));
        Assert.Equal(InboxReasons.InvalidKey, await host.ReasonAsync(nobody));
        Assert.Equal(InboxReasons.TooLarge, await host.ReasonAsync(large));
        foreach (var key in (string[])[unknown, malformed, nobody, large])
        {
            Assert.NotNull(await host.Store.FindAsync(key));
            await host.Store.DeleteAsync(key);
        }

        await host.RunAsync(unknown, malformed, nobody, large);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM inbox_objects WHERE key = ANY ($1)", (object)(string[])[unknown, malformed, nobody, large]));
    }

    [Fact]
    public async Task Store_that_fails_puts_the_object_off_for_longer_each_time()
    {
        var user = await host.SignUpAsync();
        var key = KeyOf(user, "later.txt");
        await host.PutAsync(key, Content);
        host.Store.Before = (name, _) => name == "Copy" ? throw new ObjectStoreException(ObjectStoreError.Unavailable, "away") : Task.CompletedTask;

        await host.RunAsync(key);
        var first = await WaitSecondsAsync(key);
        await host.RunAsync(key);
        var second = await WaitSecondsAsync(key);

        Assert.InRange(first, 30, 60);
        Assert.InRange(second, 90, 120);
        host.Store.Before = null;
        await host.RunAsync(key);
        Assert.Single(await FilesAsync(user));
        await host.AssertNothingLeakedAsync(user);
    }

    [Fact]
    public async Task Inbox_is_no_orphan()
    {
        var key = $"inbox/{Ids.New(Ids.User)}/kept.txt";
        await host.PutAsync(key, Content);
        var sweep = host.Services.GetRequiredService<GrainVault.Maintenance.OrphanSweep>();

        for (var shard = 0; shard < 16; shard++)
            await sweep.RunAsync(shard, CancellationToken.None);
        await Janitor.RunAllAsync(host, times: 2);

        Assert.NotNull(await host.Store.FindAsync(key));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE key = $1", key));
        await host.Store.DeleteAsync(key);
    }

    private async Task<double> WaitSecondsAsync(string key) =>
        await host.ScalarAsync<double>("SELECT extract(epoch FROM next_attempt_at - now())::float8 FROM inbox_objects WHERE key = $1", key);
}
