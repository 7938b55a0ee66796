using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>Downloads: ranges, conditions and headers, from a file of several parts.</summary>
[Collection(RunningVault.Name)]
public sealed class ContentTests(VaultFixture fixture) : IAsyncLifetime
{
    private readonly byte[] _content = RandomNumberGenerator.GetBytes(2 * PartSize + 777);
    private Account? _user;
    private string _path = "";

    private Account User => _user!;

    public async Task InitializeAsync()
    {
        _user = await fixture.SignUpAsync();
        var upload = await User.CreateUploadAsync("c.bin", _content.Length);
        for (var number = 1; number <= 3; number++)
        {
            using var put = await User.PutPartAsync(IdOf(upload), number, _content[((number - 1) * PartSize)..Math.Min(_content.Length, number * PartSize)]);
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        }

        using var completed = await User.CompleteAsync(IdOf(upload));
        _path = $"/v1/files/{IdOf(await JsonAsync(completed))}/content";
    }

    public Task DisposeAsync()
    {
        _user?.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Whole_content_carries_safe_headers()
    {
        using var response = await User.Http.GetAsync(_path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(_content.Length, response.Content.Headers.ContentLength);
        Assert.False(response.Headers.ETag!.IsWeak);
        Assert.NotNull(response.Content.Headers.LastModified);
        Assert.Equal("bytes", Assert.Single(response.Headers.AcceptRanges));
        Assert.True(response.Headers.CacheControl!.Private);
        Assert.Contains("sandbox", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal(_content, await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Head_has_the_headers_of_get_and_no_body()
    {
        using var head = await User.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, _path) { Headers = { Range = new RangeHeaderValue(0, 1) } });
        using var get = await User.Http.GetAsync(_path);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        Assert.Equal(get.Headers.ETag, head.Headers.ETag);
        Assert.Equal(get.Content.Headers.ContentDisposition, head.Content.Headers.ContentDisposition);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("bytes=0-0")]
    [InlineData("bytes=5242870-5242890")]
    [InlineData("bytes=100-10485760")]
    [InlineData("bytes=10485760-")]
    [InlineData("bytes=-1")]
    [InlineData("bytes=-99999999999999999999")]
    public async Task One_range_gives_exactly_its_bytes(string range)
    {
        var (first, last) = Bounds(range);
        using var response = await GetAsync(range);
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal($"bytes {first}-{last}/{_content.Length}", response.Content.Headers.ContentRange!.ToString());
        Assert.Equal(_content[first..(last + 1)], await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Several_ranges_come_as_parts()
    {
        using var response = await GetAsync("bytes=0-9, 5242875-5242884, -5");
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal("multipart/byteranges", response.Content.Headers.ContentType!.MediaType);
        var boundary = response.Content.Headers.ContentType.Parameters.Single(parameter => parameter.Name == "boundary").Value;
        var expected = new List<byte>();
        foreach (var (first, last) in new[] { (0, 9), (5242875, 5242884), (_content.Length - 5, _content.Length - 1) })
        {
            var lead = expected.Count == 0 ? "" : "\r\n";
            expected.AddRange(Encoding.ASCII.GetBytes($"{lead}--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes {first}-{last}/{_content.Length}\r\n\r\n"));
            expected.AddRange(_content[first..(last + 1)]);
        }

        expected.AddRange(Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n"));
        Assert.Equal(expected, await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("bytes=abc")]
    [InlineData("bytes=9-1")]
    [InlineData("bytes=1-2-3")]
    [InlineData("lines=1-2")]
    [InlineData("bytes")]
    public async Task Malformed_range_is_ignored(string range)
    {
        using var response = await GetAsync(range);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(_content.Length, response.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("bytes=99999999-")]
    [InlineData("bytes=-0")]
    [InlineData("bytes=99999999999999999999-99999999999999999999")]
    public async Task Unsatisfiable_range_is_416_with_the_size(string range)
    {
        using var response = await GetAsync(range);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, response.StatusCode);
        Assert.Equal($"bytes */{_content.Length}", response.Content.Headers.ContentRange!.ToString());
        Assert.Equal("range-not-satisfiable", await ProblemAsync(response));
    }

    [Fact]
    public async Task Overlapping_ranges_are_merged_and_thousand_are_ignored()
    {
        using var merged = await GetAsync("bytes=0-100,50-200,201-300");
        Assert.Equal(HttpStatusCode.PartialContent, merged.StatusCode);
        Assert.Equal($"bytes 0-300/{_content.Length}", merged.Content.Headers.ContentRange!.ToString());
        using var thousand = await GetAsync("bytes=" + string.Join(',', Enumerable.Range(0, 1000).Select(i => $"{i * 10}-{i * 10}")));
        Assert.Equal(HttpStatusCode.OK, thousand.StatusCode);
        Assert.Equal(_content.Length, thousand.Content.Headers.ContentLength);
        using var overlapping = await GetAsync("bytes=" + string.Join(',', Enumerable.Range(0, 1000).Select(_ => "0-")));
        Assert.Equal(_content.Length, overlapping.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Conditions_are_evaluated()
    {
        using var get = await User.Http.GetAsync(_path);
        var etag = get.Headers.ETag!.ToString();
        var date = get.Content.Headers.LastModified!.Value.ToString("R");
        Assert.Equal(304, await StatusAsync(("If-None-Match", etag)));
        Assert.Equal(304, await StatusAsync(("If-None-Match", "W/" + etag)));
        Assert.Equal(304, await StatusAsync(("If-Modified-Since", date)));
        Assert.Equal(200, await StatusAsync(("If-None-Match", "\"other\"")));
        Assert.Equal(200, await StatusAsync(("If-Match", etag)));
        Assert.Equal(412, await StatusAsync(("If-Match", "\"other\"")));
        Assert.Equal(412, await StatusAsync(("If-Unmodified-Since", "Fri, 01 Jan 2021 00:00:00 GMT")));
        Assert.Equal(206, await StatusAsync(("Range", "bytes=0-1"), ("If-Range", etag)));
        Assert.Equal(200, await StatusAsync(("Range", "bytes=0-1"), ("If-Range", "\"other\"")));
        Assert.Equal(304, await StatusAsync(("Range", "bytes=0-1"), ("If-None-Match", etag)));
    }

    [Fact]
    public async Task Header_injected_through_the_media_type_never_reaches_a_response()
    {
        using var body = new ByteArrayContent([1]);
        body.Headers.TryAddWithoutValidation("Content-Type", "garbage");
        await RefusedAsync(User.Http.PostAsync("/v1/files?name=t", body), 400, "invalid");
        var file = await User.PutFileAsync("page.html", "<script>alert(1)</script>"u8.ToArray(), "text/html");
        using var response = await User.Http.GetAsync($"/v1/files/{IdOf(file)}/content");
        Assert.Equal("text/html", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition!.DispositionType);
    }

    [Fact]
    public async Task Deleted_file_is_in_the_trash_for_its_owner_and_gone_when_removed_for_good()
    {
        var file = await User.PutFileAsync("to go", [1, 2, 3]);
        var path = $"/v1/files/{IdOf(file)}";
        using var trashed = await User.Http.DeleteAsync(path);
        Assert.Equal(HttpStatusCode.NoContent, trashed.StatusCode);
        Assert.True((await User.GetJsonAsync(path)).TryGetProperty("deletedAt", out _));
        Assert.Equal("to go", Assert.Single((await User.GetJsonAsync("/v1/files?view=trash")).GetProperty("entries").EnumerateArray()).GetProperty("name").GetString());
        await RefusedAsync(User.Http.GetAsync("/v1/files/by-path/to%20go"), 404, "not-found");
        using var removed = await User.Http.DeleteAsync(path + "?permanent=true");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        await RefusedAsync(User.Http.GetAsync(path), 404, "not-found");
        await RefusedAsync(User.Http.GetAsync(path + "/content"), 404, "not-found");
        Assert.Equal(_content.Length, (await User.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64());
    }

    [Fact]
    public async Task Content_that_fails_in_the_middle_resets_the_connection()
    {
        var before = fixture.StoredFiles();
        await InitializeAsync();
        var last = fixture.StoredFiles().Except(before).Select(line => line[..line.LastIndexOf(' ')]).Single(file => file.EndsWith("/00003", StringComparison.Ordinal));
        await using (var file = File.OpenWrite(last))
            file.SetLength(100);
        using var head = await User.Http.GetAsync(_path, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Views_list_what_they_say()
    {
        using var user = await fixture.SignUpAsync();
        for (var i = 0; i < 5; i++)
            await user.PutFileAsync($"file {i}", [1]);
        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await user.GetJsonAsync($"/v1/files?limit=2{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}");
            names.AddRange(page.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        Assert.Equal(["file 0", "file 1", "file 2", "file 3", "file 4"], names);
        Assert.Equal("file 4", (await user.GetJsonAsync("/v1/files?view=recent&limit=1")).GetProperty("entries")[0].GetProperty("name").GetString());
        Assert.Equal("file 3", Assert.Single((await user.GetJsonAsync("/v1/files?q=E%203")).GetProperty("entries").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal(0, (await user.GetJsonAsync("/v1/files?view=public")).GetProperty("entries").GetArrayLength());
        await RefusedAsync(user.Http.GetAsync("/v1/files?view=everything"), 400, "invalid");
    }

    private (int First, int Last) Bounds(string range)
    {
        var bounds = range["bytes=".Length..].Split('-');
        return bounds[0].Length == 0
            ? ((int)Math.Max(0, _content.Length - decimal.Parse(bounds[1])), _content.Length - 1)
            : (int.Parse(bounds[0]), bounds[1].Length == 0 ? _content.Length - 1 : int.Parse(bounds[1]));
    }

    private Task<HttpResponseMessage> GetAsync(string range)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _path);
        request.Headers.TryAddWithoutValidation("Range", range);
        return User.Http.SendAsync(request);
    }

    private async Task<int> StatusAsync(params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _path);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await User.Http.SendAsync(request);
        return (int)response.StatusCode;
    }
}
