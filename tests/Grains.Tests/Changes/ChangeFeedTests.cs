using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using Npgsql;

namespace GrainVault.Grains.Tests.Changes;

public sealed partial class ChangeFeedTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Replayed_from_the_beginning_the_feed_gives_the_present_state_after_each_kind_of_change()
    {
        var (owner, viewer, editor) = (await host.SignUpAsync(), await host.SignUpAsync(), await host.SignUpAsync());
        FeedReplica[] replicas = [new(owner), new(viewer), new(editor)];
        async Task CheckAsync()
        {
            foreach (var replica in replicas)
                await replica.AssertCatchesUpAsync(limit: 3);
        }

        var top = await owner.FolderAsync("top");
        var inner = await owner.FolderAsync("inner", top);
        var deep = await owner.FolderAsync("deep", inner);
        var secret = await owner.FolderAsync("private");
        var file = (await owner.WriteFileAsync("a.txt", [1], parentId: deep)).Entry!.Id;
        var single = (await owner.WriteFileAsync("single.txt", [1, 2], parentId: secret)).Entry!.Id;
        await CheckAsync();

        await owner.File(top).ShareAsync(viewer.Id, ShareRole.Viewer);
        await owner.File(deep).ShareAsync(editor.Id, ShareRole.Editor);
        await owner.File(single).ShareAsync(viewer.Id, ShareRole.Viewer);
        await CheckAsync();

        // Content, names and visibility.
        await editor.ChangeAsync(file, name: "b.txt");
        await owner.WriteFileAsync("c.txt", [3], parentId: deep);
        await owner.ChangeAsync(file, visibility: Visibility.Public);
        var upload = await owner.CreateAsync(TestUser.Command("", 3) with { FileId = file });
        await owner.PutAllAsync(upload, [1, 2, 3]);
        Assert.Null((await owner.CompleteAsync(upload.Id)).Refusal);
        await CheckAsync();
        await editor.File(file).RestoreVersionAsync(1);
        await owner.File(file).DeleteVersionAsync(2);
        await CheckAsync();

        // Out of the share and back with what changed meanwhile, within it, and into it.
        await owner.ChangeAsync(inner, move: true, parentId: secret);
        await owner.WriteFileAsync("d.txt", [4], parentId: deep);
        await CheckAsync();
        await owner.ChangeAsync(inner, move: true, parentId: top);
        await owner.ChangeAsync(deep, move: true, parentId: top);
        await CheckAsync();
        await owner.ChangeAsync(inner, move: true, parentId: secret);
        await owner.WriteFileAsync("e.txt", [5], parentId: inner);
        await owner.ChangeAsync(inner, move: true, parentId: top);
        await CheckAsync();
        await owner.ChangeAsync(secret, move: true, parentId: inner);
        await CheckAsync();

        // The trash, above and below what is shared.
        await owner.File(top).DeleteAsync(permanent: false);
        await CheckAsync();
        await owner.File(single).RestoreAsync();
        await owner.File(top).RestoreAsync();
        await owner.File(file).DeleteAsync(permanent: false);
        await CheckAsync();
        await owner.File(file).RestoreAsync();
        await owner.File(deep).DeleteAsync(permanent: false);
        await owner.File(file).RestoreAsync();
        await owner.File(file).RestoreAsync();
        await CheckAsync();
        await owner.File(deep).RestoreAsync();

        // Roles and shares; one of them within another.
        await owner.File(top).ShareAsync(viewer.Id, ShareRole.Editor);
        await owner.File(deep).ShareAsync(viewer.Id, ShareRole.Viewer);
        await CheckAsync();
        await owner.File(top).UnshareAsync(viewer.Id);
        await CheckAsync();
        await viewer.File(deep).UnshareAsync(viewer.Id);
        await owner.File(inner).ShareAsync(editor.Id, ShareRole.Viewer);
        await CheckAsync();

        // For good: what is shared, what is below it, a whole folder out of sight and one in sight.
        await owner.File(single).DeleteAsync(permanent: true);
        await owner.File(file).DeleteAsync(permanent: true);
        await CheckAsync();
        await owner.File(deep).DeleteAsync(permanent: false);
        await owner.File(deep).DeleteAsync(permanent: true);
        await CheckAsync();
        await owner.File(top).DeleteAsync(permanent: true);
        await CheckAsync();
        Assert.Empty(replicas[1].Entries);
        Assert.Empty(replicas[2].Entries);
    }

    [Fact]
    public async Task Folder_that_is_given_away_moves_from_feed_to_feed_with_its_readers()
    {
        var (owner, heir, above, below) = (await host.SignUpAsync(), await host.SignUpAsync(), await host.SignUpAsync(), await host.SignUpAsync());
        var top = await owner.FolderAsync("top");
        var given = await owner.FolderAsync("given", top);
        var deep = await owner.FolderAsync("deep", given);
        var stays = await owner.FolderAsync("stays");
        var file = (await owner.WriteFileAsync("file", [1], parentId: deep)).Entry!.Id;
        var leaves = (await owner.WriteFileAsync("leaves", [2], parentId: deep)).Entry!.Id;
        await owner.File(top).ShareAsync(above.Id, ShareRole.Viewer);
        await owner.File(given).ShareAsync(heir.Id, ShareRole.Viewer);
        await owner.File(deep).ShareAsync(below.Id, ShareRole.Viewer);
        FeedReplica[] replicas = [new(owner), new(heir), new(above), new(below)];
        foreach (var replica in replicas)
            await replica.AssertCatchesUpAsync();

        // Unread when the folder changes hands.
        await owner.ChangeAsync(leaves, move: true, parentId: stays);
        Assert.Null((await owner.File(given).OfferTransferAsync(heir.Id)).Refusal);
        Assert.Null((await heir.File(given).AcceptTransferAsync()).Refusal);
        foreach (var replica in replicas)
            await replica.AssertCatchesUpAsync(limit: 2);
        await heir.ChangeAsync(file, name: "renamed");
        // Shares go with what they are of.
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM shares s JOIN entries e ON e.id = s.entry_id WHERE e.owner_id = $1 AND s.owner_id <> $1", heir.Id));
        Assert.Equal(2L, await host.ScalarAsync<long>("SELECT count(*) FROM shares WHERE owner_id = $1", heir.Id));
        await heir.File(given).UnshareAsync(owner.Id);
        await heir.ChangeAsync(deep, move: true);
        foreach (var replica in replicas)
            await replica.AssertCatchesUpAsync(limit: 2);
        Assert.DoesNotContain(given, replicas[2].Entries.Keys);
    }

    [Fact]
    public async Task Replica_that_reads_seldom_has_the_state_of_one_that_reads_always()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var (owner, reader) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folders = new List<string>();
        for (var i = 0; i < 5; i++)
            folders.Add(await owner.FolderAsync($"folder {i}", i < 2 ? null : folders[random.Next(i)]));
        var entries = new List<string>(folders);
        for (var i = 0; i < 5; i++)
            entries.Add((await owner.WriteFileAsync($"file {i}", GrainsHost.Bytes(3, i), parentId: folders[random.Next(5)])).Entry!.Id);
        FeedReplica[] seldom = [new(owner), new(reader)];
        FeedReplica[] always = [new(owner), new(reader)];
        for (var round = 0; round < 8; round++)
        {
            for (var step = 0; step < 12; step++)
            {
                var entry = entries[random.Next(entries.Count)];
                _ = random.Next(9) switch
                {
                    0 => (await owner.File(entry).ShareAsync(reader.Id, (ShareRole)random.Next(2, 4))).Refusal,
                    1 => (await owner.File(entry).UnshareAsync(reader.Id)).Refusal,
                    2 => (await owner.File(entry).DeleteAsync(permanent: random.Next(12) == 0)).Refusal,
                    3 or 4 => (await owner.File(entry).RestoreAsync()).Refusal,
                    5 => (await owner.WriteFileAsync("new", [1], parentId: folders[random.Next(5)], onConflict: OnConflict.Rename)).Refusal,
                    6 => (await owner.ChangeAsync(entry, name: $"name {random.Next(4)}")).Refusal,
                    _ => (await owner.ChangeAsync(entry, move: true, parentId: random.Next(5) == 0 ? null : folders[random.Next(5)])).Refusal,
                };
                foreach (var replica in always)
                    await replica.CatchUpAsync(limit: 2);
            }

            try
            {
                foreach (var replica in (FeedReplica[])[.. always, .. seldom])
                    await replica.AssertCatchesUpAsync(limit: 1 + random.Next(5));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"round {round} of seed {seed}", exception);
            }
        }
    }

    [Fact]
    public async Task Shares_below_folders_that_move_while_they_are_told_page_by_page_are_told_right()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var (owner, reader) = (await host.SignUpAsync(), await host.SignUpAsync());
        string[] places = [await owner.FolderAsync("open"), await owner.FolderAsync("hidden"), await owner.FolderAsync("hall")];
        var (tower, wing) = (await owner.FolderAsync("tower", places[2]), await owner.FolderAsync("wing", places[2]));
        await owner.File(places[0]).ShareAsync(reader.Id, ShareRole.Viewer);
        var entries = new List<string>([places[2], tower, wing]);
        for (var i = 0; i < 10; i++)
        {
            entries.Add(await owner.FolderAsync($"room {i}", i % 2 == 0 ? tower : wing));
            await owner.File(entries[^1]).ShareAsync(reader.Id, ShareRole.Viewer);
        }

        var replica = new FeedReplica(reader);
        await replica.CatchUpAsync();
        try
        {
            for (var step = 0; step < 60; step++)
            {
                // The three folders above all more often than what is shared below them.
                var entry = entries[random.Next(3) > 0 ? random.Next(3) : random.Next(entries.Count)];
                _ = random.Next(8) switch
                {
                    0 => (await owner.File(entry).DeleteAsync(permanent: false)).Refusal,
                    1 or 2 => (await owner.File(entry).RestoreAsync()).Refusal,
                    3 => (await owner.File(entries[random.Next(3, entries.Count)]).UnshareAsync(reader.Id)).Refusal,
                    4 => (await owner.File(entries[random.Next(3, entries.Count)]).ShareAsync(reader.Id, ShareRole.Editor)).Refusal,
                    _ => (await owner.ChangeAsync(entry, move: true, parentId: random.Next(4) is var to && to == 3 ? null : places[to])).Refusal,
                };
                for (var pages = random.Next(4); pages > 0; pages--)
                    await replica.StepAsync(limit: 2);
            }

            await replica.AssertCatchesUpAsync(limit: 2);
            Assert.InRange(replica.PageLengthMax, 1, 100);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"seed {seed}", exception);
        }
    }

    [Fact]
    public async Task Change_that_commits_late_is_not_skipped()
    {
        var (owner, reader) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await owner.FolderAsync("folder");
        await owner.File(folder).ShareAsync(reader.Id, ShareRole.Viewer);
        FeedReplica[] replicas = [new(owner), new(reader)];
        foreach (var replica in replicas)
            await replica.CatchUpAsync();

        await using var connection = await host.Catalogue.OpenConnectionAsync();
        await using var slow = await connection.BeginTransactionAsync();
        var late = Ids.New(Ids.File);
        await using (var command = new NpgsqlCommand("SELECT create_folder($1, 1, $2, 'late', 'late', $3)", connection, slow))
        {
            foreach (var value in (string[])[owner.Id, late, folder])
                command.Parameters.Add(new NpgsqlParameter { Value = value });
            await command.ExecuteScalarAsync();
        }

        // Waits for the slow one, so that its number is the next; the feed shows neither.
        var fast = owner.WriteFileAsync("fast", [1], parentId: null);
        await Poll.UntilAsync(() => host.ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"), "a commit waits");
        foreach (var replica in replicas)
        {
            await replica.CatchUpAsync();
            Assert.DoesNotContain(late, replica.Entries.Keys);
        }

        await slow.CommitAsync();
        var file = (await fast).Entry!.Id;
        foreach (var replica in replicas)
            await replica.AssertCatchesUpAsync();
        Assert.Contains(file, replicas[0].Entries.Keys);
        Assert.Contains(late, replicas[1].Entries.Keys);
        Assert.DoesNotContain(file, replicas[1].Entries.Keys);
    }

    [Fact]
    public async Task Share_that_begins_while_an_entry_moves_out_leaves_nothing_behind()
    {
        var (owner, reader) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await owner.FolderAsync("folder");
        var file = (await owner.WriteFileAsync("file", [1], parentId: folder)).Entry!.Id;
        var replica = new FeedReplica(reader);
        await using var connection = await host.Catalogue.OpenConnectionAsync();
        await using var sharing = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("SELECT set_share($1, $2, $3, 2, 10)", connection, sharing))
        {
            foreach (var value in (string[])[owner.Id, folder, reader.Id])
                command.Parameters.Add(new NpgsqlParameter { Value = value });
            await command.ExecuteScalarAsync();
        }

        var moving = owner.ChangeAsync(file, move: true);
        await Poll.UntilAsync(() => host.ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"), "the move waits");
        await sharing.CommitAsync();
        Assert.Null((await moving).Refusal);
        // As a reader who has listed the folder between the two.
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM shared_changes WHERE scope = $1 AND entry_id = $2", folder, file));
        await replica.AssertCatchesUpAsync();
    }

    [Fact]
    public async Task Reader_learns_nothing_of_what_is_not_shared_with_him()
    {
        var (owner, reader, other) = (await host.SignUpAsync(), await host.SignUpAsync(), await host.SignUpAsync());
        var (open, hidden) = (await owner.FolderAsync("open"), await owner.FolderAsync("hidden"));
        var moved = (await owner.WriteFileAsync("moved", [1], parentId: open)).Entry!.Id;
        var replica = new FeedReplica(reader);
        await replica.StartNowAsync();
        await owner.File(open).ShareAsync(other.Id, ShareRole.Viewer);
        await owner.ChangeAsync(moved, move: true, parentId: hidden);
        await owner.File(open).ShareAsync(reader.Id, ShareRole.Viewer);
        await owner.ChangeAsync(moved, name: "renamed", visibility: Visibility.Public);
        await owner.File(hidden).DeleteAsync(permanent: false);
        await owner.File(hidden).DeleteAsync(permanent: true);
        await replica.CatchUpAsync();
        Assert.Equal([open], replica.Entries.Keys);
        Assert.Empty(replica.Removed);
        Assert.Equal(1, replica.ChangeCount);
    }

    [Fact]
    public async Task Large_folder_is_told_of_by_one_row()
    {
        var (owner, reader) = (await host.SignUpAsync(), await host.SignUpAsync());
        var (top, folder) = (await owner.FolderAsync("top"), await owner.FolderAsync("many"));
        for (var i = 0; i < 30; i++)
            await owner.WriteFileAsync($"file {i}", [], parentId: folder);
        var before = await host.ScalarAsync<long>("SELECT count(*) FROM shared_changes");
        await owner.File(top).ShareAsync(reader.Id, ShareRole.Viewer);
        await owner.ChangeAsync(folder, move: true, parentId: top);
        await owner.ChangeAsync(folder, move: true);
        // Of each command one for those who read the folder, and one for the new reader, or for the readers of what is below.
        Assert.Equal(before + 6, await host.ScalarAsync<long>("SELECT count(*) FROM shared_changes"));
        var replica = new FeedReplica(reader);
        await replica.AssertCatchesUpAsync();
        Assert.Equal([top], replica.Entries.Keys);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM feed_hints"));
    }

    [Fact]
    public async Task Cursors_of_others_forged_ones_and_old_ones_are_refused()
    {
        var (owner, stranger) = (await host.SignUpAsync(), await host.SignUpAsync());
        await owner.FolderAsync("folder");
        var cursor = (await owner.Grain.ReadChangesAsync(null, 100)).Cursor!;
        Assert.Equal(RefusalReason.Invalid, (await stranger.Grain.ReadChangesAsync(cursor, 100)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Invalid, (await owner.Grain.ReadChangesAsync("made-up", 100)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Invalid, (await owner.Grain.ReadChangesAsync(cursor[..^2] + (cursor[^2] == 'A' ? 'B' : 'A') + cursor[^1], 100)).Refusal!.Reason);
        var list = await owner.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, null, null, null, 1));
        await owner.FolderAsync("another");
        list = await owner.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, null, null, null, 1));
        Assert.Equal(RefusalReason.Invalid, (await owner.Grain.ReadChangesAsync(list.NextCursor, 100)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Invalid, (await owner.Grain.ReadChangesAsync(null, 0)).Refusal!.Reason);

        // The database was set back behind the cursor.
        await host.ExecuteAsync("UPDATE users SET change_seq = 1 WHERE id = $1", owner.Id);
        cursor = (await owner.Grain.ReadChangesAsync("now", 100)).Cursor!;
        await host.ExecuteAsync("UPDATE users SET change_seq = 0 WHERE id = $1", owner.Id);
        Assert.Equal(RefusalReason.CursorExpired, (await owner.Grain.ReadChangesAsync(cursor, 100)).Refusal!.Reason);
    }

    [Fact]
    public async Task Cursor_over_very_many_owners_stays_short()
    {
        var reader = await host.SignUpAsync();
        var replica = new FeedReplica(reader);
        await replica.CatchUpAsync();
        await host.ExecuteAsync(
            """
            WITH owners AS (INSERT INTO users (id, quota_bytes) SELECT 'u-' || gen_random_uuid(), 1 FROM generate_series(1, 300) RETURNING id),
            folders AS (INSERT INTO entries (id, owner_id, kind, name, name_key) SELECT 'f-' || gen_random_uuid(), id, 2, 'f', 'f' FROM owners RETURNING id, owner_id)
            SELECT set_share(owner_id, id, $1, 2, 10) FROM folders
            """,
            reader.Id);
        await host.ExecuteAsync("SELECT set_share(owner_id, id, $1, 2, 10) FROM entries WHERE name = 'f' AND owner_id <> $1", reader.Id);
        await replica.AssertCatchesUpAsync(limit: 200);
        Assert.Equal(300, replica.Entries.Count);
        Assert.InRange(replica.Cursor!.Length, 1, 3_000);
        await host.ExecuteAsync("DELETE FROM feed_cursors WHERE user_id = $1", reader.Id);
        Assert.Equal(RefusalReason.CursorExpired, (await reader.Grain.ReadChangesAsync(replica.Cursor, 10)).Refusal!.Reason);
    }
}
