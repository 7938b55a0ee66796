using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>What bad input about uploads gets: one status each, and the account and the store stay as they were.</summary>
[Collection(RunningVault.Name)]
public sealed class BadUploadInputTests(VaultFixture fixture)
{
    private static readonly byte[] Part = RandomNumberGenerator.GetBytes(PartSize);

    [Theory]
    [InlineData("-1", 400, "invalid")]
    [InlineData("-9223372036854775808", 400, "invalid")]
    [InlineData("9223372036854775808", 400, "invalid")]
    [InlineData("1e3", 400, "invalid")]
    [InlineData("1.5", 400, "invalid")]
    [InlineData("\"7\"", 400, "invalid")]
    [InlineData("null", 400, "invalid")]
    [InlineData("9223372036854775807", 413, "too-large")]
    [InlineData("700000000000000", 413, "too-large")]
    [InlineData("600000000000", 507, "quota-exceeded")]
    public async Task Wrong_size_opens_no_session(string size, int status, string slug)
    {
        using var user = await fixture.SignUpAsync();
        var before = await user.StateAsync();
        await RefusedAsync(user.PostJsonAsync("/v1/uploads", $$"""{"name":"x","size":{{size}}}"""), status, slug);
        Assert.Equal(before, await user.StateAsync());
    }

    [Theory]
    [InlineData("""{"name":"x","size":1,"partSize":0}""")]
    [InlineData("""{"name":"x","size":1,"partSize":-1}""")]
    [InlineData("""{"name":"x","size":1,"mode":"sideways"}""")]
    [InlineData("""{"name":"x","size":1,"onConflict":"overwrite"}""")]
    [InlineData("""{"name":"x","size":1,"sha256":"abc"}""")]
    [InlineData("""{"name":"x","size":1,"sha256":"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}""")]
    [InlineData("""{"name":"x","size":1,"contentType":"text\r\nX: y"}""")]
    [InlineData("""{"name":"x","size":1,"expectedVersion":1}""")]
    [InlineData("""{"size":1}""")]
    public async Task Wrong_member_opens_no_session(string json)
    {
        using var user = await fixture.SignUpAsync();
        var before = await user.StateAsync();
        await RefusedAsync(user.PostJsonAsync("/v1/uploads", json), 400, "invalid");
        Assert.Equal(before, await user.StateAsync());
    }

    [Theory]
    [InlineData("f-00000000-0000-7000-8000-000000000000")]
    [InlineData("nonsense")]
    [InlineData("' OR 1=1 --")]
    public async Task Unknown_folder_or_file_is_not_found(string id)
    {
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(user.PostAsync("/v1/uploads", new { name = "x", size = 1, parentId = id }), 404, "not-found");
        await RefusedAsync(user.PostAsync("/v1/uploads", new { size = 1, fileId = id }), 404, "not-found");
        await RefusedAsync(user.Http.PostAsync($"/v1/files?name=x&parentId={Uri.EscapeDataString(id)}", new ByteArrayContent([1])), 404, "not-found");
    }

    [Theory]
    [InlineData("0", 400)]
    [InlineData("-1", 400)]
    [InlineData("3", 400)]
    [InlineData("10001", 400)]
    [InlineData("2147483648", 400)]
    [InlineData("abc", 400)]
    [InlineData("1.0", 400)]
    [InlineData("1%00", 400)]
    public async Task Part_number_outside_the_session_stores_nothing(string number, int status)
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize + 1);
        await UnchangedAsync(user, async () =>
        {
            using var response = await user.PutPartAsync(IdOf(upload), number, [1]);
            Assert.Equal(status, (int)response.StatusCode);
        });
    }

    [Fact]
    public async Task Part_of_the_wrong_size_stores_nothing()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize + 10);
        await UnchangedAsync(user, async () =>
        {
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 1, Part[1..]), 400, "part-size");
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 1, [.. Part, 1]), 400, "part-size");
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 1, []), 400, "part-size");
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 2, new byte[9]), 400, "part-size");
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 2, new byte[11]), 400, "part-size");
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 2, Part), 400, "part-size");
        });
    }

    [Fact]
    public async Task Chunked_part_without_a_length_is_411()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize);
        await UnchangedAsync(user, async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/uploads/{IdOf(upload)}/parts/1") { Content = new ByteArrayContent(Part) };
            request.Headers.TransferEncodingChunked = true;
            await RefusedAsync(user.Http.SendAsync(request), 411, "length-required");
        });
    }

    [Fact]
    public async Task Wrong_checksum_is_422_and_stores_nothing()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize);
        var sha256 = Convert.ToBase64String(SHA256.HashData([]));
        await UnchangedAsync(user, async () =>
        {
            foreach (var header in new[]
            {
                ("Content-MD5", Convert.ToBase64String(MD5.HashData([]))), ("Content-Digest", $"sha-256=:{sha256}:"),
                ("Repr-Digest", $"sha-256=:{sha256}:"), ("X-Checksum-Sha256", sha256),
            })
            {
                await RefusedAsync(user.PutPartAsync(IdOf(upload), 1, Part, header), 422, "checksum-mismatch");
            }
        });

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/files?name=small") { Content = new ByteArrayContent([1, 2, 3]) };
        request.Headers.Add("X-Checksum-Sha256", sha256);
        await UnchangedAsync(user, () => RefusedAsync(user.Http.SendAsync(request), 422, "checksum-mismatch"));
        using var large = new HttpRequestMessage(HttpMethod.Post, "/v1/files?name=large") { Content = new ByteArrayContent(new byte[9 << 20]) };
        large.Headers.Add("X-Checksum-Sha256", sha256);
        var before = await user.StateAsync();
        await RefusedAsync(user.Http.SendAsync(large), 422, "checksum-mismatch");
        Assert.Equal(before, await user.StateAsync());
    }

    [Fact]
    public async Task Malformed_and_repeated_checksum_headers_are_400_and_store_nothing()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize);
        var right = Convert.ToBase64String(SHA256.HashData(Part));
        await UnchangedAsync(user, async () =>
        {
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 1, Part, ("Content-MD5", "AAAA")), 400, "invalid");
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 1, Part, ("Content-Digest", "sha-256=abc")), 400, "invalid");
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 1, Part, ("Repr-Digest", $"sha-256=:{right}:, sha-256=:{right}:")), 400, "invalid");
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 1, Part, ("X-Checksum-Sha256", "xyz")), 400, "invalid");
            await RefusedAsync(user.PutPartAsync(IdOf(upload), 1, Part, ("X-Checksum-Sha256", right), ("X-Checksum-Sha256", right)), 400, "invalid");
        });
        using var stored = await user.PutPartAsync(IdOf(upload), 1, Part, ("X-Checksum-Sha256", right), ("Repr-Digest", $"sha-256=:{right}:"));
        Assert.Equal(HttpStatusCode.OK, stored.StatusCode);
    }

    [Fact]
    public async Task Part_with_a_content_encoding_is_415()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize);
        await UnchangedAsync(user, () => RefusedAsync(user.PutPartAsync(IdOf(upload), 1, Part, ("Content-Encoding", "gzip")), 415, "unsupported-media-type"));
    }

    [Theory]
    [InlineData("""{"parts":[{"number":1,"etag":"wrong"}]}""", 409, "invalid-part")]
    [InlineData("""{"parts":[null]}""", 400, "invalid")]
    [InlineData("""{"parts":[{"number":1}]}""", 400, "invalid")]
    [InlineData("""{"parts":{}}""", 400, "invalid")]
    [InlineData("""{"unknown":1}""", 400, "invalid")]
    [InlineData("""{"name":"a/b"}""", 400, "invalid")]
    public async Task Completion_that_contradicts_the_ledger_leaves_the_session_open(string json, int status, string slug)
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", 3);
        using var put = await user.PutPartAsync(IdOf(upload), 1, [1, 2, 3]);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        await RefusedAsync(user.PostJsonAsync($"/v1/uploads/{IdOf(upload)}/complete", json), status, slug);
        using var completed = await user.CompleteAsync(IdOf(upload));
        Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
    }

    [Fact]
    public async Task Whole_file_with_another_sha256_than_announced_makes_no_file()
    {
        using var user = await fixture.SignUpAsync();
        using var created = await user.PostAsync("/v1/uploads", new { name = "x", size = 3, sha256 = Convert.ToHexStringLower(SHA256.HashData([])) });
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var id = IdOf(await JsonAsync(created));
        using var put = await user.PutPartAsync(id, 1, [1, 2, 3]);
        await RefusedAsync(user.CompleteAsync(id), 422, "checksum-mismatch");
        Assert.Equal(0, (await user.GetJsonAsync("/v1/files")).GetProperty("entries").GetArrayLength());
    }

    [Fact]
    public async Task Sessions_and_files_of_others_do_not_exist()
    {
        using var owner = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();
        var upload = await owner.CreateUploadAsync("x", 3);
        var file = await owner.PutFileAsync("mine", [1, 2, 3]);
        await UnchangedAsync(owner, async () =>
        {
            var (session, path) = ($"/v1/uploads/{IdOf(upload)}", $"/v1/files/{IdOf(file)}");
            await RefusedAsync(stranger.Http.GetAsync(session), 404, "not-found");
            await RefusedAsync(stranger.PutPartAsync(IdOf(upload), 1, [1, 2, 3]), 404, "not-found");
            await RefusedAsync(stranger.CompleteAsync(IdOf(upload)), 404, "not-found");
            await RefusedAsync(stranger.Http.DeleteAsync(session), 404, "not-found");
            await RefusedAsync(stranger.Http.GetAsync(path), 404, "not-found");
            await RefusedAsync(stranger.Http.GetAsync(path + "/content"), 404, "not-found");
            await RefusedAsync(stranger.Http.DeleteAsync(path), 404, "not-found");
            await RefusedAsync(stranger.Http.DeleteAsync(path + "?permanent=true"), 404, "not-found");
            await RefusedAsync(stranger.PostAsync("/v1/uploads", new { size = 1, fileId = IdOf(file) }), 404, "not-found");
            await RefusedAsync(stranger.Http.GetAsync("/v1/files/by-path/mine"), 404, "not-found");
        });
    }

    [Theory]
    [InlineData("not-an-id")]
    [InlineData("up-00000000-0000-7000-8000-00000000000g")]
    [InlineData("up-00000000-0000-7000-8000-000000000000")]
    [InlineData("UP-00000000-0000-7000-8000-000000000000")]
    [InlineData("f-00000000-0000-7000-8000-000000000000")]
    [InlineData("%2e%2e%2f%2e%2e%2fetc%2fpasswd")]
    public async Task Id_that_names_nothing_is_not_found(string id)
    {
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(user.Http.GetAsync($"/v1/uploads/{id}"), 404, "not-found");
        await RefusedAsync(user.PutPartAsync(id, 1, [1]), 404, "not-found");
        await RefusedAsync(user.CompleteAsync(id), 404, "not-found");
        await RefusedAsync(user.Http.DeleteAsync($"/v1/uploads/{id}"), 404, "not-found");
        await RefusedAsync(user.Http.GetAsync($"/v1/files/{id}"), 404, "not-found");
        await RefusedAsync(user.Http.GetAsync($"/v1/files/{id}/content"), 404, "not-found");
        await RefusedAsync(user.Http.DeleteAsync($"/v1/files/{id}"), 404, "not-found");
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=-1")]
    [InlineData("limit=1001")]
    [InlineData("limit=abc")]
    [InlineData("limit=99999999999999999999")]
    [InlineData("cursor=garbage")]
    public async Task Wrong_page_is_400(string query)
    {
        using var user = await fixture.SignUpAsync();
        await RefusedWithAsync(user.Http.GetAsync("/v1/files?" + query), 400);
        await RefusedWithAsync(user.Http.GetAsync("/v1/uploads?" + query), 400);
    }

    [Fact]
    public async Task Cursor_of_another_user_or_query_is_400()
    {
        using var user = await fixture.SignUpAsync();
        using var other = await fixture.SignUpAsync();
        for (var i = 0; i < 3; i++)
            await user.PutFileAsync($"f{i}", [1]);
        var cursor = Uri.EscapeDataString((await user.GetJsonAsync("/v1/files?limit=1")).GetProperty("nextCursor").GetString()!);
        Assert.Equal(1, (await user.GetJsonAsync($"/v1/files?limit=1&cursor={cursor}")).GetProperty("entries").GetArrayLength());
        await RefusedAsync(other.Http.GetAsync($"/v1/files?limit=1&cursor={cursor}"), 400, "invalid");
        await RefusedAsync(user.Http.GetAsync($"/v1/files?view=recent&limit=1&cursor={cursor}"), 400, "invalid");
        await RefusedAsync(user.Http.GetAsync($"/v1/uploads?limit=1&cursor={cursor}"), 400, "invalid");
    }

    private async Task UnchangedAsync(Account user, Func<Task> act)
    {
        var (state, stored) = (await user.StateAsync(), fixture.StoredFiles());
        await act();
        Assert.Equal(state, await user.StateAsync());
        Assert.Equal(stored, fixture.StoredFiles());
    }

    private static async Task RefusedWithAsync(Task<HttpResponseMessage> sending, int status)
    {
        using var response = await sending;
        Assert.Equal(status, (int)response.StatusCode);
        Assert.NotEqual(JsonValueKind.Undefined, (await JsonAsync(response)).ValueKind);
    }
}
