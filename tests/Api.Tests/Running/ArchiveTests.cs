using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>Copies, uploads of what is here already, and zip archives as a client sees them.</summary>
[Collection(RunningVault.Name)]
public sealed class ArchiveTests(VaultFixture fixture)
{
    [Fact]
    public async Task File_is_copied_once_for_one_idempotency_key_and_content_that_is_known_is_not_sent_again()
    {
        using var user = await fixture.SignUpAsync();
        byte[] content = RandomNumberGenerator.GetBytes(1000);
        var file = IdOf(await user.PutFileAsync("a.txt", content));
        var copies = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/files/{file}/copy") { Content = new StringContent("""{"name":"b.txt"}""", Encoding.UTF8, "application/json") };
            request.Headers.Add("Idempotency-Key", "one copy");
            using var response = await user.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            copies.Add(IdOf(await JsonAsync(response)));
        }

        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{Assert.Single(copies)}/content"));
        await RefusedAsync(user.Http.PostAsync($"/v1/files/{file}/copy", null), 409, "name-taken");
        await RefusedAsync(user.Http.PostAsync($"/v1/files/{file}x/copy", null), 404, "not-found");
        await RefusedAsync(user.PostJsonAsync($"/v1/files/{file}/copy", """{"parentId":7}"""), 400, "invalid");

        using var created = await user.PostAsync("/v1/uploads", new { name = "c.txt", size = 1000, sha256 = Convert.ToHexStringLower(SHA256.HashData(content)) });
        var upload = await JsonAsync(created);
        var challenge = upload.GetProperty("possession");
        var range = Assert.Single(challenge.GetProperty("ranges").EnumerateArray());
        Assert.Equal((0, 1000), (range.GetProperty("offset").GetInt32(), range.GetProperty("length").GetInt32()));
        await RefusedAsync(user.PostAsync($"/v1/uploads/{IdOf(upload)}/possession", new { proof = new string('0', 64) }), 422, "checksum-mismatch");
        await RefusedAsync(user.PostJsonAsync($"/v1/uploads/{IdOf(upload)}/possession", "{}"), 400, "invalid");
        var proof = Convert.ToHexString(SHA256.HashData([.. Encoding.ASCII.GetBytes(challenge.GetProperty("nonce").GetString()!), .. content]));
        using var proven = await user.PostAsync($"/v1/uploads/{IdOf(upload)}/possession", new { proof });
        Assert.Equal(HttpStatusCode.Created, proven.StatusCode);
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(await JsonAsync(proven))}/content"));
        Assert.Equal(1000, (await user.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64());
    }

    [Fact]
    public async Task Folder_and_selection_are_sent_as_zip_to_whoever_may_read_them()
    {
        using var user = await fixture.SignUpAsync();
        using var reader = await fixture.SignUpAsync();
        var folder = IdOf(await user.MakeFolderAsync("Ordner"));
        var inner = IdOf(await user.MakeFolderAsync("in\\ner", folder));
        byte[] content = RandomNumberGenerator.GetBytes(300_000);
        var moved = IdOf(await user.PutFileAsync("報告.bin", content));
        await user.PatchAsync(moved, new { parentId = inner });
        var loose = IdOf(await user.PutFileAsync("loose", [7]));
        await user.PatchAsync(loose, new { name = "ordner", parentId = IdOf(await user.MakeFolderAsync("other")) });
        await user.Http.DeleteAsync($"/v1/files/{IdOf(await user.PutFileAsync("gone.txt", [1]))}");

        using var response = await user.Http.GetAsync($"/v1/folders/{folder}/zip");
        Assert.Equal("application/zip", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment; filename=\"Ordner.zip\"", response.Content.Headers.ContentDisposition!.ToString());
        var bytes = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(["Ordner/", "Ordner/in_ner/", "Ordner/in_ner/報告.bin"], Names(bytes));
        await using (var archive = new ZipArchive(new MemoryStream(bytes)))
        await using (var stream = await archive.Entries[2].OpenAsync())
        {
            var read = new MemoryStream();
            await stream.CopyToAsync(read);
            Assert.Equal(content, read.ToArray());
        }

        Assert.Equal(
            ["ordner", "Ordner (1)/", "Ordner (1)/in_ner/", "Ordner (1)/in_ner/報告.bin"],
            Names(await user.Http.GetByteArrayAsync($"/v1/zip?ids={loose},{folder}")));

        await RefusedAsync(reader.Http.GetAsync($"/v1/folders/{folder}/zip"), 404, "not-found");
        await RefusedAsync(reader.Http.GetAsync($"/v1/zip?ids={loose},{folder}"), 404, "not-found");
        using var shared = await user.Http.PutAsync($"/v1/files/{folder}/shares/{reader.UserId}", new StringContent("""{"role":"viewer"}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, shared.StatusCode);
        Assert.Equal(3, Names(await reader.Http.GetByteArrayAsync($"/v1/folders/{folder}/zip")).Count);
        // One that may not be read makes the whole selection one that is not there.
        await RefusedAsync(reader.Http.GetAsync($"/v1/zip?ids={folder},{loose}"), 404, "not-found");
    }

    [Fact]
    public async Task Url_of_an_archive_needs_no_token_and_can_not_be_made_up()
    {
        using var user = await fixture.SignUpAsync();
        using var visitor = fixture.CreateClient();
        var file = IdOf(await user.PutFileAsync("a.txt", [1, 2]));
        using var asked = await user.PostAsync("/v1/zip", new { ids = new[] { file } });
        Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        Assert.True(asked.Headers.CacheControl!.NoStore);
        var url = (await JsonAsync(asked)).GetProperty("url").GetString()!;
        Assert.StartsWith(fixture.Address.ToString(), url, StringComparison.Ordinal);
        Assert.Equal(["a.txt"], Names(await visitor.GetByteArrayAsync(url)));
        var folder = IdOf(await user.MakeFolderAsync("folder"));
        await user.PatchAsync(IdOf(await user.PutFileAsync("b.txt", [3])), new { parentId = folder });
        using var askedForFolder = await user.PostAsync("/v1/zip", new { ids = new[] { folder } });
        Assert.Equal(["folder/", "folder/b.txt"], Names(await visitor.GetByteArrayAsync((await JsonAsync(askedForFolder)).GetProperty("url").GetString()!)));

        using var other = await fixture.SignUpAsync();
        await RefusedAsync(visitor.GetAsync(url.Replace(user.UserId, other.UserId, StringComparison.Ordinal)), 403, "forbidden");
        await RefusedAsync(visitor.GetAsync(url[..^1] + (url[^1] == 'A' ? 'B' : 'A')), 403, "forbidden");
        await RefusedAsync(visitor.GetAsync($"/v1/zip?ticket=x"), 403, "forbidden");
        await RefusedAsync(visitor.GetAsync($"/v1/zip?ids={file}"), 401, "unauthorized");
        await RefusedAsync(visitor.GetAsync($"/v1/folders/{file}/zip"), 401, "unauthorized");
        await RefusedAsync(visitor.PostAsync("/v1/zip", null), 401, "unauthorized");
        foreach (var ids in (string[])["", "x", $"{file},{file}", string.Join(',', Enumerable.Range(0, 101).Select(_ => Ids.New(Ids.File)))])
            await RefusedAsync(user.Http.GetAsync($"/v1/zip?ids={ids}"), ids == "x" || ids == "" ? 404 : 400, ids == "x" || ids == "" ? "not-found" : "invalid");
        await RefusedAsync(user.PostJsonAsync("/v1/zip", """{"ids":[null]}"""), 400, "invalid");
        await RefusedAsync(user.PostAsync("/v1/zip", new { ids = Array.Empty<string>() }), 400, "invalid");
        // What the ticket is for is looked at again.
        await user.Http.DeleteAsync($"/v1/files/{file}?permanent=true");
        await RefusedAsync(visitor.GetAsync(url), 404, "not-found");
    }

    [Fact]
    public async Task Archive_that_is_too_large_is_refused_and_one_that_can_not_be_finished_is_cut_off()
    {
        using var user = await fixture.SignUpAsync();
        var folder = IdOf(await user.MakeFolderAsync("many"));
        for (var i = 0; i < VaultFixture.ZipEntryCountMax; i++)
            await user.MakeFolderAsync($"{i}", folder);
        await RefusedAsync(user.Http.GetAsync($"/v1/folders/{folder}/zip"), 413, "too-large");

        var before = fixture.StoredFiles().ToHashSet();
        var first = IdOf(await user.PutFileAsync("first", RandomNumberGenerator.GetBytes(900_000)));
        var kept = fixture.StoredFiles().ToHashSet();
        var lost = IdOf(await user.PutFileAsync("lost", [1, 2, 3]));
        var stored = Assert.Single(fixture.StoredFiles().Except(kept));
        Assert.Single(kept.Except(before));
        File.Delete(stored[..stored.LastIndexOf(' ')]);

        using var response = await user.Http.GetAsync($"/v1/zip?ids={first},{lost}", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Archive_that_takes_long_has_what_may_be_read_when_its_turn_comes_and_ends_with_the_login()
    {
        using var owner = await fixture.SignUpAsync();
        using var reader = await fixture.SignUpAsync();
        using var slow = fixture.CreateSlowClient();
        var folder = IdOf(await owner.MakeFolderAsync("folder"));
        // More than what lies between a server that sends and a client that does not read.
        foreach (var (name, size) in ((string, int)[])[("first", 12 << 20), ("second", 3)])
            await owner.PatchAsync(IdOf(await owner.PutFileAsync(name, RandomNumberGenerator.GetBytes(size))), new { parentId = folder });
        using var shared = await owner.Http.PutAsync($"/v1/files/{folder}/shares/{reader.UserId}", new StringContent("""{"role":"viewer"}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, shared.StatusCode);
        using var asked = await owner.PostAsync("/v1/zip", new { ids = new[] { folder } });
        var url = (await JsonAsync(asked)).GetProperty("url").GetString()!;

        var withdrawn = await ReadSlowlyAsync(slow, reader, $"/v1/folders/{folder}/zip", () => owner.Http.DeleteAsync($"/v1/files/{folder}/shares/{reader.UserId}"));
        Assert.Equal(["folder/", "folder/first"], Names(withdrawn));
        await Eventually.TrueAsync(async () => (await DownloadsAsync(owner)).Count > 0, TimeSpan.FromSeconds(30), () => "the download is not in the audit");
        Assert.Equal([$"first {reader.UserId}"], await DownloadsAsync(owner));

        await Assert.ThrowsAnyAsync<IOException>(() => ReadSlowlyAsync(slow, owner, $"/v1/folders/{folder}/zip", () => owner.Http.PostAsync("/v1/auth/logout", null)));
        await RefusedAsync(slow.GetAsync(url), 403, "forbidden");
    }

    /// <summary>Reads a response whose sender has to wait in the middle until something was done.</summary>
    private static async Task<byte[]> ReadSlowlyAsync(HttpClient http, Account account, string path, Func<Task<HttpResponseMessage>> meanwhile)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = account.Http.DefaultRequestHeaders.Authorization;
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using var body = await response.Content.ReadAsStreamAsync();
        var all = new MemoryStream();
        var beginning = new byte[100_000];
        await body.ReadExactlyAsync(beginning);
        all.Write(beginning);
        using var done = await meanwhile();
        Assert.Equal(HttpStatusCode.NoContent, done.StatusCode);
        await body.CopyToAsync(all);
        return all.ToArray();
    }

    private static async Task<List<string>> DownloadsAsync(Account owner) =>
        [.. (await owner.GetJsonAsync("/v1/audit?action=download")).GetProperty("rows").EnumerateArray()
            .Select(row => $"{row.GetProperty("entryName").GetString()} {row.GetProperty("actorId").GetString()}")];

    private static List<string> Names(byte[] zip)
    {
        using var archive = new ZipArchive(new MemoryStream(zip));
        return [.. archive.Entries.Select(entry => entry.FullName)];
    }
}
