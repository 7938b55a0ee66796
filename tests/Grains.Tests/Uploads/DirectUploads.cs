using System.Security.Cryptography;
using GrainVault.Grains.Tests.Support;
using GrainVault.Ingest;
using GrainVault.Storage;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>What tests of direct uploads share: they put parts into the store themselves, as whoever holds a URL can.</summary>
public abstract class DirectUploads(DirectHost host) : IClassFixture<DirectHost>, IDisposable
{
    private protected static readonly byte[] Content = GrainsHost.Bytes((2 * GrainsHost.PartSize) + 10, seed: 21);
    private protected static readonly byte[] Small = GrainsHost.Bytes(1_000, seed: 22);

    private protected DirectHost Host => host;

    private protected IMultipartStore Multipart => (IMultipartStore)host.Store.Inner;

    public void Dispose()
    {
        (host.Store.Before, host.Store.After) = (null, null);
        GC.SuppressFinalize(this);
    }

    private protected static byte[] PartOf(byte[] content, int number) =>
        content[((number - 1) * GrainsHost.PartSize)..Math.Min(number * GrainsHost.PartSize, content.Length)];

    private protected static StoreContent ContentOf(byte[] bytes) => new(bytes, SHA256.HashData(bytes));

    private protected static CreateUploadCommand DirectCommand(string name, long size, string? sha256 = null) =>
        TestUser.Command(name, size, sha256) with { Mode = UploadMode.Direct };

    private protected static Task<UploadInfo> CreateAsync(TestUser user, string name, long size) => user.CreateAsync(DirectCommand(name, size));

    private protected static async Task<List<PresignedPart>> PresignAsync(TestUser user, string uploadId, params int[] numbers)
    {
        var result = await user.Session(uploadId).PresignAsync(numbers);
        Assert.Null(result.Refusal);
        return result.Parts;
    }

    private protected static async Task<(long Used, long Reserved)> UsageAsync(TestUser user)
    {
        var profile = await user.ProfileAsync();
        return (profile.UsedBytes, profile.ReservedBytes);
    }

    private protected async Task<string> SendPartAsync(string uploadId, int number, byte[] bytes)
    {
        var key = await host.ScalarAsync<string>("SELECT object_key FROM uploads WHERE id = $1", uploadId);
        var storeUploadId = await host.ScalarAsync<string>("SELECT store_upload_id FROM uploads WHERE id = $1", uploadId);
        return (await Multipart.PutPartAsync(key, storeUploadId, number, ContentOf(bytes))).ETag;
    }

    private protected Task<string> StagingKeyAsync(string uploadId) =>
        host.ScalarAsync<string>("SELECT staging_key FROM uploads WHERE id = $1", uploadId);

    private protected async Task<string> SendStagedAsync(string uploadId, byte[] bytes)
    {
        var key = await StagingKeyAsync(uploadId);
        await host.Store.Inner.PutAsync(key, ContentOf(bytes));
        return key;
    }

    private protected async Task SendEventsAsync(params string[] keys)
    {
        foreach (var shard in keys.GroupBy(IngestShards.Of))
            await host.Grains.GetGrain<IIngestGrain>($"i-{shard.Key}").ReceiveAsync([.. shard]);
    }
}

/// <summary>A silo that asks the store for parts each time that somebody asks it.</summary>
public sealed class DirectHost : GrainsHost
{
    public DirectHost()
    {
        Settings["GrainVault:Direct:PartListPeriod"] = "00:00:00";
        Settings["GrainVault:Ingest:WaitingMax"] = "1000";
    }
}
