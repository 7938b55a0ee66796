using System.Collections.Concurrent;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Links;
using Npgsql;

namespace GrainVault.Grains.Tests.Files;

/// <summary>Whose it is, the ledger says: what becomes of the former owner's rights, of what hangs on the entries, and of commands that came at the same time.</summary>
public sealed partial class TransferTests
{
    [Fact]
    public async Task Entry_whose_grain_can_not_be_told_stays_with_its_owner()
    {
        var (from, to, folder, file) = await OfferedAsync();
        host.Unreachable = file;
        Assert.True((await to.File(folder).AcceptTransferAsync()).Refusal is { Reason: RefusalReason.Busy, RetryAfterSeconds: > 0 });

        Assert.Equal(from.Id, (await from.File(file).GetAsync()).Entry!.OwnerId);
        Assert.Equal(RefusalReason.NotFound, (await to.File(file).GetAsync()).Refusal!.Reason);
        Assert.Equal((1L, 0L), await UsedAsync(from, to));
        Assert.Single((await to.Grain.ListTransfersAsync(false, null, 10)).Transfers);

        host.Unreachable = null;
        Assert.Null((await to.File(folder).AcceptTransferAsync()).Refusal);
        Assert.Equal(RefusalReason.Forbidden, (await from.File(file).ListSharesAsync()).Refusal!.Reason);
    }

    [Fact]
    public async Task Former_owner_reads_nothing_from_memory_though_he_read_it_just_before_and_nobody_is_told_afterwards()
    {
        var (from, to, folder, file) = await OfferedAsync();
        await using var holder = await host.Catalogue.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await RunAsync(holder, "SELECT 1 FROM entries WHERE id = $1 FOR UPDATE", file);
        var taking = Task.Run(() => to.File(folder).AcceptTransferAsync());
        await BlockedAsync("take_transfer");

        Assert.Equal(from.Id, (await from.File(file).GetAsync()).Entry!.OwnerId);
        host.Unreachable = file;
        await transaction.RollbackAsync();
        Assert.Null((await taking).Refusal);
        Assert.Equal(RefusalReason.Forbidden, (await from.File(file).ListSharesAsync()).Refusal!.Reason);
        Assert.Null((await to.File(folder).UnshareAsync(from.Id)).Refusal);
        Assert.Equal(RefusalReason.NotFound, (await from.File(file).GetAsync()).Refusal!.Reason);
        host.Unreachable = null;
    }

    [Fact]
    public async Task Entry_that_comes_below_while_an_offer_is_being_taken_is_told_before_it_goes()
    {
        var (from, to, folder, _) = await OfferedAsync();
        var late = (await from.WriteFileAsync("late", [1])).Entry!.Id;
        await using var holder = await host.Catalogue.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await RunAsync(holder, "SELECT lock_folders($1)", from.Id);
        var taking = Task.Run(() => to.File(folder).AcceptTransferAsync());
        await BlockedAsync("take_transfer");
        // As by another silo, so that its grain here still remembers.
        await host.ExecuteAsync("UPDATE entries SET parent_id = $2 WHERE id = $1", late, folder);
        var owners = new ConcurrentBag<string>();
        host.Forgetting = async id => owners.Add(id == late ? await host.ScalarAsync<string>("SELECT owner_id FROM entries WHERE id = $1", late) : "");
        await transaction.RollbackAsync();

        Assert.Null((await taking).Refusal);
        host.Forgetting = null;
        Assert.Contains(from.Id, owners);
        Assert.Equal(to.Id, (await to.File(late).GetAsync()).Entry!.OwnerId);
    }

    [Fact]
    public async Task Transfer_locks_the_heads_of_both_audits_in_the_order_of_owners()
    {
        TestUser[] users = [.. new[] { await host.SignUpAsync(), await host.SignUpAsync() }.OrderBy(user => user.Id, StringComparer.Ordinal)];
        var folder = await users[1].FolderAsync("folder");
        Assert.Null((await users[1].File(folder).OfferTransferAsync(users[0].Id)).Refusal);
        await using var holder = await host.Catalogue.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        const string Lock = "SELECT 1 FROM audit_heads WHERE owner_id = $1 FOR UPDATE NOWAIT";
        await RunAsync(holder, Lock, users[0].Id);
        var taking = Task.Run(() => users[0].File(folder).AcceptTransferAsync());
        await BlockedAsync("take_transfer");

        // The giver's head is still free: whoever has the first and wants this one gets it.
        await RunAsync(holder, Lock, users[1].Id);
        await transaction.RollbackAsync();
        Assert.Null((await taking).Refusal);
    }

    [Fact]
    public async Task Former_owner_ends_no_share_whatever_he_is_taken_for()
    {
        var (from, to, folder, file) = await OfferedAsync();
        var reader = await host.SignUpAsync();
        await from.File(file).ShareAsync(reader.Id, ShareRole.Viewer);
        Assert.Null((await to.File(folder).AcceptTransferAsync()).Refusal);

        // As a grain asks that still takes him for the owner.
        Assert.Equal(1, await host.ScalarAsync<int>("SELECT remove_share($1, $2, $3)", from.Id, file, reader.Id));
        Assert.Equal(2, await host.ScalarAsync<int>("SELECT end_share($1, $2, $3)", from.Id, file, reader.Id));
        Assert.Equal(RefusalReason.Forbidden, (await from.File(file).UnshareAsync(reader.Id)).Refusal!.Reason);
        Assert.Null((await reader.File(file).GetAsync()).Refusal);
        Assert.Null((await reader.File(file).UnshareAsync(reader.Id)).Refusal);
        Assert.Equal(RefusalReason.NotFound, (await reader.File(file).GetAsync()).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await to.File(file).UnshareAsync(reader.Id)).Refusal!.Reason);
    }

    [Theory]
    [InlineData("SELECT coalesce(restore_entry($1, $2, ARRAY['file'], ARRAY['file'])::text, 'restored')", "1")]
    [InlineData("SELECT count(*)::text FROM list_emptying($1, 10) WHERE $2 <> ''", "0")]
    public async Task Trash_of_the_new_owner_is_out_of_reach_of_what_the_former_owner_has_begun(string command, string expected)
    {
        var (from, to, folder, file) = await OfferedAsync();
        await from.File(file).DeleteAsync(permanent: false);
        await host.ExecuteAsync("UPDATE users SET trash_emptied_at = now() WHERE id = $1", from.Id);
        await using var taker = await host.Catalogue.OpenConnectionAsync();
        await using var transaction = await taker.BeginTransactionAsync();
        await RunAsync(taker, "SELECT ids FROM accept_transfer($1, 1000, $2, ARRAY['folder'], ARRAY['folder'], 10)", to.Id, folder);
        var late = Task.Run(() => host.ScalarAsync<string>(command, from.Id, file));
        await BlockedAsync(command);
        await transaction.CommitAsync();

        Assert.Equal(expected, await late);
        Assert.True(await host.ScalarAsync<bool>(
            "SELECT deleted_at IS NOT NULL AND purging_at IS NULL AND parent_id = $2 FROM entries WHERE id = $1", file, folder));
        await host.ExecuteAsync("UPDATE users SET trash_emptied_at = NULL WHERE id = $1", from.Id);
    }

    [Fact]
    public async Task Offer_that_is_accepted_twice_at_once_is_taken_once()
    {
        var (from, to, folder, _) = await OfferedAsync();
        var refusals = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => host.ScalarAsync<int>(
            "SELECT coalesce(refusal, 0) FROM accept_transfer($1, 1000, $2, ARRAY['folder'], ARRAY['folder'], 10)", to.Id, folder))));

        Assert.Equal([0, 1, 1, 1], refusals.Order());
        Assert.Equal((0L, 1L), await UsedAsync(from, to));
        var results = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => to.File(folder).AcceptTransferAsync()));
        Assert.All(results, result => Assert.Equal(to.Id, result.Entry!.OwnerId));
    }

    [Fact]
    public async Task What_hangs_on_a_folder_goes_with_it_stays_or_ends()
    {
        var (from, to, folder, file) = await OfferedAsync();
        var reader = await host.SignUpAsync();
        await from.File(file).ShareAsync(reader.Id, ShareRole.Viewer);
        var others = (await reader.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(file, null, null))).Entry!.Id;
        var secret = (await from.WriteFileAsync("secret", [2])).Entry!.Id;
        var inside = (await from.File(Ids.New(Ids.File)).CreateShortcutAsync(new CreateShortcutCommand(secret, folder, "way"))).Entry!.Id;
        var token = LinkTokens.New();
        Assert.Null((await from.File(file).CreateLinkAsync(new CreateLinkCommand(Ids.New(Ids.Link), LinkTokens.Hash(token), LinkRole.View, null, null, null))).Refusal);
        Assert.Null((await from.File(file).OfferTransferAsync(reader.Id)).Refusal);

        Assert.Null((await to.File(folder).AcceptTransferAsync()).Refusal);

        Assert.Equal(TargetState.Live, (await reader.File(others).GetAsync()).Entry!.TargetState);
        // A shortcut gives no right to what it points to.
        Assert.Equal((to.Id, TargetState.Gone), await StateAsync(to, inside));
        Assert.Equal(RefusalReason.NotFound, (await to.File(secret).GetAsync()).Refusal!.Reason);
        Assert.Empty((await to.File(file).ListLinksAsync()).Links);
        Caller.Set(null, null, "visit");
        Assert.NotNull((await host.Grains.GetGrain<ILinkGrain>(LinkTokens.GrainKey(token)).GetAsync(LinkPass.None, null)).Refusal);
        // An offer of what stands in it is not the new owner's.
        Assert.Equal(RefusalReason.NotFound, (await reader.File(file).AcceptTransferAsync()).Refusal!.Reason);
        Assert.Equal(
            $$"""{"userId" : "{{reader.Id}}", "reason" : "transfer"}""",
            await host.ScalarAsync<string>("SELECT detail FROM audit WHERE owner_id = $1 AND action = 'transfer-end' AND entry_id = $2", from.Id, file));
    }

    [Fact]
    public async Task Audit_tells_how_an_offer_ended_without_being_taken()
    {
        var (from, to, folder, file) = await OfferedAsync();
        var other = await host.SignUpAsync();
        Assert.Null((await from.File(folder).OfferTransferAsync(other.Id)).Refusal);
        Assert.Null((await other.File(folder).EndTransferAsync()).Refusal);
        Assert.Null((await from.File(file).OfferTransferAsync(to.Id)).Refusal);
        await host.ExecuteAsync("UPDATE transfers SET expires_at = now() WHERE entry_id = $1", file);
        // What is too old is not there any more, for nobody.
        Assert.Equal(RefusalReason.NotFound, (await from.File(file).EndTransferAsync()).Refusal!.Reason);
        await Janitor.RunAllAsync(host);

        Assert.Equal(
            $$"""
            user transfer-offer folder {"userId":"{{to.Id}}"}
            user transfer-offer folder {"userId":"{{other.Id}}","instead":"{{to.Id}}"}
            user transfer-end folder {"userId" : "{{other.Id}}"}
            user transfer-offer file {"userId":"{{to.Id}}"}
            system transfer-end file {"userId" : "{{to.Id}}", "reason" : "expired"}
            """,
            await host.ScalarAsync<string>(
                "SELECT string_agg(actor_kind || ' ' || action || ' ' || entry_name || ' ' || detail, chr(10) ORDER BY seq) FROM audit WHERE owner_id = $1 AND action LIKE 'transfer-%'", from.Id));
    }

    [Fact]
    public async Task Offer_tells_nobody_but_the_owner_whether_an_account_is_there()
    {
        var (from, to, folder, file) = await OfferedAsync();
        var editor = await host.SignUpAsync();
        await from.File(folder).ShareAsync(editor.Id, ShareRole.Editor);
        foreach (var somebody in (TestUser[])[editor, to])
        {
            var refusals = new List<Refusal?>();
            foreach (var user in (string[])[from.Email, from.Id, "nobody@example.org", Ids.New(Ids.User), "no address", ""])
                refusals.Add((await somebody.File(file).OfferTransferAsync(user)).Refusal);
            Assert.Equal(somebody == editor ? RefusalReason.Forbidden : RefusalReason.NotFound, Assert.Single(refusals.Distinct())!.Reason);
        }

        var unknown = new List<Refusal?>();
        foreach (var user in (string[])["nobody@example.org", Ids.New(Ids.User), "no address", ""])
            unknown.Add((await from.File(file).OfferTransferAsync(user)).Refusal);
        Assert.Equal(RefusalReason.NotFound, Assert.Single(unknown.Distinct())!.Reason);
    }

    /// <summary>A folder with a file that is remembered by its grain, offered by the one to the other.</summary>
    private async Task<(TestUser From, TestUser To, string Folder, string File)> OfferedAsync()
    {
        var (from, to) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await from.FolderAsync("folder");
        var file = (await from.WriteFileAsync("file", [1], parentId: folder)).Entry!.Id;
        Assert.Null((await from.File(folder).OfferTransferAsync(to.Id)).Refusal);
        Assert.NotNull((await from.File(file).GetAsync()).Entry);
        return (from, to, folder, file);
    }

    private static async Task<(string OwnerId, TargetState? State)> StateAsync(TestUser user, string shortcut)
    {
        var entry = (await user.File(shortcut).GetAsync()).Entry!;
        return (entry.OwnerId, entry.TargetState);
    }

    /// <summary>Until a statement waits for a lock.</summary>
    private Task BlockedAsync(string statement) => Poll.UntilAsync(
        () => host.ScalarAsync<bool>(
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND position($1 IN query) > 0", statement),
        "it waits for a lock");

    private static async Task RunAsync(NpgsqlConnection connection, string sql, params string[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync();
    }
}
