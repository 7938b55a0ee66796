using GrainVault.Resilience;
using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.Storage.Tests.FakeS3;
using GrainVault.TestKit.FakeS3;

namespace GrainVault.Storage.Tests.S3;

/// <summary>A slow server costs its callers time, and nobody else.</summary>
public sealed class S3BulkheadTests : IAsyncLifetime
{
    private const string Key = "objects/a";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly List<S3ObjectStore> _stores = [];
    private FakeS3Server _server = null!;

    public async Task InitializeAsync() => _server = await FakeS3Server.StartAsync();

    public async Task DisposeAsync()
    {
        _stores.ForEach(store => store.Dispose());
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Writes_that_hang_let_reads_pass_and_refuse_what_their_queue_can_not_hold()
    {
        var store = await OpenAsync(options => (options.WriteCountMax, options.WriteQueueLengthMax, options.WriteQueueWait) = (3, 2, TimeSpan.FromMinutes(5)));
        await store.PutAsync(Key, Content.Random(1000));
        using var cancel = new CancellationTokenSource();
        _server.Faults.Rule = call => call.Operation == "PutObject" ? FakeS3Fault.Hang : null;
        _server.Calls.Clear();
        var hanging = Enumerable.Range(0, 5).Select(i => store.PutAsync($"objects/{i}", Content.Random(10), cancel.Token)).ToList();
        await UntilAsync(() => _server.Count("PutObject") == 3);

        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.PutAsync("objects/b", Content.Random(10)).WaitAsync(Soon)));
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.DeleteAsync("objects/b").WaitAsync(Soon)));
        for (var i = 0; i < 20; i++)
            Assert.Equal(1000, await ReadAsync(store).WaitAsync(Soon));

        await cancel.CancelAsync();
        foreach (var call in hanging)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Soon));
        Assert.Equal(3, _server.Count("PutObject"));
        _server.Faults.Clear();
        await store.PutAsync("objects/b", Content.Random(10)).WaitAsync(Soon);
    }

    [Fact]
    public async Task Reads_keep_their_place_until_the_body_has_ended()
    {
        var store = await OpenAsync(options => (options.ReadCountMax, options.ReadQueueLengthMax, options.ReadQueueWait) = (2, 1, TimeSpan.FromMilliseconds(50)));
        await store.PutAsync(Key, Content.Random(1000));
        var first = await store.OpenReadAsync(Key);
        var second = await store.OpenReadAsync(Key, 10, 20);
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.OpenReadAsync(Key)));
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.FindAsync(Key)));
        await store.PutAsync("objects/b", Content.Random(10));
        await first.DisposeAsync();
        Assert.NotNull(await store.FindAsync(Key));
        await second.DisposeAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(1000, await ReadAsync(store));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => store.OpenReadAsync(Key, 999, 5));
            Assert.Equal(ObjectStoreError.NotFound, await ErrorOfAsync(() => store.OpenReadAsync("objects/none")));
            await using var empty = await store.OpenReadAsync(Key, 1000, 0);
        }
    }

    [Fact]
    public async Task Refused_calls_are_no_failures_of_the_server()
    {
        var store = await OpenAsync(options => (options.WriteCountMax, options.WriteQueueLengthMax) = (1, 0), callCountMin: 5);
        _server.Faults.Next("PutObject", FakeS3Fault.Hang);
        _server.Calls.Clear();
        using var cancel = new CancellationTokenSource();
        var hanging = store.PutAsync(Key, Content.Random(10), cancel.Token);
        await UntilAsync(() => _server.Count("PutObject") == 1);
        for (var i = 0; i < 50; i++)
            Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.PutAsync(Key, Content.Random(10))));
        Assert.Null(await store.FindAsync(Key));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
    }

    [Fact]
    public async Task Trying_write_that_hangs_ends_at_the_limit_of_short_calls()
    {
        var store = await OpenAsync(options => (options.ControlTimeout, options.WriteTimeout) = (TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)), callCountMin: 4);
        _server.Faults.Rule = _ => FakeS3Fault.InternalError;
        for (var i = 0; i < 4; i++)
            await ErrorOfAsync(() => store.FindAsync(Key));
        _server.Calls.Clear();
        _server.Faults.Rule = call => call.Operation == "PutObject" ? FakeS3Fault.Hang : null;
        // The first that gets through hangs; when it ends, the breaker waits once more and then lets a read try.
        while (_server.Count("PutObject") == 0)
            Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.PutAsync(Key, Content.Random(10)).WaitAsync(Soon)));
        var deadline = DateTime.UtcNow + Soon;
        while (await Record.ExceptionAsync(() => store.FindAsync(Key)) is not null)
        {
            Assert.True(DateTime.UtcNow < deadline, "the breaker does not close");
            await Task.Delay(50);
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow + Soon;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "it does not come to that");
            await Task.Delay(10);
        }
    }

    private static async Task<long> ReadAsync(S3ObjectStore store)
    {
        await using var stream = await store.OpenReadAsync(Key);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.Length;
    }

    private static async Task<ObjectStoreError> ErrorOfAsync(Func<Task> call) => (await Assert.ThrowsAsync<ObjectStoreException>(call)).Error;

    private async Task<S3ObjectStore> OpenAsync(Action<S3Options> configure, int callCountMin = 1000)
    {
        var options = FakeS3Fixture.Options(_server);
        options.RetryCountMax = 0;
        configure(options);
        var breakers = new Breakers(
            Microsoft.Extensions.Options.Options.Create(new ResilienceOptions { BreakerCallCountMin = callCountMin, BreakMax = TimeSpan.FromMilliseconds(500) }), TimeProvider.System);
        var store = new S3ObjectStore(options, TimeProvider.System, null, breakers);
        _stores.Add(store);
        await store.EnsureBucketAsync();
        return store;
    }
}
