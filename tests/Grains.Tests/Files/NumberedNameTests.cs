using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using Npgsql;

namespace GrainVault.Grains.Tests.Files;

/// <summary>Numbered names when others take them at the same time.</summary>
public sealed class NumberedNameTests(GrainsHost host) : IClassFixture<GrainsHost>
{
    [Fact]
    public async Task Files_of_one_name_that_are_restored_at_once_get_the_first_numbers()
    {
        var user = await host.SignUpAsync();
        var ids = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            ids.Add((await user.WriteFileAsync("rr", [1])).Entry!.Id);
            await user.File(ids[i]).DeleteAsync(permanent: false);
        }

        var results = await Task.WhenAll(ids.Select(id => user.File(id).RestoreAsync()));

        Assert.All(results, result => Assert.Null(result.Refusal));
        Assert.Equal(["rr", "rr (1)", "rr (2)", "rr (3)", "rr (4)", "rr (5)"], results.Select(result => result.Entry!.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Number_that_is_taken_while_a_file_is_restored_is_followed_by_the_next()
    {
        var user = await host.SignUpAsync();
        var (file, other) = ((await user.WriteFileAsync("rr", [1])).Entry!.Id, (await user.WriteFileAsync("other", [1])).Entry!.Id);
        await user.File(file).DeleteAsync(permanent: false);
        await user.WriteFileAsync("rr", [1]);

        var restored = await WhileTakenAsync(other, "rr (1)", "restore_entry", () => user.File(file).RestoreAsync());

        Assert.Null(restored.Refusal);
        Assert.Equal("rr (2)", restored.Entry!.Name);
        // One change, however many names were tried.
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM changes WHERE entry_id = $1 AND kind = 4", file));
    }

    [Fact]
    public async Task Number_that_is_taken_while_an_unseen_folder_gets_a_file_renamed_is_followed_by_the_next()
    {
        var (user, editor) = (await host.SignUpAsync(), await host.SignUpAsync());
        var (file, other) = ((await user.WriteFileAsync("file", [1])).Entry!.Id, (await user.WriteFileAsync("other", [1])).Entry!.Id);
        await user.WriteFileAsync("rr", [1]);
        await user.File(file).ShareAsync(editor.Id, ShareRole.Editor);

        var renamed = await WhileTakenAsync(other, "rr (1)", "rename_unseen", () => editor.ChangeAsync(file, name: "rr"));

        Assert.Null(renamed.Refusal);
        Assert.Equal("rr (2)", renamed.Entry!.Name);
    }

    [Fact]
    public async Task Name_that_is_taken_while_an_offer_is_accepted_is_followed_by_the_first_number()
    {
        var (from, to) = (await host.SignUpAsync(), await host.SignUpAsync());
        var (file, other) = ((await from.WriteFileAsync("rr", [1])).Entry!.Id, (await to.WriteFileAsync("other", [1])).Entry!.Id);
        Assert.Null((await from.File(file).OfferTransferAsync(to.Id)).Refusal);

        var taken = await WhileTakenAsync(other, "rr", "take_transfer", () => to.File(file).AcceptTransferAsync());

        Assert.Null(taken.Refusal);
        Assert.Equal("rr (1)", taken.Entry!.Name);
    }

    /// <summary>Runs a command while a transaction that is not over yet gives a name to another entry; it ends when the command waits for it.</summary>
    private async Task<EntryResult> WhileTakenAsync(string other, string name, string statement, Func<Task<EntryResult>> command)
    {
        await using var holder = await host.Catalogue.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand("UPDATE entries SET name = $2, name_key = $3 WHERE id = $1", holder))
        {
            foreach (var value in (string[])[other, name, EntryNames.Key(name)])
                take.Parameters.Add(new NpgsqlParameter { Value = value });
            Assert.Equal(1, await take.ExecuteNonQueryAsync());
        }

        var running = Task.Run(command);
        await Poll.UntilAsync(
            () => host.ScalarAsync<bool>(
                "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND position($1 IN query) > 0", statement),
            "it waits for the name");
        await transaction.CommitAsync();
        return await running;
    }
}
