using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GrainVault.Storage.Tests.Conformance;

/// <summary>What a client can do with a presigned URL, and what not.</summary>
public abstract class PresignConformance<TFixture>(TFixture fixture) : StoreConformance<TFixture>(fixture)
    where TFixture : class, IStoreFixture
{
    private static readonly HttpClient Client = new();
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Url_reads_the_object_with_the_headers_that_it_was_signed_with()
    {
        var stored = await Store.PutAsync(NewKey(), Content.Random(300_000));
        var url = await ReachAsync(Presigning.PresignGetAsync(NewKey(), Minute, "attachment; filename=\"a b.txt\"; filename*=UTF-8''%C3%A4&b=c.txt", "text/plain; charset=utf-8"));
        using var answer = await Client.GetAsync(url);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("attachment; filename=\"a b.txt\"; filename*=UTF-8''%C3%A4&b=c.txt", answer.Content.Headers.GetValues("Content-Disposition").Single());
        Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.GetValues("Content-Type").Single());
        Assert.Equal(stored.ETag, answer.Headers.ETag!.Tag.Trim('"'));
        Assert.Equal(Content.Bytes(300_000), await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Url_writes_its_part_and_answers_with_its_etag()
    {
        var id = await Multipart.InitiateAsync(NewKey());
        var url = await ReachAsync(Presigning.PresignPutPartAsync(NewKey(), id, 3, 700_000, Minute));
        using (var answer = await PutAsync(url, Content.Bytes(700_000, 1)))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var second = await PutAsync(url, Content.Bytes(700_000, 2));
        var part = Assert.Single(await Multipart.ListPartsAsync(NewKey(), id, 0));
        Assert.Equal(new StoredPart(3, 700_000, ETagOf(second)), part);
        await Multipart.CompleteAsync(NewKey(), id, [part]);
        Assert.Equal(Content.Bytes(700_000, 2), await ReadAllAsync(NewKey()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(700_000)]
    public async Task Url_writes_its_object_and_answers_with_its_etag(int sizeBytes)
    {
        var url = await ReachAsync(Presigning.PresignPutAsync(NewKey(), sizeBytes, Minute));
        using var answer = await PutAsync(url, Content.Bytes(sizeBytes));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(new StoredObject(sizeBytes, ETagOf(answer)), await Store.FindAsync(NewKey()));
        Assert.Equal(Content.Bytes(sizeBytes), await ReadAllAsync(NewKey()));
    }

    [Fact]
    public async Task Url_of_a_part_takes_no_other_size_number_upload_or_method()
    {
        var id = await Multipart.InitiateAsync(NewKey());
        var other = await Multipart.InitiateAsync(NewKey());
        var url = await ReachAsync(Presigning.PresignPutPartAsync(NewKey(), id, 1, 5000, Minute));
        await CheckRefusedAsync(HttpMethod.Put, url, 5001);
        await CheckRefusedAsync(HttpMethod.Put, url, 4999);
        await CheckRefusedAsync(HttpMethod.Put, url, 0);
        await CheckRefusedAsync(HttpMethod.Get, url, null);
        await CheckRefusedAsync(HttpMethod.Delete, url, null);
        await CheckRefusedAsync(HttpMethod.Post, url, 5000);
        await CheckRefusedAsync(HttpMethod.Put, Changed(url, id, other), 5000);
        await CheckRefusedAsync(HttpMethod.Put, Changed(Changed(url, "partNumber=1", "partNumber=2"), $"{id}/1/", $"{id}/2/"), 5000);
        Assert.Empty(await Multipart.ListPartsAsync(NewKey(), id, 0));
        Assert.Empty(await Multipart.ListPartsAsync(NewKey(), other, 0));
    }

    [Fact]
    public async Task Url_of_an_object_takes_no_other_size_key_or_method()
    {
        var url = await ReachAsync(Presigning.PresignPutAsync(NewKey("one"), 5000, Minute));
        await CheckRefusedAsync(HttpMethod.Put, url, 5001);
        await CheckRefusedAsync(HttpMethod.Put, url, 4999);
        await CheckRefusedAsync(HttpMethod.Get, url, null);
        await CheckRefusedAsync(HttpMethod.Delete, url, null);
        await CheckRefusedAsync(HttpMethod.Put, Changed(url, "/one", "/two"), 5000);
        Assert.Empty(await ToListAsync(Listing.ListObjectsAsync(Prefix)));
    }

    [Fact]
    public async Task Url_that_reads_takes_no_other_key_header_or_method()
    {
        await Store.PutAsync(NewKey("one"), Content.Random(10, 1));
        await Store.PutAsync(NewKey("two"), Content.Random(10, 2));
        var url = await ReachAsync(Presigning.PresignGetAsync(NewKey("one"), Minute, "attachment", "text/plain"));
        await CheckRefusedAsync(HttpMethod.Get, Changed(url, "/one", "/two"), null);
        await CheckRefusedAsync(HttpMethod.Get, Changed(url, "attachment", "inline"), null);
        await CheckRefusedAsync(HttpMethod.Get, Changed(url, "plain", "html"), null);
        await CheckRefusedAsync(HttpMethod.Put, url, 10);
        await CheckRefusedAsync(HttpMethod.Delete, url, null);
        Assert.Equal(Content.Bytes(10, 1), await ReadAllAsync(NewKey("one")));
    }

    [Fact]
    public async Task Url_ends_when_it_says_and_no_later_than_asked_for()
    {
        await Store.PutAsync(NewKey(), Content.Random(10));
        var before = DateTimeOffset.UtcNow;
        var signed = await Presigning.PresignGetAsync(NewKey(), TimeSpan.FromSeconds(2));
        Assert.InRange(signed.ExpiresAt, before, DateTimeOffset.UtcNow.AddSeconds(2));
        var url = await Fixture.ReachAsync(signed);
        var deadline = DateTimeOffset.UtcNow.AddSeconds(20);
        while (true)
        {
            using var answer = await Client.GetAsync(url);
            if (answer.StatusCode == HttpStatusCode.Forbidden)
                break;
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.True(DateTimeOffset.UtcNow < deadline, "the URL never ends");
            await Task.Delay(50);
        }

        Assert.True(DateTimeOffset.UtcNow >= signed.ExpiresAt);
    }

    [Fact]
    public async Task Url_of_a_dropped_or_completed_upload_changes_nothing()
    {
        var id = await Multipart.InitiateAsync(NewKey());
        var url = await ReachAsync(Presigning.PresignPutPartAsync(NewKey(), id, 1, 1000, Minute));
        var part = await Multipart.PutPartAsync(NewKey(), id, 1, Content.Random(1000, 1));
        await Multipart.CompleteAsync(NewKey(), id, [part]);
        using (var late = await PutAsync(url, Content.Bytes(1000, 2)))
            Assert.Equal(HttpStatusCode.NotFound, late.StatusCode);
        Assert.Equal(Content.Bytes(1000, 1), await ReadAllAsync(NewKey()));

        var dropped = await Multipart.InitiateAsync(NewKey("b"));
        var second = await ReachAsync(Presigning.PresignPutPartAsync(NewKey("b"), dropped, 1, 1000, Minute));
        await Multipart.AbortAsync(NewKey("b"), dropped);
        using (var late = await PutAsync(second, Content.Bytes(1000, 2)))
            Assert.Equal(HttpStatusCode.NotFound, late.StatusCode);
        Assert.Empty(await ToListAsync(Listing.ListUploadsAsync(Prefix)));
    }

    [Fact]
    public async Task Body_that_breaks_off_leaves_nothing_and_can_be_sent_again()
    {
        var id = await Multipart.InitiateAsync(NewKey());
        var url = await ReachAsync(Presigning.PresignPutPartAsync(NewKey(), id, 1, 1_000_000, Minute));
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(url.Host, url.Port);
            var head = $"PUT {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Length: 1000000\r\n\r\n";
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
            await client.GetStream().WriteAsync(Content.Bytes(600_000));
        }

        using var answer = await PutAsync(url, Content.Bytes(1_000_000, 2));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var part = Assert.Single(await Multipart.ListPartsAsync(NewKey(), id, 0));
        Assert.Equal(new StoredPart(1, 1_000_000, ETagOf(answer)), part);
        await Multipart.CompleteAsync(NewKey(), id, [part]);
        Assert.Equal(Content.Bytes(1_000_000, 2), await ReadAllAsync(NewKey()));
    }

    [Fact]
    public async Task What_no_client_may_be_given_is_a_bug_of_the_caller()
    {
        var profile = Store.Profile;
        var id = await Multipart.InitiateAsync(NewKey());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Presigning.PresignGetAsync(NewKey(), TimeSpan.Zero));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Presigning.PresignGetAsync(NewKey(), profile.PresignLifetimeMax + TimeSpan.FromSeconds(1)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Presigning.PresignGetAsync(NewKey(), Minute, "attachment\r\nSet-Cookie: a=b"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Presigning.PresignGetAsync(NewKey(), Minute, null, "text/ä"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Presigning.PresignGetAsync("objects/../a", Minute));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Presigning.PresignPutAsync(NewKey(), -1, Minute));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Presigning.PresignPutAsync(NewKey(), profile.PutSizeBytesMax + 1, Minute));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Presigning.PresignPutPartAsync(NewKey(), id, 0, 1, Minute));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Presigning.PresignPutPartAsync(NewKey(), id, 10_001, 1, Minute));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Presigning.PresignPutPartAsync(NewKey(), id, 1, 0, Minute));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Presigning.PresignPutPartAsync(NewKey(), id, 1, profile.PartSizeBytesMax + 1, Minute));
        await Multipart.AbortAsync(NewKey(), id);
    }

    private static string ETagOf(HttpResponseMessage answer) => answer.Headers.ETag!.Tag.Trim('"');

    private static Task<HttpResponseMessage> PutAsync(Uri url, byte[] body) => Client.PutAsync(url, new ByteArrayContent(body));

    private static Uri Changed(Uri url, string from, string to) => new(url.AbsoluteUri.Replace(from, to, StringComparison.Ordinal));

    private static async Task CheckRefusedAsync(HttpMethod method, Uri url, int? sizeBytes)
    {
        using var request = new HttpRequestMessage(method, url) { Content = sizeBytes is { } size ? new ByteArrayContent(Content.Bytes(size)) : null };
        using var answer = await Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private async Task<Uri> ReachAsync(Task<PresignedUrl> signed) => await Fixture.ReachAsync(await signed);
}
