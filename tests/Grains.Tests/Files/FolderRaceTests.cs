using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using Xunit.Abstractions;

namespace GrainVault.Grains.Tests.Files;

/// <summary>Many clients change the same few folders at once; afterwards everything that must hold holds.</summary>
public sealed class FolderRaceTests(GrainsHost host, ITestOutputHelper output) : IClassFixture<GrainsHost>
{
    private const int ClientCount = 16;
    private const int StepCount = 25;

    private static readonly string[] Names = ["a", "B", "b", "c\u0327", "\u00e7", "d"];

    [Fact]
    public async Task Names_stay_unique_and_folders_a_tree_whatever_clients_do_at_once()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var user = await host.SignUpAsync();
        var folders = new List<string>();
        for (var i = 0; i < 6; i++)
            folders.Add(await user.FolderAsync($"folder {i}"));
        var files = new List<string>();
        for (var i = 0; i < 6; i++)
            files.Add((await user.WriteFileAsync($"file {i}", GrainsHost.Bytes(10, i))).Entry!.Id);

        await Task.WhenAll(Enumerable.Range(0, ClientCount).Select(client => Task.Run(async () =>
        {
            var random = new Random(seed + client);
            for (var step = 0; step < StepCount; step++)
                await StepAsync(user, random, folders, files);
        })));

        // What a removal for good left to it, when the machine was slow.
        await Janitor.RunAllAsync(host);
        await CheckAsync(user, folders.Concat(files));
    }

    private static async Task StepAsync(TestUser user, Random random, List<string> folders, List<string> files)
    {
        string? parent = random.Next(4) == 0 ? null : folders[random.Next(folders.Count)];
        var entry = random.Next(2) == 0 ? folders[random.Next(folders.Count)] : files[random.Next(files.Count)];
        var name = Names[random.Next(Names.Length)];
        switch (random.Next(8))
        {
            case 0:
                await user.File(Ids.New(Ids.File)).CreateFolderAsync(new CreateFolderCommand(name, parent));
                break;
            case 1:
                await user.WriteFileAsync(name, [1], parentId: parent, onConflict: OnConflict.Rename);
                break;
            case 2:
                await user.File(entry).DeleteAsync(permanent: random.Next(10) == 0);
                break;
            case 3:
                await user.File(entry).RestoreAsync();
                break;
            case 4:
                await user.ChangeAsync(entry, name: name);
                break;
            default:
                await user.ChangeAsync(entry, name: random.Next(2) == 0 ? name : null, move: true, parentId: parent);
                break;
        }
    }

    private async Task CheckAsync(TestUser user, IEnumerable<string> known)
    {
        Assert.Equal(0L, await host.ScalarAsync<long>(
            """
            WITH RECURSIVE reached AS (
                SELECT id FROM entries WHERE owner_id = $1 AND parent_id IS NULL
                UNION ALL SELECT e.id FROM reached r JOIN entries e ON e.parent_id = r.id
            )
            SELECT (SELECT count(*) FROM entries WHERE owner_id = $1) - (SELECT count(*) FROM reached)
            """,
            user.Id));
        Assert.Equal(
            await host.ScalarAsync<long>("SELECT coalesce(sum(v.size_bytes), 0)::bigint FROM file_versions v JOIN entries e ON e.id = v.file_id WHERE owner_id = $1", user.Id),
            (await user.ProfileAsync()).UsedBytes);
        Assert.True(await host.ScalarAsync<bool>(
            "SELECT count(*) = (SELECT change_seq FROM users WHERE id = $1) AND max(seq) = count(*) FROM changes WHERE owner_id = $1", user.Id));
        // The feed tells of everything that there is, and that what is not there went.
        Assert.Equal(0L, await host.ScalarAsync<long>(
            """
            SELECT count(*) FROM (SELECT entry_id, (array_agg(kind ORDER BY seq DESC))[1] AS last FROM changes WHERE owner_id = $1 GROUP BY entry_id) c
            FULL JOIN (SELECT * FROM entries WHERE owner_id = $1) e ON e.id = c.entry_id
            WHERE (c.last = 5) IS DISTINCT FROM (e.id IS NULL) OR (c.last = 3) IS DISTINCT FROM (e.deleted_at IS NOT NULL) AND e.id IS NOT NULL
            """,
            user.Id));
        // What grains remember is what the database has.
        foreach (var id in known)
        {
            var remembered = (await user.File(id).GetAsync()).Entry;
            var stored = await host.ScalarAsync<string>("SELECT coalesce((SELECT name || '|' || coalesce(parent_id, '') || '|' || (deleted_at IS NULL) FROM entries WHERE id = $1), '')", id);
            Assert.Equal(stored, remembered is null ? "" : $"{remembered.Name}|{remembered.ParentId}|{(remembered.DeletedAt is null ? "true" : "false")}");
        }
    }
}
