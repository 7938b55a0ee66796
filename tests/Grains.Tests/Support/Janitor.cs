using GrainVault.Maintenance;
using GrainVault.Storage;

namespace GrainVault.Grains.Tests.Support;

/// <summary>Runs the janitor's shards by hand.</summary>
public static class Janitor
{
    public static async Task RunAllAsync(GrainsHost host, int times = 1)
    {
        for (var time = 0; time < times; time++)
        {
            for (var shard = 0; shard < IJanitorGrain.ShardCount; shard++)
                await RunAsync(host, shard);
        }
    }

    public static async Task RunAsync(GrainsHost host, int shard)
    {
        Caller.Set(null, null, null);
        await host.Grains.GetGrain<IJanitorGrain>($"j-{shard}").RunAsync();
    }

    public static async Task<List<string>> StoreKeysAsync(GrainsHost host, string prefix)
    {
        var keys = new List<string>();
        await foreach (var item in host.Store.ListObjectsAsync(prefix))
            keys.Add(item.Key);
        return keys;
    }

    public static async Task<List<ListedUpload>> StoreUploadsAsync(GrainsHost host, string prefix)
    {
        var uploads = new List<ListedUpload>();
        await foreach (var upload in host.Store.ListUploadsAsync(prefix))
            uploads.Add(upload);
        return uploads;
    }
}
