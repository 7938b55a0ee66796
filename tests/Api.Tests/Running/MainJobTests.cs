using System.Net;
using System.Security.Cryptography;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

[Collection(RunningVault.Name)]
public sealed class MainJobTests(VaultFixture fixture)
{
    [Fact]
    public async Task Parts_in_any_order_and_at_once_become_the_same_bytes()
    {
        using var user = await fixture.SignUpAsync();
        var content = RandomNumberGenerator.GetBytes(4 * PartSize + 12_345);
        var upload = await user.CreateUploadAsync("große datei.bin", content.Length);
        Assert.Equal(5, upload.GetProperty("partCount").GetInt32());
        Assert.Equal("open", upload.GetProperty("state").GetString());
        Assert.Equal(content.Length, (await user.GetJsonAsync("/v1/me")).GetProperty("reservedBytes").GetInt64());

        await Task.WhenAll(new[] { 5, 2, 4, 1 }.Select(number => PutAsync(user, upload, content, number)));
        var open = await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}");
        Assert.Equal([1, 2, 4, 5], open.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("number").GetInt32()));
        Assert.Equal(3 * PartSize + 12_345, open.GetProperty("receivedBytes").GetInt64());

        var missing = await RefusedAsync(user.CompleteAsync(IdOf(upload)), 409, "missing-parts");
        Assert.Equal([3], missing.GetProperty("missingParts").EnumerateArray().Select(part => part.GetInt32()));
        await PutAsync(user, upload, content, 3);
        await PutAsync(user, upload, content, 3);

        using var completed = await user.CompleteAsync(IdOf(upload));
        Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
        var file = await JsonAsync(completed);
        Assert.Equal($"/v1/files/{IdOf(file)}", completed.Headers.Location?.OriginalString);
        Assert.Equal(("file", 1, "private"), (file.GetProperty("kind").GetString(), file.GetProperty("version").GetInt32(), file.GetProperty("visibility").GetString()));
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(file)}/content"));

        using var repeated = await user.CompleteAsync(IdOf(upload));
        Assert.Equal(HttpStatusCode.Created, repeated.StatusCode);
        Assert.Equal(IdOf(file), IdOf(await JsonAsync(repeated)));
        var me = await user.GetJsonAsync("/v1/me");
        Assert.Equal((content.Length, 0), (me.GetProperty("usedBytes").GetInt64(), me.GetProperty("reservedBytes").GetInt64()));
        Assert.Equal(0, (await user.GetJsonAsync("/v1/uploads")).GetProperty("uploads").GetArrayLength());
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(100_000, true)]
    [InlineData((8 << 20) + 1, false)]
    [InlineData(20_000_000, true)]
    [InlineData(16 << 20, true)]
    [InlineData(40_000_000, true)]
    public async Task One_request_makes_a_file_of_any_size(int size, bool isChunked)
    {
        using var user = await fixture.SignUpAsync();
        var content = RandomNumberGenerator.GetBytes(size);
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/files?name=one.bin") { Content = new ByteArrayContent(content) };
        request.Headers.TransferEncodingChunked = isChunked;
        request.Headers.Add("X-Checksum-Sha256", Convert.ToHexString(SHA256.HashData(content)));
        using var response = await user.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var file = await JsonAsync(response);
        Assert.Equal(size, file.GetProperty("size").GetInt64());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), file.GetProperty("sha256").GetString());
        Assert.Equal("application/octet-stream", file.GetProperty("contentType").GetString());
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(file)}/content"));
        Assert.Equal(size, (await user.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64());
    }

    [Fact]
    public async Task Empty_session_is_completed_at_once()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("empty", 0);
        Assert.Equal(0, upload.GetProperty("partCount").GetInt32());
        using var completed = await user.CompleteAsync(IdOf(upload));
        Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
        Assert.Empty(await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(await JsonAsync(completed))}/content"));
    }

    [Fact]
    public async Task Aborted_session_gives_its_quota_back_and_takes_nothing_more()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize + 1);
        using var put = await user.PutPartAsync(IdOf(upload), 2, [7]);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        using var aborted = await user.Http.DeleteAsync($"/v1/uploads/{IdOf(upload)}");
        Assert.Equal(HttpStatusCode.NoContent, aborted.StatusCode);
        using var again = await user.Http.DeleteAsync($"/v1/uploads/{IdOf(upload)}");
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
        Assert.Equal(0, (await user.GetJsonAsync("/v1/me")).GetProperty("reservedBytes").GetInt64());
        await RefusedAsync(user.PutPartAsync(IdOf(upload), 2, [7]), 409, "upload-closed");
        await RefusedAsync(user.CompleteAsync(IdOf(upload)), 409, "upload-closed");
    }

    [Fact]
    public async Task Pages_of_parts_and_sessions_are_followed_to_their_end()
    {
        using var user = await fixture.SignUpAsync();
        for (var i = 0; i < 5; i++)
            await user.CreateUploadAsync($"session {i}", 1);
        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await user.GetJsonAsync($"/v1/uploads?limit=2{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}");
            names.AddRange(page.GetProperty("uploads").EnumerateArray().Select(upload => upload.GetProperty("name").GetString()!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        Assert.Equal(["session 4", "session 3", "session 2", "session 1", "session 0"], names);

        var content = new byte[2 * PartSize + 1];
        var many = await user.CreateUploadAsync("many parts", content.Length);
        foreach (var number in new[] { 1, 2, 3 })
            await PutAsync(user, many, content, number);
        var first = await user.GetJsonAsync($"/v1/uploads/{IdOf(many)}?limit=2");
        Assert.Equal([1, 2], first.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("number").GetInt32()));
        var second = await user.GetJsonAsync($"/v1/uploads/{IdOf(many)}?limit=2&afterPart={first.GetProperty("nextPart").GetInt32()}");
        Assert.Equal([3], second.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("number").GetInt32()));
        Assert.False(second.TryGetProperty("nextPart", out _));
    }

    [Fact]
    public async Task Idempotency_key_gives_the_first_answer_again()
    {
        using var user = await fixture.SignUpAsync();
        var first = await CreateWithKeyAsync(user, "key-1", "a", 201);
        var again = await CreateWithKeyAsync(user, "key-1", "a", 201);
        Assert.Equal(first, again);
        Assert.NotEqual(first, await CreateWithKeyAsync(user, "key-2", "b", 201));
        Assert.Equal("idempotency-key-reused", await CreateWithKeyAsync(user, "key-1", "other", 422));

        foreach (var size in new[] { 1000, 9 << 20 })
        {
            var content = RandomNumberGenerator.GetBytes(size);
            var ids = new List<string>();
            for (var i = 0; i < 2; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/files?name=f{size}") { Content = new ByteArrayContent(content) };
                request.Headers.Add("Idempotency-Key", $"file {size}");
                using var response = await user.Http.SendAsync(request);
                Assert.Equal(HttpStatusCode.Created, response.StatusCode);
                ids.Add(IdOf(await JsonAsync(response)));
            }

            Assert.Equal(ids[0], ids[1]);
        }

        using var other = new HttpRequestMessage(HttpMethod.Post, "/v1/files?name=f1000") { Content = new ByteArrayContent(new byte[1000]) };
        other.Headers.Add("Idempotency-Key", "file 1000");
        await RefusedAsync(user.Http.SendAsync(other), 422, "idempotency-key-reused");
        using var bytes = new ByteArrayContent([1]);
        await RefusedAsync(user.Http.PutAsync("/v1/files?name=%ff", bytes), 400, "bad-request");
    }

    [Fact]
    public async Task Completing_twice_at_once_makes_one_file()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("twice", PartSize + 3);
        var content = RandomNumberGenerator.GetBytes(PartSize + 3);
        await PutAsync(user, upload, content, 1);
        await PutAsync(user, upload, content, 2);
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            using var response = await user.CompleteAsync(IdOf(upload));
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            return IdOf(await JsonAsync(response));
        }));
        Assert.Single(answers.Distinct());
        Assert.Equal(1, (await user.GetJsonAsync("/v1/files")).GetProperty("entries").GetArrayLength());
    }

    private static async Task PutAsync(Account user, System.Text.Json.JsonElement upload, byte[] content, int number)
    {
        var part = content[((number - 1) * PartSize)..Math.Min(content.Length, number * PartSize)];
        using var response = await user.PutPartAsync(IdOf(upload), number, part);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var answer = await JsonAsync(response);
        Assert.Equal((number, part.Length), (answer.GetProperty("number").GetInt32(), answer.GetProperty("size").GetInt64()));
        Assert.NotEmpty(answer.GetProperty("etag").GetString()!);
    }

    private static async Task<string> CreateWithKeyAsync(Account user, string key, string name, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/uploads") { Content = System.Net.Http.Json.JsonContent.Create(new { name, size = 1 }) };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await user.Http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        var answer = await JsonAsync(response);
        return answer.TryGetProperty("id", out var id) ? id.GetString()! : answer.GetProperty("type").GetString()!;
    }
}
