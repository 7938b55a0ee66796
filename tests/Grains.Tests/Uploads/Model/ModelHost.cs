using GrainVault.Grains.Tests.Support;
using GrainVault.Ingest;
using GrainVault.Maintenance;
using GrainVault.Storage;
using GrainVault.Storage.S3;
using Orleans;

namespace GrainVault.Grains.Tests.Uploads.Model;

/// <summary>
/// Two silos on one database that know nothing of each other, so that each can go on where the other was stopped, and a store that
/// fails on command. Time passes by making everything older that has a time: rows of the ledger and objects of the store.
/// </summary>
public sealed class ModelHost : FakeS3Host
{
    /// <summary>Parts are small, so that thousands of sessions take little time.</summary>
    public const int PartSizeBytes = 1_024;

    private static readonly string[] TimedColumns =
    [
        "uploads: created_at touched_at expires_at ended_at urls_until staged_look_at",
        "objects: created_at intent_deadline garbage_at deleted_at urls_until",
        "store_events: received_at due_at",
        "janitor_shards: swept_at",
        "removed_entries: removed_at",
    ];

    private static readonly string AgeSql = string.Join(";\n", TimedColumns.Select(line => line.Split(": ")).Select(table =>
        $"UPDATE {table[0]} SET {string.Join(", ", table[1].Split(' ').Select(column => $"{column} = {column} - make_interval(secs => {{0}})"))}"));

    private IGrainFactory _second = null!;

    /// <summary>How often sequences came to what: a generator that never gets anywhere proves nothing.</summary>
    public SortedDictionary<string, int> Tally { get; } = new(StringComparer.Ordinal);

    public void Count(string what) => Tally[what] = Tally.GetValueOrDefault(what) + 1;

    /// <summary>One of the two silos.</summary>
    public IGrainFactory Silo(int index) => index == 0 ? Grains : _second;

    public override async Task InitializeAsync()
    {
        Settings["GrainVault:Limits:PartWait"] = "00:00:00.050";
        Settings["GrainVault:Direct:PartListPeriod"] = "00:00:00";
        Settings["GrainVault:Janitor:CompletionAge"] = "00:02:00";
        Settings["GrainVault:Janitor:GarbageDelay"] = "01:00:00";
        Settings["GrainVault:Janitor:IntentSlack"] = "00:10:00";
        Settings["GrainVault:Janitor:SweepPeriod"] = "01:00:00";
        Settings["GrainVault:Janitor:SweepCountFree"] = "1000";
        Settings["GrainVault:Janitor:ComputeChecksums"] = "false";
        Settings["GrainVault:Ingest:RetryDelay"] = "00:00:05";
        await base.InitializeAsync();
        Bucket.PartSizeBytesMin = PartSizeBytes;
        Store.ProfileOverride = Store.Inner.Profile with { PartSizeBytesMin = PartSizeBytes };
        _second = await StartTwinAsync();
    }

    /// <summary>Lets time pass.</summary>
    public async Task AgeAsync(TimeSpan time)
    {
        await ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, AgeSql, time.TotalSeconds));
        Bucket.Age(time);
    }

    /// <summary>Runs those shards of the janitor that have anything to do; in order, or all at once.</summary>
    public async Task RunJanitorAsync(IGrainFactory silo, bool inOrder)
    {
        var shards = new SortedSet<int> { 0 };
        await using (var command = Catalogue.CreateCommand(
            "SELECT hashtext(id) & 15 FROM uploads UNION SELECT hashtext(key) & 15 FROM objects UNION SELECT shard FROM store_events"))
        {
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                shards.Add(reader.GetInt32(0));
        }

        foreach (var key in ContentKeys().Concat(Bucket.Uploads(ObjectKeys.ContentPrefix).Select(upload => upload.Key)))
            shards.Add(Convert.ToInt32(key.Substring(ObjectKeys.ContentPrefix.Length, 1), 16));
        Caller.Set(null, null, null);
        var runs = shards.Select(shard => new Func<Task>(() => silo.GetGrain<IJanitorGrain>($"j-{shard}").RunAsync()));
        if (!inOrder)
        {
            await Task.WhenAll(runs.Select(run => run()));
            return;
        }

        foreach (var run in runs)
            await run();
    }

    /// <summary>Sends events of these keys, and waits until they have been looked at.</summary>
    public static async Task SendEventsAsync(IGrainFactory silo, params string[] keys)
    {
        Caller.Set(null, null, null);
        foreach (var shard in keys.GroupBy(IngestShards.Of))
        {
            var grain = silo.GetGrain<IIngestGrain>($"i-{shard.Key}");
            await grain.ReceiveAsync([.. shard]);
            await grain.RunAsync();
        }
    }

    /// <summary>Keys of all objects that the store has, but for its marker.</summary>
    public IEnumerable<string> ContentKeys()
    {
        var lag = Server.Faults.ListLag;
        Server.Faults.ListLag = TimeSpan.Zero;
        var keys = Bucket.Objects(ObjectKeys.ContentPrefix).Select(one => one.Key).ToList();
        Server.Faults.ListLag = lag;
        return keys;
    }

    /// <summary>Bytes of an object; null when the store has none of that key.</summary>
    public async Task<byte[]?> BytesAsync(string key)
    {
        if (Bucket.Find(key) is not { } found)
            return null;
        using var copy = new MemoryStream();
        await found.Content.WriteAsync(copy, 0, found.Content.SizeBytes, CancellationToken.None);
        return copy.ToArray();
    }

    /// <summary>As on the first day; for the sequence after one that failed.</summary>
    public async Task ResetAsync()
    {
        Server.Faults.Clear();
        Server.Calls.Clear();
        (Store.Before, Store.After) = (null, null);
        Store.ClearCalls();
        await ExecuteAsync("TRUNCATE uploads, upload_parts, file_versions, entries, objects, changes, store_events, users, removed_entries, janitor_shards CASCADE");
        await ExecuteAsync("UPDATE installation SET sweep_stopped = NULL");
        foreach (var key in ContentKeys())
            Bucket.Delete(key);
        foreach (var upload in Bucket.Uploads(""))
            Bucket.Abort(upload.Key, upload.Id);
    }

    // Repeats of the SDK wait, and hide what this is about.
    protected override void Configure(S3Options options) => options.RetryCountMax = 0;
}
