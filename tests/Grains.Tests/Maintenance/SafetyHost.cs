using System.Security.Cryptography;
using GrainVault.Cli.Fsck;
using GrainVault.Grains.Tests.Support;
using GrainVault.Maintenance;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Grains.Tests.Maintenance;

/// <summary>A silo whose janitor runs by hand alone, compares store and ledger each time, and spares nothing for being young.</summary>
public sealed class SafetyHost : GrainsHost
{
    public SafetyHost()
    {
        Settings["GrainVault:Janitor:Period"] = "1.00:00:00";
        // A completion that is under way waits for nobody who waits for it.
        Settings["GrainVault:Janitor:CompletionAge"] = "01:00:00";
        Settings["GrainVault:Janitor:SweepPeriod"] = "00:00:00.001";
        Settings["GrainVault:Janitor:UnknownObjectAge"] = "00:00:00";
        Settings["GrainVault:Inbox:ListPeriod"] = "00:00:00.001";
    }

    /// <summary>What the last comparisons found.</summary>
    public long LeakedBytes => Services.GetRequiredService<LeakLevels>().LeakedBytes;

    public async Task<string> PutStrayAsync(int sizeBytes, char digit = 'c')
    {
        var id = Guid.NewGuid().ToString("n");
        var key = $"objects/{digit}{id[1]}/{id}";
        await Store.Inner.PutAsync(key, ContentOf(GrainsHost.Bytes(sizeBytes)));
        return key;
    }

    public static StoreContent ContentOf(byte[] bytes) => new(bytes, SHA256.HashData(bytes));

    public async Task<FsckReport> FsckAsync(bool repair = false) =>
        await new FsckRunner(
            Catalogue, Store, new JanitorOptions { UnknownObjectAge = TimeSpan.Zero, GarbageDelay = TimeSpan.Zero }, TimeProvider.System).RunAsync(repair);

    public async Task<string> StateAsync(string key) =>
        await ScalarAsync<string>("SELECT coalesce((SELECT state FROM objects WHERE key = $1), 'none')", key);

    /// <summary>When its last URL has ended, neither an object nor a multipart upload of the session is left, in the store or in the ledger.</summary>
    public async Task AssertSweptAsync(string uploadId, params string[] keys)
    {
        await ExecuteAsync("UPDATE objects SET urls_until = now() - interval '1 second' WHERE upload_id = $1 AND urls_until IS NOT NULL", uploadId);
        // One run aborts, and two delete.
        await Janitor.RunAllAsync(this, times: 3);
        foreach (var key in keys)
        {
            Assert.Empty(await Janitor.StoreKeysAsync(this, key));
            Assert.Empty(await Janitor.StoreUploadsAsync(this, key));
        }

        Assert.Equal(0L, await ScalarAsync<long>("SELECT count(*) FROM objects WHERE upload_id = $1", uploadId));
    }
}
