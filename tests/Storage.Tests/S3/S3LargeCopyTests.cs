using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.Storage.Tests.FakeS3;
using GrainVault.TestKit.FakeS3;
using GrainVault.TestKit.S3;

namespace GrainVault.Storage.Tests.S3;

/// <summary>Copies past what one call may copy, and servers that do not keep to the condition.</summary>
public sealed class S3LargeCopyTests : IAsyncLifetime
{
    private const string Source = "objects/source";
    private const string Copy = "objects/copy";
    private static readonly S3Dialect Small = S3Dialect.Ceph with { CopySizeBytesMax = 6 << 20, CopyPieceSizeBytes = 5 << 20 };
    private FakeS3Server _server = null!;

    public async Task InitializeAsync() => _server = await FakeS3Server.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Large_object_is_copied_in_pieces_by_the_real_server()
    {
        var options = S3Fixture.Options((await S3ServerFixture.ServerAsync()).Endpoint);
        using var store = Open(options, Small);
        await CheckCopyAsync(store);
    }

    [Fact]
    public async Task Large_object_is_copied_in_pieces()
    {
        using var store = Open(FakeS3Fixture.Options(_server), Small);
        await CheckCopyAsync(store);
        Assert.Equal(3, _server.Count("UploadPartCopy"));
        Assert.Equal(0, _server.Count("CopyObject"));
    }

    [Fact]
    public async Task Six_GiB_are_copied_in_pieces_of_one()
    {
        _server.KeepsBytes = false;
        using var store = Open(FakeS3Fixture.Options(_server), S3Dialect.Ceph);
        await store.EnsureBucketAsync();
        _server.Bucket("fake-bucket").Put(Source, FakeContent.Sparse(6L << 30), null, "some-etag");
        Assert.Equal(6L << 30, (await store.CopyAsync(Source, "some-etag", Copy)).SizeBytes);
        Assert.Equal(6, _server.Count("UploadPartCopy"));
    }

    [Fact]
    public async Task Large_source_that_is_replaced_while_it_is_copied_leaves_nothing()
    {
        using var store = Open(FakeS3Fixture.Options(_server), Small);
        await store.EnsureBucketAsync();
        var source = await store.PutAsync(Source, Content.Random(12 << 20, 1));
        _server.Faults.Rule = call =>
        {
            if (call is { Operation: "UploadPartCopy", PartNumber: 2 })
                _server.Bucket("fake-bucket").Put(Source, FakeContent.Of(Content.Bytes(12 << 20, 2)), null);
            return null;
        };
        Assert.Equal(ObjectStoreError.PreconditionFailed, await ErrorOfAsync(() => store.CopyAsync(Source, source.ETag, Copy)));
        Assert.Null(await store.FindAsync(Copy));
        Assert.Empty(_server.Bucket("fake-bucket").Uploads(""));
    }

    [Fact]
    public async Task Source_that_is_replaced_between_look_and_copy_is_refused_also_where_the_server_ignores_the_condition()
    {
        foreach (var isHonoured in new[] { true, false })
        {
            _server.HonoursCopyCondition = isHonoured;
            using var store = Open(FakeS3Fixture.Options(_server), S3Dialect.Generic);
            await store.EnsureBucketAsync();
            var source = await store.PutAsync(Source, Content.Random(1000, 1));
            _server.Faults.Rule = call =>
            {
                if (call.Operation == "CopyObject")
                    _server.Bucket("fake-bucket").Put(Source, FakeContent.Of(Content.Bytes(1000, 2)), null);
                return null;
            };
            Assert.Equal(ObjectStoreError.PreconditionFailed, await ErrorOfAsync(() => store.CopyAsync(Source, source.ETag, Copy)));
            Assert.Null(await store.FindAsync(Copy));
        }
    }

    [Fact]
    public async Task Copy_that_says_200_with_an_error_is_no_success_and_one_whose_answer_is_lost_is_repeated()
    {
        var options = FakeS3Fixture.Options(_server);
        options.RetryCountMax = 1;
        using var store = Open(options, S3Dialect.Aws with { IsPathStyle = true });
        await store.EnsureBucketAsync();
        var source = await store.PutAsync(Source, Content.Random(1000));
        _server.Faults.Next("CopyObject", new FakeS3Fault { ErrorInSuccess = true }, count: 2);
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.CopyAsync(Source, source.ETag, Copy)));
        Assert.Null(await store.FindAsync(Copy));
        _server.Faults.Clear();
        _server.Faults.Next("CopyObject", FakeS3Fault.LostAnswer);
        Assert.Equal(1000, (await store.CopyAsync(Source, source.ETag, Copy)).SizeBytes);
    }

    [Fact]
    public async Task Copy_that_takes_too_long_ends_as_unavailable()
    {
        var options = FakeS3Fixture.Options(_server);
        options.CopyTimeout = TimeSpan.FromSeconds(1);
        using var store = Open(options, S3Dialect.Ceph);
        await store.EnsureBucketAsync();
        var source = await store.PutAsync(Source, Content.Random(1000));
        _server.Faults.Next("CopyObject", FakeS3Fault.Hang);
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.CopyAsync(Source, source.ETag, Copy)));
    }

    [Fact]
    public async Task Object_in_the_inbox_is_found_copied_and_deleted_under_the_name_that_others_gave_it()
    {
        var options = S3Fixture.Options((await S3ServerFixture.ServerAsync()).Endpoint);
        using var store = Open(options, S3Dialect.Ceph);
        await store.EnsureBucketAsync();
        const string Inbox = "inbox/u-1/Ein Ordner/ä+b&c=%20?.txt";
        using (var others = S3Client.Create(options, options.Endpoint, S3Dialect.Ceph, S3Client.CredentialsOf(options)))
        {
            using var body = new MemoryStream(Content.Bytes(1000));
            await others.PutObjectAsync(new Amazon.S3.Model.PutObjectRequest { BucketName = options.Bucket, Key = Inbox, InputStream = body, UseChunkEncoding = false });
        }

        Assert.Equal(Inbox, Assert.Single(await ToListAsync(store.ListObjectsAsync(ObjectKeys.InboxPrefix))).Key);
        var found = (await store.FindAsync(Inbox))!;
        Assert.Equal(1000, (await store.CopyAsync(Inbox, found.ETag, Copy)).SizeBytes);
        await store.DeleteAsync(Inbox);
        Assert.Null(await store.FindAsync(Inbox));
    }

    private static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> source)
    {
        var list = new List<T>();
        await foreach (var item in source)
            list.Add(item);
        return list;
    }

    private static async Task CheckCopyAsync(S3ObjectStore store)
    {
        await store.EnsureBucketAsync();
        var source = await store.PutAsync(Source, Content.Random(12 << 20));
        var copy = await store.CopyAsync(Source, source.ETag, Copy);
        Assert.Equal(12 << 20, copy.SizeBytes);
        await using var stream = await store.OpenReadAsync(Copy);
        using var read = new MemoryStream();
        await stream.CopyToAsync(read);
        Assert.True(Content.Bytes(12 << 20).AsSpan().SequenceEqual(read.ToArray()));
    }

    private static async Task<ObjectStoreError> ErrorOfAsync(Func<Task> call) => (await Assert.ThrowsAsync<ObjectStoreException>(call)).Error;

    private static S3ObjectStore Open(S3Options options, S3Dialect dialect) =>
        new(options, TimeProvider.System, null, null, null, dialect, S3Client.CredentialsOf(options));
}
