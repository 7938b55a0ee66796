using System.Collections.Concurrent;
using System.Globalization;
using GrainVault.Files;
using GrainVault.Grains.Tests.Changes;
using GrainVault.Grains.Tests.Support;
using Xunit.Abstractions;

namespace GrainVault.Grains.Tests.Files;

/// <summary>
/// Many clients of a few users do everything at once to the same entries; afterwards everything that must hold holds. A few seconds in
/// every run, a minute in a soak. The seed is printed, and <c>GRAINVAULT_SEED</c> gives it again.
/// </summary>
public sealed class TogetherTests(GrainsHost host, ITestOutputHelper output) : IClassFixture<GrainsHost>
{
    private const int ClientCount = 64;
    private const int UserCount = 4;
    private const int KnownCountMax = 60;

    private static readonly TimeSpan TimeInEveryRun = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TimeInSoak = TimeSpan.FromMinutes(1);

    private static readonly string[] Names = ["a", "B", "b", "c\u0327", "\u00e7", "d", "\u65e5\u672c", "Stra\u00dfe", "STRASSE"];

    /// <summary>What clients do; each as often as it stands here.</summary>
    private static readonly string[] Deeds =
    [
        "folder", "file", "file", "version", "version", "version", "rename", "rename", "move", "move", "move", "trash", "trash", "restore", "restore", "restore",
        "purge", "share", "share", "unshare", "show", "restore version", "delete version",
    ];

    private readonly ConcurrentDictionary<string, int> _done = new();
    private readonly ConcurrentDictionary<string, int> _refused = new();
    private readonly ConcurrentQueue<(TestUser Owner, string Entry, TestUser With)> _shares = [];
    private readonly string?[] _folders = new string?[KnownCountMax];
    private readonly string?[] _files = new string?[KnownCountMax];
    private int _folderCount;
    private int _fileCount;

    [Fact]
    public async Task Names_quota_tree_and_feed_are_right_whatever_clients_do_at_once()
    {
        var isSoak = Environment.GetEnvironmentVariable("GRAINVAULT_SOAK") == "1";
        var seed = Environment.GetEnvironmentVariable("GRAINVAULT_SEED") is { Length: > 0 } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var users = new List<TestUser>();
        for (var i = 0; i < UserCount; i++)
            users.Add(await host.SignUpAsync());
        foreach (var user in users)
        {
            for (var i = 0; i < 3; i++)
                Know(_folders, ref _folderCount, await user.FolderAsync($"folder {i}"));
            Know(_files, ref _fileCount, (await user.WriteFileAsync("file", GrainsHost.Bytes(10, users.IndexOf(user)))).Entry!.Id);
        }

        var end = DateTime.UtcNow + (isSoak ? TimeInSoak : TimeInEveryRun);
        await Task.WhenAll(Enumerable.Range(0, ClientCount).Select(client => Task.Run(async () =>
        {
            var random = new Random(seed + client);
            while (DateTime.UtcNow < end)
                await StepAsync(users[client % UserCount], users, random);
        })));

        output.WriteLine($"done: {Text(_done)}");
        output.WriteLine($"refused: {Text(_refused)}");
        // A generator that gets nowhere proves nothing.
        Assert.All(Deeds.Distinct(), deed => Assert.Contains(deed, _done.Keys));

        // What a removal for good left to it, when the machine was slow.
        await Janitor.RunAllAsync(host);
        await CheckAsync(users);
    }

    private async Task StepAsync(TestUser user, List<TestUser> users, Random random)
    {
        var deed = Deeds[random.Next(Deeds.Length)];
        var refusal = await DoAsync(deed, user, users[random.Next(users.Count)], random);
        if (refusal is null)
            _done.AddOrUpdate(deed, 1, (_, count) => count + 1);
        else
            _refused.AddOrUpdate($"{deed} {refusal.Reason}", 1, (_, count) => count + 1);
        Assert.False(refusal is { Reason: RefusalReason.Unavailable or RefusalReason.QuotaExceeded }, $"{deed}: {refusal}");
    }

    private async Task<Refusal?> DoAsync(string deed, TestUser user, TestUser other, Random random)
    {
        var folder = Pick(_folders, _folderCount, random);
        string? parent = random.Next(4) == 0 ? null : folder;
        var file = Pick(_files, _fileCount, random);
        var entry = random.Next(2) == 0 ? folder : file;
        var name = Names[random.Next(Names.Length)];
        switch (deed)
        {
            case "folder":
                var made = await user.File(Ids.New(Ids.File)).CreateFolderAsync(new CreateFolderCommand(name, parent));
                Know(_folders, ref _folderCount, made.Entry?.Id);
                return made.Refusal;
            case "file":
                var written = await user.WriteFileAsync(name, GrainsHost.Bytes(random.Next(1, 50), random.Next()), parentId: parent, onConflict: OnConflict.Rename);
                Know(_files, ref _fileCount, written.Entry?.Id);
                return written.Refusal;
            case "version":
                return await AddVersionAsync(user, file, GrainsHost.Bytes(random.Next(1, 50), random.Next(20)));
            case "rename":
                return (await user.ChangeAsync(entry, name: name)).Refusal;
            case "move":
                return (await user.ChangeAsync(entry, name: random.Next(2) == 0 ? name : null, move: true, parentId: parent)).Refusal;
            case "trash":
                return (await user.File(entry).DeleteAsync(permanent: false)).Refusal;
            case "purge":
                return random.Next(4) == 0 ? (await user.File(entry).DeleteAsync(permanent: true)).Refusal : null;
            case "restore":
                return (await user.File(entry).RestoreAsync()).Refusal;
            case "share":
                var refused = (await user.File(entry).ShareAsync(other.Id, random.Next(3) == 0 ? ShareRole.Viewer : ShareRole.Editor)).Refusal;
                if (refused is null)
                    _shares.Enqueue((user, entry, other));
                return refused;
            case "unshare":
                // Few entries are shared with somebody: half of the time one that was is.
                if (random.Next(2) == 0 && _shares.TryDequeue(out var share))
                    (user, entry, other) = share;
                return (await user.File(entry).UnshareAsync(other.Id)).Refusal;
            case "show":
                return (await user.ChangeAsync(entry, visibility: random.Next(2) == 0 ? Visibility.Public : Visibility.Private)).Refusal;
            case "restore version":
                return (await user.File(file).RestoreVersionAsync(random.Next(1, 5))).Refusal;
            default:
                return (await user.File(file).DeleteVersionAsync(random.Next(1, 5))).Refusal;
        }
    }

    private static async Task<Refusal?> AddVersionAsync(TestUser user, string file, byte[] content)
    {
        var id = Ids.New(Ids.Upload);
        var created = await user.Session(id).CreateAsync(TestUser.Command("", content.Length) with { Name = null, FileId = file });
        if (created.Refusal is not null)
            return created.Refusal;
        var part = await user.PutAsync(id, 1, content);
        var completed = part.Refusal is null ? await user.CompleteAsync(id) : null;
        if (completed?.Entry is not null)
            return null;
        // The right or the file went meanwhile; nobody leaves a session behind.
        var aborted = await user.Session(id).AbortAsync();
        Assert.True(aborted.Refusal is null or { Reason: RefusalReason.UploadClosed }, $"{aborted.Refusal}");
        return part.Refusal ?? completed!.Refusal;
    }

    /// <summary>The newest ones are known, so that clients meet.</summary>
    private static void Know(string?[] known, ref int count, string? id)
    {
        if (id is not null)
            known[(Interlocked.Increment(ref count) - 1) % known.Length] = id;
    }

    private static string Pick(string?[] known, int count, Random random) => known[random.Next(Math.Min(count, known.Length))] ?? known[0]!;

    private static string Text(IEnumerable<KeyValuePair<string, int>> counts) =>
        string.Join(", ", counts.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key} {one.Value}"));

    private async Task CheckAsync(List<TestUser> users)
    {
        Assert.Equal(0L, await host.ScalarAsync<long>(
            """
            SELECT count(*) FROM (SELECT 1 FROM entries WHERE deleted_at IS NULL GROUP BY owner_id, parent_id, name_key HAVING count(*) > 1) doubled
            """));
        // Everything is reached from a root of its owner: no circle, no orphan, nothing below what is somebody else's.
        Assert.Equal(0L, await host.ScalarAsync<long>(
            """
            WITH RECURSIVE reached AS (
                SELECT id, owner_id FROM entries WHERE parent_id IS NULL
                UNION ALL SELECT e.id, e.owner_id FROM reached r JOIN entries e ON e.parent_id = r.id AND e.owner_id = r.owner_id
            )
            SELECT (SELECT count(*) FROM entries) - (SELECT count(*) FROM reached)
            """));
        foreach (var user in users)
        {
            Assert.Equal(
                await host.ScalarAsync<long>(
                    """
                    SELECT coalesce(sum(size_bytes), 0)::bigint FROM (
                        SELECT DISTINCT v.object_key, v.size_bytes FROM file_versions v JOIN entries e ON e.id = v.file_id WHERE e.owner_id = $1) once
                    """,
                    user.Id),
                (await user.ProfileAsync()).UsedBytes);
            Assert.Equal(0L, (await user.ProfileAsync()).ReservedBytes);
            Assert.True(await host.ScalarAsync<bool>(
                "SELECT count(*) = (SELECT change_seq FROM users WHERE id = $1) AND max(seq) = count(*) FROM changes WHERE owner_id = $1", user.Id));
            // Replayed from the beginning, the feed gives what lists show, of the user's own and of what others share with him.
            var replica = new FeedReplica(user);
            await replica.CatchUpAsync();
            await replica.AssertIsPresentStateAsync();
        }

        // Content is kept exactly as long as a version refers to it.
        Assert.Equal(0L, await host.ScalarAsync<long>(
            """
            SELECT count(*) FROM (SELECT DISTINCT object_key FROM file_versions WHERE object_key IS NOT NULL) v
            FULL JOIN (SELECT key FROM objects WHERE state = 'live') o ON o.key = v.object_key WHERE v.object_key IS NULL OR o.key IS NULL
            """));
        await CheckMemoryAsync(users);
    }

    /// <summary>What grains remember is what the database has.</summary>
    private async Task CheckMemoryAsync(List<TestUser> users)
    {
        foreach (var id in _folders.Concat(_files).OfType<string>())
        {
            var owner = await host.ScalarAsync<string>("SELECT coalesce((SELECT owner_id FROM entries WHERE id = $1), '')", id);
            var remembered = (await (users.Find(user => user.Id == owner) ?? users[0]).File(id).GetAsync()).Entry;
            var stored = await host.ScalarAsync<string>(
                "SELECT coalesce((SELECT name || '|' || coalesce(parent_id, '') || '|' || (deleted_at IS NULL) || '|' || coalesce(current_version, 0) FROM entries WHERE id = $1), '')", id);
            Assert.Equal(stored, remembered is null ? "" : $"{remembered.Name}|{remembered.ParentId}|{(remembered.DeletedAt is null ? "true" : "false")}|{remembered.Version}");
        }
    }
}
