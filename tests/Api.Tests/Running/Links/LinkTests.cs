using System.Net;
using System.Net.Http.Json;
using System.Text;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.Links;

/// <summary>Links as owners and visitors see them.</summary>
[Collection(RunningVault.Name)]
public sealed class LinkTests(VaultFixture fixture)
{
    private static readonly byte[] Content = "0123456789"u8.ToArray();

    [Fact]
    public async Task Link_gives_the_content_with_ranges_and_conditions_until_it_is_revoked()
    {
        using var user = await fixture.SignUpAsync();
        using var visitor = Visitor();
        var file = IdOf(await user.PutFileAsync("naïve \"name\".txt", Content));
        var (id, token) = await user.MakeLinkAsync(file);

        using (var whole = await visitor.VisitAsync($"/s/{token}/content"))
        {
            Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
            Assert.Equal(Content, await whole.Content.ReadAsByteArrayAsync());
            Assert.Equal(("no-store, private", "no-referrer"), (whole.Headers.GetValues("Cache-Control").Single(), whole.Headers.GetValues("Referrer-Policy").Single()));
            Assert.Equal("naïve \"name\".txt", whole.Content.Headers.ContentDisposition!.FileNameStar);
            var tag = whole.Headers.ETag!.ToString();
            using var part = await visitor.VisitAsync($"/s/{token}/content", ("Range", "bytes=2-4"), ("If-Range", tag));
            Assert.Equal((HttpStatusCode.PartialContent, "234"), (part.StatusCode, await part.Content.ReadAsStringAsync()));
            using var same = await visitor.VisitAsync($"/s/{token}/content", ("If-None-Match", tag));
            Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
            await RefusedAsync(visitor.VisitAsync($"/s/{token}/content", ("Range", "bytes=10-")), 416, "range-not-satisfiable");
            await RefusedAsync(visitor.VisitAsync($"/s/{token}/content", ("If-Match", "\"x\"")), 412, "precondition-failed");
            using var head = await visitor.VisitAsync(HttpMethod.Head, $"/s/{token}/content");
            Assert.Equal((HttpStatusCode.OK, 10L), (head.StatusCode, head.Content.Headers.ContentLength));
        }

        var listed = Assert.Single((await user.GetJsonAsync($"/v1/files/{file}/links")).GetProperty("links").EnumerateArray());
        Assert.Equal((id, "view", 2L), (IdOf(listed), listed.GetProperty("role").GetString(), listed.GetProperty("downloads").GetInt64()));
        Assert.False(listed.TryGetProperty("url", out _));
        await RefusedAsync(visitor.GetAsync($"/s/{token}/files"), 404, "not-found");
        using var other = await fixture.SignUpAsync();
        await RefusedAsync(other.Http.DeleteAsync($"/v1/links/{id}"), 404, "not-found");
        using var revoked = await user.Http.DeleteAsync($"/v1/links/{id}");
        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        await RefusedAsync(visitor.GetAsync($"/s/{token}/content"), 404, "not-found");
        await RefusedAsync(user.Http.DeleteAsync($"/v1/links/{id}"), 404, "not-found");
    }

    [Fact]
    public async Task Limit_holds_when_everybody_comes_at_once_and_a_download_that_was_cut_goes_on_with_its_ticket()
    {
        using var user = await fixture.SignUpAsync();
        using var visitor = Visitor();
        var (_, token) = await user.MakeLinkAsync(IdOf(await user.PutFileAsync("x", Content)), new { maxDownloads = 5 });
        using (var head = await visitor.VisitAsync(HttpMethod.Head, $"/s/{token}/content"))
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => visitor.VisitAsync($"/s/{token}/content?redirect=true")));

        Assert.Equal(5, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Equal(59, answers.Count(answer => answer.StatusCode == HttpStatusCode.NotFound));
        var counted = answers.First(answer => answer.StatusCode == HttpStatusCode.OK);
        var ticket = counted.Headers.GetValues("X-Download-Ticket").Single();
        var cookie = counted.Headers.GetValues("Set-Cookie").Single();
        Assert.Matches($"; path=/s/{token}/content; samesite=lax; httponly$", cookie);
        foreach (var answer in answers)
            answer.Dispose();

        using var byHeader = await visitor.VisitAsync($"/s/{token}/content", ("Range", "bytes=5-"), ("X-Download-Ticket", ticket));
        Assert.Equal((HttpStatusCode.PartialContent, "56789"), (byHeader.StatusCode, await byHeader.Content.ReadAsStringAsync()));
        using var byQuery = await visitor.VisitAsync($"/s/{token}/content?ticket={ticket}", ("Range", "bytes=7-"));
        Assert.Equal("789", await byQuery.Content.ReadAsStringAsync());
        using var byCookie = await visitor.VisitAsync($"/s/{token}/content", ("Range", "bytes=9-"), ("Cookie", cookie[..cookie.IndexOf(';')]));
        Assert.Equal("9", await byCookie.Content.ReadAsStringAsync());
        // With these 19 bytes of 30 one more is the whole; the end of a ticket is that of the download, with a range or without.
        using var whole = await visitor.VisitAsync($"/s/{token}/content?ticket={ticket}");
        Assert.Equal(Content, await whole.Content.ReadAsByteArrayAsync());
        await RefusedAsync(visitor.VisitAsync($"/s/{token}/content?ticket={ticket}"), 404, "not-found");
        await RefusedAsync(visitor.VisitAsync($"/s/{token}/content?ticket={ticket}", ("Range", "bytes=0-")), 404, "not-found");
        // A browser sends the cookie also with what is another download.
        await RefusedAsync(visitor.VisitAsync($"/s/{token}/content", ("Cookie", cookie[..cookie.IndexOf(';')])), 404, "not-found");
        await RefusedAsync(visitor.VisitAsync($"/s/{token}/content?ticket=x"), 404, "not-found");
        using var spent = await visitor.VisitAsync(HttpMethod.Head, $"/s/{token}/content");
        Assert.Equal(HttpStatusCode.NotFound, spent.StatusCode);
    }

    [Fact]
    public async Task Download_whose_connection_is_cut_takes_of_its_ticket_only_what_was_sent()
    {
        using var user = await fixture.SignUpAsync();
        using var visitor = Visitor();
        // More than goes to somebody who reads nothing.
        var content = new byte[24 << 20];
        var (_, token) = await user.MakeLinkAsync(IdOf(await user.PutFileAsync("large", content)), new { maxDownloads = 1 });
        string? ticket = null;
        // A ticket is good for three times the size: without what is given back, the fourth would be refused for good.
        for (var cut = 1; cut <= 5; cut++)
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    using var slow = fixture.CreateSlowClient();
                    using var request = new HttpRequestMessage(HttpMethod.Get, $"/s/{token}/content{(ticket is null ? "" : $"?ticket={ticket}")}");
                    using var answer = await slow.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                    if (answer.StatusCode != HttpStatusCode.OK)
                        return false;
                    ticket ??= answer.Headers.GetValues("X-Download-Ticket").Single();
                    return true;
                },
                TimeSpan.FromSeconds(30),
                () => $"cut {cut} finds nothing left of the ticket");
        }

        byte[]? whole = null;
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await visitor.VisitAsync($"/s/{token}/content?ticket={ticket}");
                whole = answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadAsByteArrayAsync() : null;
                return whole is not null;
            },
            TimeSpan.FromSeconds(30),
            () => "nothing is left for the whole");
        Assert.Equal(content, whole);
    }

    [Fact]
    public async Task Redirect_leads_to_the_store_for_no_longer_than_configured()
    {
        using var user = await fixture.SignUpAsync();
        using var visitor = Visitor();
        var (_, token) = await user.MakeLinkAsync(IdOf(await user.PutFileAsync("report.txt", Content)), new { password = "sesame", expiresAt = DateTimeOffset.UtcNow.AddDays(1) });

        await RefusedAsync(visitor.VisitAsync($"/s/{token}/content?redirect=true"), 401, "bad-credentials");
        using var redirect = await visitor.VisitAsync($"/s/{token}/content?redirect=true", ("X-Link-Password", "sesame"));
        Assert.Equal(HttpStatusCode.TemporaryRedirect, redirect.StatusCode);
        Assert.True(redirect.Headers.CacheControl!.NoStore);
        using var stored = await visitor.GetAsync(redirect.Headers.Location);
        Assert.Equal(Content, await stored.Content.ReadAsByteArrayAsync());
        Assert.Equal("report.txt", stored.Content.Headers.ContentDisposition!.FileName!.Trim('"'));
    }

    [Fact]
    public async Task Password_is_asked_for_whatever_its_letters()
    {
        using var user = await fixture.SignUpAsync();
        using var visitor = Visitor();
        var (_, token) = await user.MakeLinkAsync(IdOf(await user.PutFileAsync("x", Content)), new { password = "öffne dich" });

        using (var asked = await visitor.VisitAsync($"/s/{token}/content"))
            Assert.Equal((HttpStatusCode.Unauthorized, "LinkPassword"), (asked.StatusCode, asked.Headers.WwwAuthenticate.Single().Scheme));
        await RefusedAsync(visitor.VisitAsync($"/s/{token}/content", ("X-Link-Password", "wrong")), 401, "bad-credentials");
        using var raw = await RawClient.ConnectAsync(fixture.Address);
        await raw.SendAsync(Encoding.UTF8.GetBytes($"GET /s/{token}/content HTTP/1.1\r\nHost: vault\r\nRange: bytes=0-0\r\nX-Link-Password: öffne dich\r\n\r\n"));
        Assert.Equal(206, await raw.StatusAsync());
    }

    [Fact]
    public async Task Folder_is_listed_for_visitors_without_what_is_the_owners_business()
    {
        using var user = await fixture.SignUpAsync();
        using var visitor = Visitor();
        var folder = IdOf(await user.MakeFolderAsync("folder"));
        var inner = IdOf(await user.MakeFolderAsync("inner", folder));
        var file = IdOf(await user.PutFileAsync("x.txt", Content));
        await user.PatchAsync(file, new { parentId = inner });
        var (_, token) = await user.MakeLinkAsync(folder);

        var page = await JsonAsync(await visitor.GetAsync($"/s/{token}/files?limit=1"));
        Assert.Equal(inner, IdOf(Assert.Single(page.GetProperty("entries").EnumerateArray())));
        var below = Assert.Single((await JsonAsync(await visitor.GetAsync($"/s/{token}/files?parentId={inner}"))).GetProperty("entries").EnumerateArray());
        Assert.Equal(["id", "kind", "name", "size", "contentType", "modifiedAt"], below.EnumerateObject().Select(member => member.Name));
        Assert.Equal(Content, await visitor.GetByteArrayAsync($"/s/{token}/files/{file}/content"));
        await RefusedAsync(visitor.GetAsync($"/s/{token}/content"), 404, "not-found");
        await RefusedAsync(visitor.GetAsync($"/s/{token}/files/{inner}/content"), 404, "not-found");
        foreach (var wrong in new[] { "limit=0", "limit=1001", "limit=x", "cursor=x" })
            await RefusedAsync(visitor.GetAsync($"/s/{token}/files?{wrong}"), 400, wrong == "limit=x" ? "bad-request" : "invalid");

        await user.PatchAsync(file, """{"parentId":null}""");
        await RefusedAsync(visitor.GetAsync($"/s/{token}/files/{file}/content"), 404, "not-found");
        using (await user.Http.DeleteAsync($"/v1/files/{folder}"))
            await RefusedAsync(visitor.GetAsync($"/s/{token}/files"), 404, "not-found");
    }

    [Fact]
    public async Task Repeat_with_an_idempotency_key_tells_the_url_again()
    {
        using var user = await fixture.SignUpAsync();
        var file = IdOf(await user.PutFileAsync("x", Content));
        var urls = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            using var response = await SendAsync(new { password = "sesame", maxDownloads = 2 });
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            urls.Add((await JsonAsync(response)).GetProperty("url").GetString()!);
        }

        Assert.Single(urls.Distinct());
        Assert.Single((await user.GetJsonAsync($"/v1/files/{file}/links")).GetProperty("links").EnumerateArray());
        await RefusedAsync(SendAsync(new { password = "sesame", maxDownloads = 3 }), 422, "idempotency-key-reused");

        Task<HttpResponseMessage> SendAsync(object body)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/files/{file}/links") { Content = JsonContent.Create(body) };
            request.Headers.Add("Idempotency-Key", "the link");
            return user.Http.SendAsync(request);
        }
    }

    [Theory]
    [InlineData("""{"password":""}""", 400)]
    [InlineData("""{"password":" x"}""", 400)]
    [InlineData("""{"password":7}""", 400)]
    [InlineData("""{"maxDownloads":0}""", 400)]
    [InlineData("""{"maxDownloads":-1}""", 400)]
    [InlineData("""{"maxDownloads":9223372036854775808}""", 400)]
    [InlineData("""{"maxDownloads":1.5}""", 400)]
    [InlineData("""{"expiresAt":"2020-01-01T00:00:00Z"}""", 400)]
    [InlineData("""{"expiresAt":"soon"}""", 400)]
    [InlineData("""{"expiresAt":"9999-12-31T23:59:59.9999999-14:00"}""", 400)]
    [InlineData("""{"role":"upload"}""", 400)]
    [InlineData("""{"role":"edit"}""", 400)]
    [InlineData("""{"maxFiles":1}""", 400)]
    [InlineData("""{"maxBytes":1}""", 400)]
    [InlineData("""{"url":"x"}""", 400)]
    [InlineData("[]", 400)]
    [InlineData("null", 201)]
    [InlineData("{}", 201)]
    public async Task Body_of_a_link_is_checked(string json, int status)
    {
        using var user = await fixture.SignUpAsync();
        var file = IdOf(await user.PutFileAsync("x", Content));
        using var response = await user.PostJsonAsync($"/v1/files/{file}/links", json);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 201 ? 1 : 0, (await user.GetJsonAsync($"/v1/files/{file}/links")).GetProperty("links").GetArrayLength());
    }

    [Fact]
    public async Task Links_need_a_right_and_paths_that_lead_nowhere_are_all_alike()
    {
        using var owner = await fixture.SignUpAsync();
        using var editor = await fixture.SignUpAsync();
        using var visitor = Visitor();
        var file = IdOf(await owner.PutFileAsync("x", Content));
        using (var shared = await owner.Http.PutAsJsonAsync($"/v1/files/{file}/shares/{editor.UserId}", new { role = "editor" }))
            Assert.Equal(HttpStatusCode.OK, shared.StatusCode);
        var (id, token) = await owner.MakeLinkAsync(file);

        await RefusedAsync(editor.PostAsync($"/v1/files/{file}/links", new { }), 403, "forbidden");
        await RefusedAsync(editor.Http.GetAsync($"/v1/files/{file}/links"), 403, "forbidden");
        await RefusedAsync(editor.Http.DeleteAsync($"/v1/links/{id}"), 403, "forbidden");
        await RefusedAsync(visitor.PostAsync($"/v1/files/{file}/links", null), 401, "unauthorized");
        await RefusedAsync(visitor.DeleteAsync($"/v1/links/{id}"), 401, "unauthorized");
        await RefusedAsync(owner.PostAsync("/v1/files/x/links", new { }), 404, "not-found");
        await RefusedAsync(owner.Http.DeleteAsync("/v1/links/x"), 404, "not-found");

        var answers = new HashSet<string>();
        foreach (var wrong in new[] { "x", new string('A', 43), new string('A', 42) + "B", token + "x", token[..42], Ids.New(Ids.Link), new string('a', 3_000) })
        {
            foreach (var path in new[] { $"/s/{wrong}/content", $"/s/{wrong}/files", $"/s/{wrong}/files/{file}/content" })
            {
                var problem = await RefusedAsync(visitor.VisitAsync(path, ("X-Link-Password", "x")), 404, "not-found");
                answers.Add(string.Join('|', problem.EnumerateObject().Where(member => member.Name is not ("traceId" or "requestId")).Select(member => member.Value.ToString())));
            }
        }

        Assert.Single(answers);
        // A login of somebody changes nothing for a visitor, and a broken token is no matter here.
        using var odd = await visitor.VisitAsync($"/s/{token}/content", ("Authorization", "Bearer x"));
        Assert.Equal(HttpStatusCode.OK, odd.StatusCode);
    }

    [Fact]
    public async Task Tokens_passwords_and_tickets_reach_no_log()
    {
        using var user = await fixture.SignUpAsync();
        using var visitor = Visitor();
        var folder = IdOf(await user.MakeFolderAsync("folder"));
        var (_, token) = await user.MakeLinkAsync(folder, new { password = $"secret-{folder}" });
        var mark = $"mark{Guid.NewGuid():n}";

        foreach (var path in new[] { $"/s/{token}/content", $"/S/{token}/files", $"/s/{token}", $"/s/{token}/", $"/v1/{token}", $"/%73/{token}/files/x/content", $"/s/{token[..20]}" })
        {
            using var answer = await visitor.VisitAsync($"{path}?ticket={mark}", ("X-Link-Password", $"secret-{folder}"), ("X-Request-Id", mark));
            Assert.True((int)answer.StatusCode < 500);
        }

        await Eventually.TrueAsync(
            () => Task.FromResult(fixture.Vault.Log.Split('\n').Count(line => line.Contains(mark, StringComparison.Ordinal)) >= 7), TimeSpan.FromSeconds(10), () => "lines are missing");
        Assert.DoesNotContain(token[..20], fixture.Vault.Log, StringComparison.Ordinal);
        Assert.DoesNotContain($"secret-{folder}", fixture.Vault.Log, StringComparison.Ordinal);
        Assert.DoesNotContain($"ticket={mark}", fixture.Vault.Log, StringComparison.Ordinal);
    }

    // Cookies are sent by tests alone.
    private HttpClient Visitor() => fixture.CreateVisitor();
}
