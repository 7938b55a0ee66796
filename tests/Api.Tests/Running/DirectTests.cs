using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Amazon.S3;
using Amazon.S3.Model;
using GrainVault.TestKit.Processes;
using GrainVault.TestKit.S3;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>Uploads and downloads by presigned URLs, as a client does them that has nothing but the URLs: the same for every store.</summary>
public abstract class DirectFlows : IDisposable
{
    /// <summary>No token, no proxy: what a URL alone allows.</summary>
    private readonly HttpClient _store = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });

    private protected abstract Task<Account> SignUpAsync();

    public void Dispose()
    {
        _store.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Parts_sent_straight_to_the_store_become_a_file()
    {
        using var user = await SignUpAsync();
        var content = RandomNumberGenerator.GetBytes((2 * PartSize) + 77);
        var upload = await CreateAsync(user, "direct.bin", content.Length);
        Assert.Equal("direct", upload.GetProperty("mode").GetString());
        var urls = await PresignAsync(user, upload, 3, 1, 2);
        Assert.Equal([3, 1, 2], urls.Select(url => url.Number));
        var etags = await Task.WhenAll(urls.Select(async url => new { number = url.Number, etag = await PutAsync(url.Url, PartOf(content, url.Number)) }));

        var shown = await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}");
        Assert.Equal(content.Length, shown.GetProperty("receivedBytes").GetInt64());
        using var completed = await user.PostAsync($"/v1/uploads/{IdOf(upload)}/complete", new { parts = etags });
        Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
        var file = await JsonAsync(completed);
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(file)}/content"));

        // What such a URL brings afterwards reaches nothing.
        using var late = await _store.PutAsync(urls[0].Url, new ByteArrayContent(PartOf(content, 3)));
        Assert.Equal(HttpStatusCode.NotFound, late.StatusCode);
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(file)}/content"));
        var me = await user.GetJsonAsync("/v1/me");
        Assert.Equal((content.Length, 0), (me.GetProperty("usedBytes").GetInt64(), me.GetProperty("reservedBytes").GetInt64()));
    }

    [Theory]
    [InlineData("proxied", "pdp")]
    [InlineData("proxied", "ddp")]
    [InlineData("direct", "dpd")]
    [InlineData("direct", "pdd")]
    public async Task Upload_changes_its_way_in_the_middle_and_back(string mode, string ways)
    {
        using var user = await SignUpAsync();
        var content = RandomNumberGenerator.GetBytes((2 * PartSize) + 1);
        var upload = await CreateInModeAsync(user, $"{mode}-{ways}.bin", content.Length, mode);
        await SendAsync(user, upload, 1, ways[0], content);
        await SendAsync(user, upload, 2, ways[1], content);
        var missing = await RefusedAsync(user.CompleteAsync(IdOf(upload)), 409, "missing-parts");
        Assert.Equal([3], missing.GetProperty("missingParts").EnumerateArray().Select(part => part.GetInt32()));
        var shown = await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}");
        Assert.Equal(2L * PartSize, shown.GetProperty("receivedBytes").GetInt64());
        await SendAsync(user, upload, 3, ways[2], content);

        using var completed = await user.CompleteAsync(IdOf(upload));

        Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(await JsonAsync(completed))}/content"));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(PartSize + 1)]
    public async Task Part_that_came_straight_is_replaced_by_one_through_the_front_end(int size)
    {
        using var user = await SignUpAsync();
        var content = RandomNumberGenerator.GetBytes(size);
        var upload = await CreateAsync(user, $"replaced-{size}.bin", size);
        await SendAsync(user, upload, 1, 'd', RandomNumberGenerator.GetBytes(size));
        await SendAsync(user, upload, 1, 'p', content);
        if (size > PartSize)
            await SendAsync(user, upload, 2, 'd', content);

        using var completed = await user.CompleteAsync(IdOf(upload));

        Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(await JsonAsync(completed))}/content"));
    }

    [Theory]
    [InlineData("encoded", """{"Records":[{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"ENCODED","size":1,"eTag":"lie"}}}]}""")]
    [InlineData("raw", """{"Records":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{},"object":{"key":"RAW","size":9999999}}}]}""")]
    [InlineData("path", """{"key":"/buckets/any/RAW","event_type":"create","message":{}}""")]
    [InlineData("sns", """{"Type":"Notification","TopicArn":"arn:aws:sns:eu-central-1:123456789012:tests","Message":"{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"object\":{\"key\":\"ENCODED\"}}}]}"}""")]
    public async Task Event_of_any_kind_of_store_makes_the_file_whatever_else_it_says(string kind, string json)
    {
        using var user = await SignUpAsync();
        var content = RandomNumberGenerator.GetBytes(2_345);
        var upload = await CreateAsync(user, $"{kind}.bin", content.Length);
        var url = (await PresignAsync(user, upload, 1))[0].Url;
        await PutAsync(url, content);

        await IngestTests.SendAsync(
            Address,
            json.Replace("ENCODED", Uri.EscapeDataString(KeyOf(url)), StringComparison.Ordinal).Replace("RAW", KeyOf(url), StringComparison.Ordinal),
            HttpStatusCode.NoContent);

        await Eventually.TrueAsync(
            async () => (await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}")).GetProperty("state").GetString() == "completed",
            TimeSpan.FromSeconds(30),
            () => "the file does not appear");
        var file = Assert.Single((await user.GetJsonAsync("/v1/files")).GetProperty("entries").EnumerateArray());
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(file)}/content"));
    }

    [Fact]
    public async Task URL_takes_only_what_it_was_made_for()
    {
        using var user = await SignUpAsync();
        var content = RandomNumberGenerator.GetBytes(PartSize + 10);
        var upload = await CreateAsync(user, "bound.bin", content.Length);
        var url = (await PresignAsync(user, upload, 2))[0].Url;

        foreach (var wrong in (byte[][])[[], content[..9], content[..11]])
        {
            using var answer = await _store.PutAsync(url, new ByteArrayContent(wrong));
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        using (var read = await _store.GetAsync(url))
            Assert.True(read.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.NotFound, $"{read.StatusCode}");
        var text = url.OriginalString;
        var other = text.Contains("partNumber=2", StringComparison.Ordinal)
            ? text.Replace("partNumber=2", "partNumber=1", StringComparison.Ordinal)
            : text.Replace("/2/objects/", "/1/objects/", StringComparison.Ordinal);
        Assert.NotEqual(text, other);
        using (var moved = await _store.PutAsync(new Uri(other), new ByteArrayContent(content[PartSize..])))
            Assert.Equal(HttpStatusCode.Forbidden, moved.StatusCode);
        var shown = await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}");
        Assert.Equal(0, shown.GetProperty("receivedBytes").GetInt64());
    }

    [Fact]
    public async Task File_of_one_part_is_completed_by_the_client_or_by_the_store_s_event()
    {
        using var user = await SignUpAsync();
        var content = RandomNumberGenerator.GetBytes(12_345);
        var called = await CreateAsync(user, "called.bin", content.Length);
        await PutAsync((await PresignAsync(user, called, 1))[0].Url, content);
        using (var completed = await user.CompleteAsync(IdOf(called)))
        {
            Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
            Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(await JsonAsync(completed))}/content"));
        }

        var told = await CreateAsync(user, "told.bin", content.Length);
        var url = (await PresignAsync(user, told, 1))[0].Url;
        await PutAsync(url, content);
        await IngestTests.SendAsync(Address, EventOf(KeyOf(url)), HttpStatusCode.NoContent);
        await Eventually.TrueAsync(
            async () => (await user.GetJsonAsync("/v1/files")).GetProperty("entries").EnumerateArray().Any(entry => entry.GetProperty("name").GetString() == "told.bin"),
            TimeSpan.FromSeconds(30),
            () => "the file does not appear");
    }

    [Fact]
    public async Task Reader_is_sent_to_the_store_when_it_asks_for_it()
    {
        using var user = await SignUpAsync();
        var content = RandomNumberGenerator.GetBytes(100_000);
        var file = await user.PutFileAsync("größe \"x\".txt", content);

        using var redirect = await user.Http.GetAsync($"/v1/files/{IdOf(file)}/content?redirect=true");

        Assert.Equal(HttpStatusCode.TemporaryRedirect, redirect.StatusCode);
        Assert.True(redirect.Headers.CacheControl!.NoStore);
        var url = redirect.Headers.Location!;
        using var whole = await _store.GetAsync(url);
        Assert.Equal(content, await whole.Content.ReadAsByteArrayAsync());
        Assert.Equal("attachment", whole.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("text/plain", whole.Content.Headers.ContentType!.MediaType);
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Range = new RangeHeaderValue(10, 19) } };
        using var part = await _store.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(content[10..20], await part.Content.ReadAsByteArrayAsync());

        // Some stores do not heed If-Range, and would give a part of another version to who has begun with this one.
        using var resumed = new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{IdOf(file)}/content?redirect=true")
        {
            Headers = { Range = new RangeHeaderValue(10, 19), IfRange = new RangeConditionHeaderValue("\"of another version\"") },
        };
        using var again = await user.Http.SendAsync(resumed);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(content, await again.Content.ReadAsByteArrayAsync());

        using var stranger = await SignUpAsync();
        await RefusedAsync(stranger.Http.GetAsync($"/v1/files/{IdOf(file)}/content?redirect=true"), 404, "not-found");
        var empty = await user.PutFileAsync("empty", []);
        Assert.Empty(await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(empty)}/content?redirect=true"));
    }

    [Theory]
    [InlineData("""{"parts":[]}""", 400)]
    [InlineData("""{"parts":[0]}""", 400)]
    [InlineData("""{"parts":[3]}""", 400)]
    [InlineData("""{"parts":[1,1]}""", 400)]
    [InlineData("""{"parts":["1"]}""", 400)]
    [InlineData("""{"parts":null}""", 400)]
    [InlineData("""{}""", 400)]
    [InlineData("""{"parts":[1],"lifetime":9}""", 400)]
    public async Task Wrong_wishes_for_URLs_are_refused(string json, int status)
    {
        using var user = await SignUpAsync();
        var upload = await CreateAsync(user, "wishes.bin", PartSize + 1);
        using var answer = await user.PostJsonAsync($"/v1/uploads/{IdOf(upload)}/presign", json);
        Assert.Equal(status, (int)answer.StatusCode);
        await RefusedAsync(user.PostJsonAsync($"/v1/uploads/{Ids.New(Ids.Upload)}/presign", """{"parts":[1]}"""), 404, "not-found");
    }

    private protected abstract Uri Address { get; }

    /// <summary>Sends a part through the front end (<c>p</c>) or straight to the store (<c>d</c>).</summary>
    private async Task SendAsync(Account user, JsonElement upload, int number, char way, byte[] content)
    {
        if (way == 'd')
        {
            await PutAsync((await PresignAsync(user, upload, number))[0].Url, PartOf(content, number));
            return;
        }

        using var answer = await user.PutPartAsync(IdOf(upload), number, PartOf(content, number));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private protected static Task<JsonElement> CreateAsync(Account user, string name, long size) => CreateInModeAsync(user, name, size, "direct");

    private static async Task<JsonElement> CreateInModeAsync(Account user, string name, long size, string mode)
    {
        using var response = await user.PostAsync("/v1/uploads", new { name, size, partSize = PartSize, mode });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return await JsonAsync(response);
    }

    private protected static async Task<List<(int Number, Uri Url)>> PresignAsync(Account user, JsonElement upload, params int[] parts)
    {
        using var response = await user.PostAsync($"/v1/uploads/{IdOf(upload)}/presign", new { parts });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.Headers.CacheControl!.NoStore);
        var answer = await JsonAsync(response);
        return [.. answer.GetProperty("parts").EnumerateArray().Select(part =>
        {
            Assert.True(part.GetProperty("expiresAt").GetDateTimeOffset() > DateTimeOffset.UtcNow);
            return (part.GetProperty("number").GetInt32(), new Uri(part.GetProperty("url").GetString()!));
        })];
    }

    private protected async Task<string> PutAsync(Uri url, byte[] bytes)
    {
        using var answer = await _store.PutAsync(url, new ByteArrayContent(bytes));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer.Headers.ETag!.Tag;
    }

    private static byte[] PartOf(byte[] content, int number) => content[((number - 1) * PartSize)..Math.Min(number * PartSize, content.Length)];

    /// <summary>The key in the path of a URL, whatever stands before it.</summary>
    private static string KeyOf(Uri url) => url.AbsolutePath[url.AbsolutePath.LastIndexOf("objects/", StringComparison.Ordinal)..];

    private protected static string EventOf(string key) => JsonSerializer.Serialize(new
    {
        Records = new[] { new { eventVersion = "2.2", eventName = "ObjectCreated:Put", s3 = new { @object = new { key = Uri.EscapeDataString(key), size = 1, eTag = "x" } } } },
    });
}

[Collection(RunningVault.Name)]
public sealed class DirectToDiskTests(VaultFixture fixture) : DirectFlows
{
    [Fact]
    public async Task Range_of_another_version_is_answered_with_all_of_this_one()
    {
        using var user = await SignUpAsync();
        var content = RandomNumberGenerator.GetBytes(1000);
        var file = await user.PutFileAsync("ranges.bin", content);
        using var redirect = await user.Http.GetAsync($"/v1/files/{IdOf(file)}/content?redirect=true");
        using var store = fixture.CreateClient();
        using var whole = await store.GetAsync(redirect.Headers.Location);
        foreach (var (etag, expected) in new[] { (whole.Headers.ETag!.Tag, content[10..20]), ("\"another\"", content) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, redirect.Headers.Location)
            {
                Headers = { Range = new RangeHeaderValue(10, 19), IfRange = new RangeConditionHeaderValue(etag) },
            };
            using var answer = await store.SendAsync(request);
            Assert.Equal(expected, await answer.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task Newest_request_for_a_place_ends_the_older_one()
    {
        using var user = await SignUpAsync();
        var content = RandomNumberGenerator.GetBytes(200_000);
        var upload = await CreateAsync(user, "newest.bin", content.Length);
        var url = (await PresignAsync(user, upload, 1))[0].Url;
        using var older = await RawClient.ConnectAsync(fixture.Address);
        await older.SendAsync($"PUT {url.PathAndQuery} HTTP/1.1\r\nHost: vault\r\nContent-Length: {content.Length}\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, await older.StatusAsync());
        await older.SendAsync(content[..^1]);

        await PutAsync(url, content);

        Assert.Equal(409, await older.StatusAsync());
        using var completed = await user.CompleteAsync(IdOf(upload));
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(await JsonAsync(completed))}/content"));
    }

    private protected override Task<Account> SignUpAsync() => fixture.SignUpAsync();

    private protected override Uri Address => fixture.Address;
}

/// <summary>The same against a real S3 server.</summary>
public sealed class DirectToS3Tests(DirectToS3Tests.Fixture fixture) : DirectFlows, IClassFixture<DirectToS3Tests.Fixture>
{
    private protected override Task<Account> SignUpAsync() => Account.SignUpAsync(VaultFixture.CreateClient(fixture.Vault));

    private protected override Uri Address => fixture.Vault.Address;

    [Fact]
    public async Task Objects_in_the_inbox_become_files_told_by_an_event_or_found_by_listing()
    {
        using var user = await SignUpAsync();
        using var s3 = await fixture.ConnectAsync();
        var content = RandomNumberGenerator.GetBytes(54_321);
        foreach (var name in (string[])["Größe 100%25 + x&y=z.txt", "found.txt"])
        {
            await s3.PutObjectAsync(new PutObjectRequest
            {
                BucketName = fixture.Bucket, Key = $"inbox/{user.UserId}/sub folder/{name}", InputStream = new MemoryStream(content), UseChunkEncoding = false,
            });
        }

        // As AWS writes keys into its events.
        await IngestTests.SendAsync(Address, EventOf($"inbox/{user.UserId}/sub folder/Größe 100%25 + x&y=z.txt"), HttpStatusCode.NoContent);
        var files = new Dictionary<string, string>();
        await Eventually.TrueAsync(
            async () =>
            {
                var entries = (await user.GetJsonAsync("/v1/files")).GetProperty("entries").EnumerateArray();
                files = entries.ToDictionary(entry => entry.GetProperty("name").GetString()!, IdOf);
                return files.Count >= 2;
            },
            TimeSpan.FromSeconds(60),
            () => $"there are only {string.Join(", ", files.Keys)}");

        Assert.Equal(["Größe 100%25 + x&y=z.txt", "found.txt"], files.Keys.Order(StringComparer.Ordinal));
        foreach (var id in files.Values)
            Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{id}/content"));
        await Eventually.TrueAsync(
            async () => (await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = fixture.Bucket, Prefix = $"inbox/{user.UserId}/" })).S3Objects is null or { Count: 0 },
            TimeSpan.FromSeconds(60),
            () => "the inbox is not emptied");
        var me = await user.GetJsonAsync("/v1/me");
        Assert.Equal(2 * content.Length, me.GetProperty("usedBytes").GetInt64());
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private VaultProcess? _vault;

        internal VaultProcess Vault => _vault!;

        /// <summary>The system's bucket.</summary>
        internal string Bucket { get; private set; } = "";

        public async Task InitializeAsync()
        {
            var settings = OutageTests.S3Settings(await S3ServerFixture.ServerAsync());
            settings["GrainVault__Janitor__Period"] = "00:00:01";
            settings["GrainVault__Inbox__ListPeriod"] = "00:00:01";
            Bucket = settings["GrainVault__Objects__S3__Bucket"];
            _vault = await VaultProcess.StartAsync(settings);
        }

        /// <summary>What somebody has who may write to the bucket, and knows nothing of GrainVault.</summary>
        internal async Task<AmazonS3Client> ConnectAsync() => new(S3Server.AccessKey, S3Server.SecretKey, new AmazonS3Config
        {
            ServiceURL = (await S3ServerFixture.ServerAsync()).Endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1",
        });

        public async Task DisposeAsync() => await Vault.DisposeAsync();
    }
}
