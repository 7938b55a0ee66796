using System.Net;
using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;

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
}
