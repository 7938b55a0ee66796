using System.Net;
using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.TestKit.S3;

namespace GrainVault.Storage.Tests.S3;

public sealed class S3PresignTests(S3Fixture fixture) : IClassFixture<S3Fixture>
{
    private static readonly HttpClient Client = new();

    private readonly S3ObjectStore _store = (S3ObjectStore)fixture.Store;

    private string Key { get; } = ObjectKeys.NewContentKey();

    [Fact]
    public async Task Url_reads_the_object_with_the_disposition_it_was_signed_with()
    {
        await _store.PutAsync(Key, Content.Random(1000));
        var url = (await _store.PresignGetAsync(Key, TimeSpan.FromMinutes(1), "attachment; filename=\"a b.txt\"")).Url;
        using var answer = await Client.GetAsync(url);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("attachment; filename=\"a b.txt\"", answer.Content.Headers.GetValues("Content-Disposition").Single());
        Assert.Equal(Content.Bytes(1000), await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Url_writes_its_part_and_answers_with_its_etag()
    {
        var id = await _store.InitiateAsync(Key);
        var url = (await _store.PresignPutPartAsync(Key, id, 3, 5000, TimeSpan.FromMinutes(1))).Url;
        using var answer = await Client.PutAsync(url, new ByteArrayContent(Content.Bytes(5000)));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var part = Assert.Single(await _store.ListPartsAsync(Key, id, 0));
        Assert.Equal(new StoredPart(3, 5000, answer.Headers.ETag!.Tag.Trim('"')), part);
        await _store.CompleteAsync(Key, id, [part]);
        Assert.Equal(5000, (await _store.FindAsync(Key))!.SizeBytes);
    }

    [Fact]
    public async Task Url_takes_no_other_size_number_or_method()
    {
        var id = await _store.InitiateAsync(Key);
        var url = (await _store.PresignPutPartAsync(Key, id, 1, 5000, TimeSpan.FromMinutes(1))).Url;
        using var longer = await Client.PutAsync(url, new ByteArrayContent(Content.Bytes(5001)));
        Assert.Equal(HttpStatusCode.Forbidden, longer.StatusCode);
        using var other = await Client.PutAsync(url.AbsoluteUri.Replace("partNumber=1", "partNumber=2", StringComparison.Ordinal), new ByteArrayContent(Content.Bytes(5000)));
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        using var get = await Client.GetAsync(url);
        Assert.Equal(HttpStatusCode.Forbidden, get.StatusCode);
        Assert.Empty(await _store.ListPartsAsync(Key, id, 0));
    }

    /// <summary>Some servers, Ceph's among them, heed headers that were not signed: a PUT with a source is a copy, in the name of who signed.</summary>
    [Fact]
    public async Task Holder_of_a_url_that_writes_reads_nothing_when_its_key_may_only_write()
    {
        var server = await S3ServerFixture.ServerAsync();
        var options = S3Fixture.Options(server.Endpoint);
        (options.UploadAccessKey, options.UploadSecretKey) = await server.CreateWriteOnlyKeysAsync();
        using var store = new S3ObjectStore(options, TimeProvider.System, null);
        await store.EnsureBucketAsync();
        await store.PutAsync(Key, Content.Random(1000));
        var (staged, parts) = (ObjectKeys.NewStagingKey(), ObjectKeys.NewContentKey());
        var id = await store.InitiateAsync(parts);
        var put = (await store.PresignPutAsync(staged, 1000, TimeSpan.FromMinutes(1))).Url;
        var putPart = (await store.PresignPutPartAsync(parts, id, 1, 1000, TimeSpan.FromMinutes(1))).Url;

        foreach (var url in (Uri[])[put, putPart])
        {
            using var stolen = await PutAsync(url, ("x-amz-copy-source", $"/{options.Bucket}/{Key}"));
            Assert.Equal(HttpStatusCode.Forbidden, stolen.StatusCode);
        }

        Assert.Null(await store.FindAsync(staged));
        Assert.Empty(await store.ListPartsAsync(parts, id, 0));
        foreach (var url in (Uri[])[put, putPart])
        {
            using var sent = await PutAsync(url);
            Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        }

        var found = (await store.FindAsync(staged))!;
        Assert.Equal(found, await store.CopyAsync(staged, found.ETag, ObjectKeys.NewContentKey()));
        var made = await store.CompleteAsync(parts, id, await store.ListPartsAsync(parts, id, 0));
        Assert.Equal(1000, made.SizeBytes);
    }

    [Fact]
    public async Task Headers_that_a_sender_gave_to_an_object_stay_with_it_when_it_is_copied()
    {
        var (staged, copy) = (ObjectKeys.NewStagingKey(), ObjectKeys.NewContentKey());
        var url = (await _store.PresignPutAsync(staged, 1000, TimeSpan.FromMinutes(1))).Url;
        using (var sent = await PutAsync(url, ("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("Cache-Control", "public, max-age=9999")))
            Assert.Equal(HttpStatusCode.OK, sent.StatusCode);

        await _store.CopyAsync(staged, (await _store.FindAsync(staged))!.ETag, copy);

        using var read = await Client.GetAsync((await _store.PresignGetAsync(copy, TimeSpan.FromMinutes(1))).Url);
        Assert.Equal("application/octet-stream", read.Content.Headers.ContentType!.MediaType);
        Assert.Empty(read.Content.Headers.ContentEncoding);
        Assert.Null(read.Headers.CacheControl);
        Assert.Equal(Content.Bytes(1000, 2), await read.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Url_carries_the_public_endpoint()
    {
        var options = S3Fixture.Options("http://127.0.0.1:9");
        options.PublicEndpoint = "https://files.example.org";
        using var store = new S3ObjectStore(options, TimeProvider.System, null);
        var url = (await store.PresignGetAsync(Key, TimeSpan.FromMinutes(1), null)).Url;
        Assert.Equal("https://files.example.org", url.GetLeftPart(UriPartial.Authority));
        Assert.StartsWith($"/{options.Bucket}/{Key}", url.AbsolutePath, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lifetime_past_the_limit_is_a_bug_of_the_caller()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _store.PresignGetAsync(Key, TimeSpan.FromDays(7.1), null));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _store.PresignGetAsync(Key, TimeSpan.Zero, null));
        Assert.Matches("X-Amz-Expires=(604800|60479[0-9])&", (await _store.PresignGetAsync(Key, TimeSpan.FromDays(7))).Url.Query);
    }

    private static async Task<HttpResponseMessage> PutAsync(Uri url, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ByteArrayContent(Content.Bytes(1000, 2)) };
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request);
    }
}
