using System.Diagnostics.Metrics;
using GrainVault.Storage.Instrumentation;
using GrainVault.Storage.Tests.Disk;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Storage.Tests;

/// <summary>Calls are kept for whoever reads them, and never more than fit.</summary>
public sealed class StoreCallLogTests
{
    private static StoreCall Call(string outcome) => new(DateTimeOffset.UnixEpoch, "disk", "put", "objects/1", outcome, TimeSpan.FromMilliseconds(1), 1);

    [Fact]
    public void Nothing_is_kept_while_nobody_reads()
    {
        var log = new StoreCallLog();
        log.Add(Call("ok"));
        var reader = log.Open(10, 1);
        Assert.False(reader.TryRead(out _));
        log.Close();
        log.Add(Call("ok"));
        Assert.False(reader.TryRead(out _));
        Assert.Equal(0, log.DroppedCount);
    }

    [Fact]
    public void What_does_not_fit_is_dropped_and_counted()
    {
        var log = new StoreCallLog();
        var reader = log.Open(2, 1);
        for (var i = 0; i < 5; i++)
            log.Add(Call("ok"));
        Assert.Equal(2, reader.Count);
        Assert.Equal(3, log.DroppedCount);
        log.Dropped(2);
        Assert.Equal(5, log.DroppedCount);
    }

    [Fact]
    public void Sampling_leaves_out_successes_alone()
    {
        var log = new StoreCallLog();
        var reader = log.Open(10, 0);
        log.Add(Call("ok"));
        log.Add(Call("unavailable"));
        Assert.True(reader.TryRead(out var call));
        Assert.Equal("unavailable", call.Outcome);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public async Task Every_call_of_the_store_is_kept_with_its_outcome()
    {
        using var fixture = new DiskFixture();
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var log = new StoreCallLog();
        var reader = log.Open(10, 1);
        var store = InstrumentedObjectStore.Wrap(fixture.Store, new StorageInstruments(services.GetRequiredService<IMeterFactory>(), log), TimeProvider.System);
        var key = ObjectKeys.NewContentKey();

        await store.PutAsync(key, new StoreContent(new byte[] { 1, 2 }, System.Security.Cryptography.SHA256.HashData([1, 2])));
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.OpenReadAsync(ObjectKeys.NewContentKey()));

        Assert.True(reader.TryRead(out var put));
        Assert.Equal(("put", "ok", key, (long?)2), (put.Operation, put.Outcome, put.Key, put.SizeBytes));
        Assert.True(reader.TryRead(out var read));
        Assert.Equal(("open_read", "not_found", (long?)null), (read.Operation, read.Outcome, read.SizeBytes));
    }
}
