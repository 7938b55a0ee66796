using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.TestKit;
using GrainVault.TestKit.FakeS3;

namespace GrainVault.Storage.Tests.FakeS3;

/// <summary>The knobs of the fake server do what they say, and the store survives them.</summary>
public sealed class FakeS3FaultTests : IAsyncLifetime
{
    private const string Key = "objects/a";
    private FakeS3Server _server = null!;
    private S3ObjectStore _store = null!;

    private FakeBucket Bucket => _server.Bucket("fake-bucket");

    public async Task InitializeAsync()
    {
        _server = await FakeS3Server.StartAsync();
        var options = FakeS3Fixture.Options(_server);
        options.RetryCountMax = 1;
        _store = new S3ObjectStore(options, TimeProvider.System, null);
        await _store.EnsureBucketAsync();
    }

    public async Task DisposeAsync()
    {
        _store.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Ten_thousand_parts_are_paged_and_completed_without_their_bytes()
    {
        var id = await _store.InitiateAsync(Key);
        for (var number = 1; number <= 10_000; number++)
            Bucket.PutSparsePart(Key, id, number, 5 << 20);
        var parts = new List<StoredPart>();
        while (await _store.ListPartsAsync(Key, id, parts.Count) is { Count: > 0 } page)
            parts.AddRange(page);
        Assert.Equal(Enumerable.Range(1, 10_000), parts.Select(part => part.Number));
        var stored = await _store.CompleteAsync(Key, id, parts);
        Assert.Equal(10_000L * (5 << 20), stored.SizeBytes);
        Assert.EndsWith("-10000", stored.ETag, StringComparison.Ordinal);
        await using var tail = await _store.OpenReadAsync(Key, stored.SizeBytes - 1000, 1000);
        var bytes = new byte[1000];
        await tail.ReadExactlyAsync(bytes);
        Assert.All(bytes, value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task Server_that_keeps_no_bytes_still_tells_contents_apart()
    {
        _server.KeepsBytes = false;
        var id = await _store.InitiateAsync(Key);
        var first = await _store.PutPartAsync(Key, id, 1, Content.Random(1000, 1));
        var second = await _store.PutPartAsync(Key, id, 1, Content.Random(1000, 2));
        Assert.NotEqual(first.ETag, second.ETag);
        Assert.Equal(ObjectStoreError.InvalidPart, await ErrorOfAsync(() => _store.CompleteAsync(Key, id, [first])));
        await _store.CompleteAsync(Key, id, [second]);
    }

    [Fact]
    public async Task Errors_and_lost_answers_are_repeated_and_the_effect_counts_once()
    {
        _server.Faults.Next("PutObject", FakeS3Fault.SlowDown);
        await _store.PutAsync(Key, Content.Random(1000));
        _server.Faults.Next("PutObject", FakeS3Fault.InternalError, count: 2);
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => _store.PutAsync("objects/b", Content.Random(1000))));
        Assert.Null(Bucket.Find("objects/b"));

        var id = await _store.InitiateAsync("objects/m");
        _server.Faults.Next("UploadPart", FakeS3Fault.LostAnswer);
        var part = await _store.PutPartAsync("objects/m", id, 1, Content.Random(1000));
        // Whoever sends a request may repeat it on a broken connection, so all answers are lost.
        _server.Faults.Rule = call => call.Operation == "CompleteMultipartUpload" ? FakeS3Fault.LostAnswer : null;
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => _store.CompleteAsync("objects/m", id, [part])));
        _server.Faults.Clear();
        Assert.Equal(1000, (await _store.CompleteAsync("objects/m", id, [part])).SizeBytes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Completion_that_says_200_with_an_error_is_told_by_its_effect(bool hasEffect)
    {
        var id = await _store.InitiateAsync(Key);
        var part = await _store.PutPartAsync(Key, id, 1, Content.Random(1000));
        _server.Faults.Next("CompleteMultipartUpload", new FakeS3Fault { ErrorInSuccess = true, HasEffect = hasEffect }, count: 2);
        var error = await Record.ExceptionAsync(() => _store.CompleteAsync(Key, id, [part]));
        Assert.Equal(hasEffect, error is null);
        Assert.Equal(hasEffect, Bucket.Find(Key) is not null);
        _server.Faults.Clear();
        Assert.Equal(1000, (await _store.CompleteAsync(Key, id, [part])).SizeBytes);
    }

    [Fact]
    public async Task Body_that_breaks_off_throws_and_a_wrong_etag_is_seen_at_completion()
    {
        await _store.PutAsync(Key, Content.Random(1000));
        _server.Faults.Rule = call => call.Operation == "GetObject" ? new FakeS3Fault { TruncateBodyAt = 500 } : null;
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(async () =>
        {
            await using var stream = await _store.OpenReadAsync(Key);
            await stream.CopyToAsync(Stream.Null);
        }));

        var id = await _store.InitiateAsync("objects/m");
        _server.Faults.Next("UploadPart", new FakeS3Fault { WrongETag = "0123456789abcdef0123456789abcdef" });
        var part = await _store.PutPartAsync("objects/m", id, 1, Content.Random(1000));
        Assert.Equal(ObjectStoreError.InvalidPart, await ErrorOfAsync(() => _store.CompleteAsync("objects/m", id, [part])));
        await _store.CompleteAsync("objects/m", id, await _store.ListPartsAsync("objects/m", id, 0));
    }

    [Fact]
    public async Task Damaged_bytes_are_told_when_the_body_ends()
    {
        await _store.PutAsync(Key, Content.Random(1000));
        _server.Faults.Next("GetObject", new FakeS3Fault { WrongETag = "0123456789abcdef0123456789abcdef" });
        var stream = await _store.OpenReadAsync(Key);
        await stream.CopyToAsync(Stream.Null);
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => stream.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task Lists_lag_by_the_clock_and_everything_else_does_not()
    {
        var time = new ManualTime();
        await using var server = await FakeS3Server.StartAsync(time);
        var bucket = server.MakeBucket("lagging");
        bucket.Put("old", FakeContent.Of([1]), null);
        var upload = bucket.Initiate("up", null);
        time.Advance(TimeSpan.FromMinutes(1));
        server.Faults.ListLag = TimeSpan.FromSeconds(30);
        bucket.Put("new", FakeContent.Of([2]), null);
        bucket.Delete("old");
        bucket.PutPart("up", upload.Id, 1, FakeContent.Of([3]));
        Assert.Equal(["old"], bucket.Objects("").Select(one => one.Key));
        Assert.Empty(bucket.Parts("up", upload.Id));
        Assert.NotNull(bucket.Find("new"));
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(["new"], bucket.Objects("").Select(one => one.Key));
        Assert.Single(bucket.Parts("up", upload.Id));
        bucket.Abort("up", upload.Id);
        Assert.Single(bucket.Uploads(""));
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Empty(bucket.Uploads(""));
    }

    [Fact]
    public async Task What_came_to_be_is_told()
    {
        var seen = new List<string>();
        _server.Created = (name, bucket, made) => seen.Add($"{name} {bucket} {made.Key} {made.Content.SizeBytes}");
        var put = await _store.PutAsync(Key, Content.Random(10));
        await _store.CopyAsync(Key, put.ETag, "objects/copy");
        var id = await _store.InitiateAsync("objects/m");
        await _store.CompleteAsync("objects/m", id, [await _store.PutPartAsync("objects/m", id, 1, Content.Random(20))]);
        Assert.Equal(
            ["ObjectCreated:Put fake-bucket objects/a 10", "ObjectCreated:Copy fake-bucket objects/copy 10", "ObjectCreated:CompleteMultipartUpload fake-bucket objects/m 20"], seen);
    }

    private static async Task<ObjectStoreError> ErrorOfAsync(Func<Task> call) => (await Assert.ThrowsAsync<ObjectStoreException>(call)).Error;
}
