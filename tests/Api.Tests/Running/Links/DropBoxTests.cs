using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.Links;

/// <summary>Links that take files, by sessions and by the page's form.</summary>
[Collection(RunningVault.Name)]
public sealed class DropBoxTests(VaultFixture fixture)
{
    [Fact]
    public async Task Visitor_uploads_in_parts_and_the_file_is_the_owners()
    {
        using var owner = await fixture.SignUpAsync();
        using var visitor = fixture.CreateVisitor();
        var folder = IdOf(await owner.MakeFolderAsync("box"));
        var taken = IdOf(await owner.PutFileAsync("x.bin", [1]));
        await owner.PatchAsync(taken, new { parentId = folder });
        var (link, token) = await owner.MakeLinkAsync(folder, new { role = "upload", password = "sesame" });
        var content = RandomNumberGenerator.GetBytes(PartSize + 10);
        object request = new { name = "x.bin", size = content.Length, partSize = PartSize, contentType = "image/png" };

        await RefusedAsync(visitor.PostAsJsonAsync($"/s/{token}/uploads", request), 401, "bad-credentials");
        visitor.DefaultRequestHeaders.Add("X-Link-Password", "sesame");
        using var created = await visitor.PostAsJsonAsync($"/s/{token}/uploads", request);
        visitor.DefaultRequestHeaders.Remove("X-Link-Password");
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var upload = await JsonAsync(created);
        var path = created.Headers.Location!.OriginalString;
        var secret = upload.GetProperty("secret").GetString()!;
        Assert.Equal($"/s/{token}/uploads/{IdOf(upload)}", path);
        Assert.Equal(content.Length, (await owner.GetJsonAsync("/v1/me")).GetProperty("reservedBytes").GetInt64());
        var seen = Assert.Single((await owner.GetJsonAsync("/v1/uploads")).GetProperty("uploads").EnumerateArray());
        Assert.Equal(link, seen.GetProperty("uploaderId").GetString());

        // Nobody goes on with it without the secret, not even who knows its id and has a secret of another session.
        visitor.DefaultRequestHeaders.Add("X-Link-Password", "sesame");
        using var other = await visitor.PostAsJsonAsync($"/s/{token}/uploads", request);
        var otherUpload = await JsonAsync(other);
        foreach (var wrong in new[] { "", "x", otherUpload.GetProperty("secret").GetString()! })
        {
            await RefusedAsync(visitor.VisitAsync(path, ("X-Upload-Secret", wrong)), 404, "not-found");
            await RefusedAsync(visitor.VisitAsync(HttpMethod.Delete, path, ("X-Upload-Secret", wrong)), 404, "not-found");
            await RefusedAsync(visitor.VisitAsync(HttpMethod.Post, $"{path}/complete", ("X-Upload-Secret", wrong)), 404, "not-found");
        }

        visitor.DefaultRequestHeaders.Remove("X-Link-Password");
        using var dropped = await visitor.VisitAsync(HttpMethod.Delete, $"/s/{token}/uploads/{IdOf(otherUpload)}", ("X-Upload-Secret", otherUpload.GetProperty("secret").GetString()!));
        Assert.Equal(HttpStatusCode.NoContent, dropped.StatusCode);

        visitor.DefaultRequestHeaders.Add("X-Upload-Secret", secret);
        foreach (var number in new[] { 2, 1 })
        {
            using var part = await visitor.PutAsync($"{path}/parts/{number}", new ByteArrayContent(content[((number - 1) * PartSize)..Math.Min(number * PartSize, content.Length)]));
            Assert.Equal(HttpStatusCode.OK, part.StatusCode);
        }

        var state = await JsonAsync(await visitor.GetAsync(path));
        Assert.Equal((content.Length, 2, false), (state.GetProperty("receivedBytes").GetInt64(), state.GetProperty("parts").GetArrayLength(), state.TryGetProperty("secret", out _)));
        using var completed = await visitor.PostAsync($"{path}/complete", null);
        Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
        var sent = await JsonAsync(completed);
        Assert.Equal(["size"], sent.EnumerateObject().Select(member => member.Name).Where(name => name != "sha256"));
        using var repeated = await visitor.PostAsync($"{path}/complete", null);
        Assert.Equal(HttpStatusCode.Created, repeated.StatusCode);

        var file = (await owner.GetJsonAsync($"/v1/files?parentId={folder}")).GetProperty("entries").EnumerateArray().Single(entry => IdOf(entry) != taken);
        Assert.Equal(("x (1).bin", "image/png", owner.UserId), (file.GetProperty("name").GetString(), file.GetProperty("contentType").GetString(), file.GetProperty("ownerId").GetString()));
        Assert.Equal(content, await owner.Http.GetByteArrayAsync($"/v1/files/{IdOf(file)}/content"));
        var me = await owner.GetJsonAsync("/v1/me");
        Assert.Equal((content.Length + 1, 0), (me.GetProperty("usedBytes").GetInt64(), me.GetProperty("reservedBytes").GetInt64()));
    }

    [Fact]
    public async Task Revoked_link_takes_no_more_bytes_and_makes_no_file()
    {
        using var owner = await fixture.SignUpAsync();
        using var visitor = fixture.CreateVisitor();
        var folder = IdOf(await owner.MakeFolderAsync("box"));
        var (link, token) = await owner.MakeLinkAsync(folder, new { role = "upload" });
        using var created = await visitor.PostAsJsonAsync($"/s/{token}/uploads", new { name = "x", size = 1 });
        var upload = await JsonAsync(created);
        visitor.DefaultRequestHeaders.Add("X-Upload-Secret", upload.GetProperty("secret").GetString());
        using (var part = await visitor.PutAsync($"/s/{token}/uploads/{IdOf(upload)}/parts/1", new ByteArrayContent([7])))
            Assert.Equal(HttpStatusCode.OK, part.StatusCode);
        using (await owner.Http.DeleteAsync($"/v1/links/{link}"))
            await RefusedAsync(visitor.PutAsync($"/s/{token}/uploads/{IdOf(upload)}/parts/1", new ByteArrayContent([8])), 404, "not-found");
        await RefusedAsync(visitor.PostAsync($"/s/{token}/uploads/{IdOf(upload)}/complete", null), 404, "not-found");
        Assert.Equal(0, (await owner.GetJsonAsync($"/v1/files?parentId={folder}")).GetProperty("entries").GetArrayLength());
        using var ended = await owner.Http.DeleteAsync($"/v1/uploads/{IdOf(upload)}");
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.Equal(0, (await owner.GetJsonAsync("/v1/me")).GetProperty("reservedBytes").GetInt64());
    }

    [Theory]
    [InlineData("""{"name":"x","size":-1}""", 400)]
    [InlineData("""{"name":"x"}""", 400)]
    [InlineData("""{"size":1}""", 400)]
    [InlineData("""{"name":"a/b","size":1}""", 400)]
    [InlineData("""{"name":"x","size":1,"partSize":-5}""", 400)]
    [InlineData("""{"name":"x","size":1,"sha256":"x"}""", 400)]
    [InlineData("""{"name":"x","size":1,"contentType":"x\r\ny"}""", 400)]
    [InlineData("""{"name":"x","size":1,"parentId":"f-1"}""", 400)]
    [InlineData("""{"name":"x","size":10737418241}""", 413)]
    [InlineData("[]", 400)]
    public async Task Body_of_a_session_is_checked(string json, int status)
    {
        using var owner = await fixture.SignUpAsync();
        using var visitor = fixture.CreateVisitor();
        var (_, token) = await owner.MakeLinkAsync(IdOf(await owner.MakeFolderAsync("box")), new { role = "upload" });
        using var response = await visitor.PostAsync($"/s/{token}/uploads", new StringContent(json, Encoding.UTF8, "application/json"));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(0, (await owner.GetJsonAsync("/v1/uploads")).GetProperty("uploads").GetArrayLength());
    }

    [Fact]
    public async Task Box_shows_nothing_and_a_link_that_shows_takes_nothing()
    {
        using var owner = await fixture.SignUpAsync();
        using var visitor = fixture.CreateVisitor();
        var folder = IdOf(await owner.MakeFolderAsync("secret name"));
        var file = IdOf(await owner.PutFileAsync("x", [1]));
        await owner.PatchAsync(file, new { parentId = folder });
        var (_, box) = await owner.MakeLinkAsync(folder, new { role = "upload" });
        var (_, view) = await owner.MakeLinkAsync(folder);

        foreach (var path in new[] { "files", "content", $"files/{file}/content", $"files?parentId={folder}" })
            await RefusedAsync(visitor.GetAsync($"/s/{box}/{path}"), 404, "not-found");
        Assert.DoesNotContain("secret name", await visitor.GetStringAsync($"/s/{box}"), StringComparison.Ordinal);
        await RefusedAsync(visitor.PostAsJsonAsync($"/s/{view}/uploads", new { name = "x", size = 1 }), 404, "not-found");
        await RefusedAsync(visitor.VisitAsync(HttpMethod.Post, $"/s/{box}/uploads/x/complete", ("X-Upload-Secret", "x")), 404, "not-found");
        await RefusedAsync(visitor.PutAsync($"/s/{box}/uploads/{Ids.New(Ids.Upload)}/parts/x", new ByteArrayContent([1])), 400, "bad-request");
        using var form = new MultipartFormDataContent { { new ByteArrayContent([1]), "files", "y" } };
        await RefusedAsync(visitor.PostAsync($"/s/{view}", form), 404, "not-found");
        Assert.Equal(1, (await owner.GetJsonAsync($"/v1/files?parentId={folder}")).GetProperty("entries").GetArrayLength());
    }

    [Fact]
    public async Task Form_takes_files_of_any_size_and_only_when_it_is_ours()
    {
        using var owner = await fixture.SignUpAsync();
        var folder = IdOf(await owner.MakeFolderAsync("box"));
        var (_, token) = await owner.MakeLinkAsync(folder, new { role = "upload" });
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
        {
            BaseAddress = fixture.Address,
            DefaultRequestHeaders = { { "Accept", "text/html,*/*;q=0.8" } },
        };
        var page = await browser.GetStringAsync($"/s/{token}");
        var guard = Regex.Match(page, "name=\"form\" value=\"([^\"]*)\"").Groups[1].Value;
        var small = RandomNumberGenerator.GetBytes(1_000);
        var large = RandomNumberGenerator.GetBytes((17 << 20) + 5);

        foreach (var wrong in new[] { "", "x", new string('A', 43), new string('A', 1_000) })
        {
            using var foreign = Form(wrong, ("x", small));
            Assert.Equal(HttpStatusCode.Forbidden, (await browser.PostAsync($"/s/{token}", foreign)).StatusCode);
        }

        using var unguarded = new MultipartFormDataContent { { new ByteArrayContent(small), "files", "x" } };
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.PostAsync($"/s/{token}", unguarded)).StatusCode);
        Assert.Equal(0, (await owner.GetJsonAsync($"/v1/files?parentId={folder}")).GetProperty("entries").GetArrayLength());

        using var form = Form(guard, ("small ü.txt", small), ("", []), ("empty", []), ("large", large), ("small ü.txt", small));
        using var sent = await browser.PostAsync($"/s/{token}", form);
        Assert.Equal((HttpStatusCode.SeeOther, $"/s/{token}?sent=4"), (sent.StatusCode, sent.Headers.Location?.OriginalString));
        Assert.Contains("4 files have arrived", await browser.GetStringAsync(sent.Headers.Location), StringComparison.Ordinal);
        foreach (var madeUp in new[] { "999999999", "101", "-1", "x", "1&sent=2", "" })
            Assert.DoesNotContain("arrived", await browser.GetStringAsync($"/s/{token}?sent={madeUp}"), StringComparison.Ordinal);

        var files = (await owner.GetJsonAsync($"/v1/files?parentId={folder}")).GetProperty("entries").EnumerateArray().ToDictionary(file => file.GetProperty("name").GetString()!, IdOf);
        Assert.Equal(["empty", "large", "small ü (1).txt", "small ü.txt"], files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(large, await owner.Http.GetByteArrayAsync($"/v1/files/{files["large"]}/content"));
        Assert.Equal(small, await owner.Http.GetByteArrayAsync($"/v1/files/{files["small ü (1).txt"]}/content"));
        Assert.Equal(0, (await owner.GetJsonAsync("/v1/me")).GetProperty("reservedBytes").GetInt64());

        foreach (var (type, body, status) in new[]
        {
            ("multipart/form-data", "x", 400),
            ("multipart/form-data; boundary=" + new string('b', 71), "x", 400),
            ("multipart/form-data; boundary=b", "x", 400),
            ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\n" + guard + "\r\n--b\r\nno header", 400),
        })
        {
            using var broken = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            broken.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
            using var answer = await browser.PostAsync($"/s/{token}", broken);
            Assert.Equal(status, (int)answer.StatusCode);
        }
    }

    [Fact]
    public async Task Form_takes_all_that_its_link_takes_and_a_page_says_what_is_too_much()
    {
        using var owner = await fixture.SignUpAsync();
        using var browser = fixture.CreateVisitor();
        browser.DefaultRequestHeaders.Add("Accept", "text/html,*/*;q=0.8");
        var folder = IdOf(await owner.MakeFolderAsync("box"));
        var (_, token) = await owner.MakeLinkAsync(folder, new { role = "upload", maxBytes = 10 });
        var guard = new string('A', 43);
        browser.DefaultRequestHeaders.Add("Cookie", $"gv-form={guard}");

        foreach (var (sizes, status, text) in new (int[], HttpStatusCode, string)[]
        {
            ([11], HttpStatusCode.RequestEntityTooLarge, "at most 10 bytes together"),
            ([6, 5], HttpStatusCode.RequestEntityTooLarge, "at most 10 bytes together. One file before it has arrived"),
            ([500_000], HttpStatusCode.RequestEntityTooLarge, "at most 4 bytes together"),
            ([4], HttpStatusCode.SeeOther, ""),
        })
        {
            using var form = Form(guard, [.. sizes.Select((size, i) => ($"{size}-{i}", new byte[size]))]);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/s/{token}") { Content = form };
            // The answer may come before the body is sent: nothing is to be lost then.
            request.Headers.ExpectContinue = true;
            using var answer = await browser.SendAsync(request);
            Assert.Equal(status, answer.StatusCode);
            var page = await answer.Content.ReadAsStringAsync();
            Assert.Contains(text, page, StringComparison.Ordinal);
            Assert.True(text.Length == 0 || answer.Content.Headers.ContentType?.MediaType == "text/html", page);
        }

        Assert.Contains("takes no more files", await browser.GetStringAsync($"/s/{token}"), StringComparison.Ordinal);
        var files = (await owner.GetJsonAsync($"/v1/files?parentId={folder}")).GetProperty("entries").EnumerateArray().Select(file => file.GetProperty("name").GetString());
        Assert.Equal(["4-0", "6-0"], files);
        Assert.Equal((10, 0), ((await owner.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64(), (await owner.GetJsonAsync("/v1/me")).GetProperty("reservedBytes").GetInt64()));
    }

    [Fact]
    public async Task Limits_of_a_link_are_told_to_its_owner_and_hold_for_its_visitors()
    {
        using var owner = await fixture.SignUpAsync();
        using var visitor = fixture.CreateVisitor();
        var folder = IdOf(await owner.MakeFolderAsync("box"));
        foreach (var wrong in new object[] { new { role = "upload", maxFiles = 0 }, new { role = "upload", maxFiles = 10_001 }, new { role = "upload", maxBytes = 0 } })
            await RefusedAsync(owner.PostAsync($"/v1/files/{folder}/links", wrong), 400, "invalid");
        var (_, token) = await owner.MakeLinkAsync(folder, new { role = "upload", maxFiles = 2, maxBytes = 1_000 });
        await RefusedAsync(visitor.PostAsJsonAsync($"/s/{token}/uploads", new { name = "x", size = 1_001 }), 413, "too-large");
        Assert.Contains("at most 1000 bytes together", await visitor.GetStringAsync($"/s/{token}"), StringComparison.Ordinal);

        using var created = await visitor.PostAsJsonAsync($"/s/{token}/uploads", new { name = "x", size = 600 });
        var upload = await JsonAsync(created);
        Assert.InRange(upload.GetProperty("expiresAt").GetDateTimeOffset() - DateTimeOffset.UtcNow, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(70));
        using var early = await visitor.PostAsJsonAsync($"/s/{token}/uploads", new { name = "y", size = 401 });
        Assert.Equal((HttpStatusCode.TooManyRequests, true), (early.StatusCode, early.Headers.RetryAfter is not null));
        Assert.Equal("throttled", (await JsonAsync(early)).GetProperty("type").GetString());
        visitor.DefaultRequestHeaders.Add("X-Upload-Secret", upload.GetProperty("secret").GetString());
        using (var part = await visitor.PutAsync($"/s/{token}/uploads/{IdOf(upload)}/parts/1", new ByteArrayContent(new byte[600])))
            Assert.Equal(HttpStatusCode.OK, part.StatusCode);
        using (var completed = await visitor.PostAsync($"/s/{token}/uploads/{IdOf(upload)}/complete", null))
            Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
        await RefusedAsync(visitor.PostAsJsonAsync($"/s/{token}/uploads", new { name = "y", size = 401 }), 507, "quota-exceeded");

        var guard = new string('A', 43);
        var sent = new List<HttpStatusCode>();
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/s/{token}") { Content = Form(guard, ("y", [])) };
            request.Headers.Add("Cookie", $"gv-form={guard}");
            using var answer = await visitor.SendAsync(request);
            sent.Add(answer.StatusCode);
        }

        Assert.Equal([HttpStatusCode.SeeOther, HttpStatusCode.InsufficientStorage], sent);
        Assert.Contains("takes no more files", await visitor.GetStringAsync($"/s/{token}"), StringComparison.Ordinal);
        var link = Assert.Single((await owner.GetJsonAsync($"/v1/files/{folder}/links")).GetProperty("links").EnumerateArray());
        Assert.Equal([2, 2, 1_000, 600], new[] { "maxFiles", "files", "maxBytes", "bytes" }.Select(name => link.GetProperty(name).GetInt64()));
        Assert.Equal((600, 0), ((await owner.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64(), (await owner.GetJsonAsync("/v1/me")).GetProperty("reservedBytes").GetInt64()));
    }

    private static MultipartFormDataContent Form(string guard, params (string Name, byte[] Content)[] files)
    {
        var form = new MultipartFormDataContent { { new StringContent(guard), "form" } };
        foreach (var (name, content) in files)
        {
            var part = new ByteArrayContent(content);
            // As browsers write it: the bytes of the name, in quotes.
            part.Headers.TryAddWithoutValidation("Content-Disposition", $"form-data; name=\"files\"; filename*=UTF-8''{Uri.EscapeDataString(name)}");
            form.Add(part);
        }

        return form;
    }
}
