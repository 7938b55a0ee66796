using System.Security.Cryptography;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Ingest;
using GrainVault.Storage;

namespace GrainVault.Grains.Tests.Inbox;

/// <summary>A silo that lists the inbox with every run of the janitor.</summary>
public sealed class InboxHost : GrainsHost
{
    public InboxHost()
    {
        Settings["GrainVault:Inbox:ListPeriod"] = "00:00:00.001";
        Settings["GrainVault:Limits:FileSizeBytesMax"] = "10000000";
        Settings["GrainVault:Janitor:UnknownObjectAge"] = "00:00:00";
    }

    /// <summary>Puts an object into the inbox, as somebody does who has nothing but the bucket.</summary>
    public async Task PutAsync(string key, byte[] bytes) => await Store.Inner.PutAsync(key, new StoreContent(bytes, SHA256.HashData(bytes)));

    public static string KeyOf(TestUser user, string name) => $"{ObjectKeys.InboxPrefix}{user.Id}/{name}";

    /// <summary>One pass over one key: what was put off is due again.</summary>
    public async Task RunAsync(params string[] keys)
    {
        await ExecuteAsync("UPDATE inbox_objects SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL AND key = ANY ($1)", (object)keys);
        await Janitor.RunAsync(this, 0);
        foreach (var shard in keys.Select(IngestShards.Of).Distinct())
            await Janitor.RunAsync(this, shard);
    }

    /// <summary>Tells of objects as the store does.</summary>
    public async Task SendEventsAsync(params string[] keys)
    {
        foreach (var shard in keys.GroupBy(IngestShards.Of))
            await Grains.GetGrain<IIngestGrain>($"i-{shard.Key}").ReceiveAsync([.. shard]);
    }

    public static async Task<List<Entry>> FilesAsync(TestUser user) =>
        (await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, null, null, null, 1_000))).Entries;

    public async Task<long> RowCountAsync(string key) => await ScalarAsync<long>("SELECT count(*) FROM inbox_objects WHERE key = $1", key);

    public async Task<string> ReasonAsync(string key) => await ScalarAsync<string>("SELECT reason FROM inbox_objects WHERE key = $1", key);

    /// <summary>Nothing of the user is intended any more, and what the store has below our prefix is live or garbage.</summary>
    public async Task AssertNothingLeakedAsync(TestUser user)
    {
        Assert.Equal(0L, await ScalarAsync<long>("SELECT count(*) FROM objects WHERE owner_id = $1 AND state = 'intended'", user.Id));
        await Janitor.RunAllAsync(this, times: 2);
        Assert.Equal(
            await ScalarAsync<long>("SELECT count(*) FROM objects WHERE owner_id = $1 AND state = 'live'", user.Id),
            await ScalarAsync<long>("SELECT count(*) FROM objects WHERE owner_id = $1", user.Id));
    }
}
