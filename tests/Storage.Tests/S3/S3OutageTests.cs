using System.Diagnostics;
using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.TestKit.S3;

namespace GrainVault.Storage.Tests.S3;

/// <summary>A server that goes away and comes back, with what it had.</summary>
public sealed class S3OutageTests
{
    private static readonly TimeSpan Quickly = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Server_that_is_not_there_is_unavailable_quickly()
    {
        using var store = new S3ObjectStore(S3Fixture.Options($"http://127.0.0.1:{FreePorts.Pair()}"), TimeProvider.System, null);
        await CheckUnavailableAsync(store);
    }

    [Fact]
    public async Task Store_goes_on_after_the_server_was_stopped_and_after_it_was_killed()
    {
        await using var server = await S3Server.StartAsync(persistent: true);
        using var store = new S3ObjectStore(S3Fixture.Options(server.Endpoint), TimeProvider.System, null);
        await store.EnsureBucketAsync();
        var key = ObjectKeys.NewContentKey();
        var id = await store.InitiateAsync(key);
        var first = await store.PutPartAsync(key, id, 1, Content.Random(5 << 20, 1));

        await server.StopAsync();
        await CheckUnavailableAsync(store);
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.PutPartAsync(key, id, 2, Content.Random(1000, 2))));
        await server.StartAgainAsync();
        var second = await store.PutPartAsync(key, id, 2, Content.Random(1000, 2));

        await server.KillAsync();
        await CheckUnavailableAsync(store);
        await server.StartAgainAsync();
        Assert.Equal([first, second], await store.ListPartsAsync(key, id, 0));
        await store.CompleteAsync(key, id, [first, second]);
        await using var stream = await store.OpenReadAsync(key);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        Assert.True(Content.Bytes(5 << 20, 1).Concat(Content.Bytes(1000, 2)).ToArray().AsSpan().SequenceEqual(copy.ToArray()));
    }

    private static async Task CheckUnavailableAsync(S3ObjectStore store)
    {
        var clock = Stopwatch.StartNew();
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.FindAsync("objects/a")));
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.PutAsync("objects/a", Content.Random(10))));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Quickly);
    }

    private static async Task<ObjectStoreError> ErrorOfAsync(Func<Task> call) => (await Assert.ThrowsAsync<ObjectStoreException>(call)).Error;
}
