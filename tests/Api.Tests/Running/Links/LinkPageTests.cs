using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.Links;

/// <summary>The page of a link, as a browser without scripts uses it.</summary>
[Collection(RunningVault.Name)]
public sealed partial class LinkPageTests(VaultFixture fixture)
{
    private const string Evil = "<img src=x onerror=alert(1)>&\"'.txt";

    [Fact]
    public async Task File_is_shown_with_its_name_as_text_and_downloaded()
    {
        using var user = await fixture.SignUpAsync();
        var (_, token) = await user.MakeLinkAsync(IdOf(await user.PutFileAsync(Evil, new byte[1536], "text/plain; x=\"<b>\"")), new { expiresAt = new DateTimeOffset(2099, 1, 2, 3, 4, 0, TimeSpan.Zero) });
        using var browser = Browser();

        using var response = await browser.GetAsync($"/s/{token}");
        var html = await response.Content.ReadAsStringAsync();

        Assert.Equal((HttpStatusCode.OK, "text/html"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.Contains("<h1 dir=\"auto\">&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#x27;.txt</h1>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
        Assert.Contains("<dd>1.5 KiB</dd>", html, StringComparison.Ordinal);
        Assert.Contains("until 2 January 2099, 03:04 UTC", html, StringComparison.Ordinal);
        Assert.Contains("<html lang=\"en\">", html, StringComparison.Ordinal);
        CheckHeaders(response, html);
        Assert.Equal(new byte[1536], await browser.GetByteArrayAsync(Href().Match(html).Groups[1].Value));
        using var head = await browser.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/s/{token}"));
        Assert.Equal((response.Content.Headers.ContentLength, 0), (head.Content.Headers.ContentLength, (await head.Content.ReadAsByteArrayAsync()).Length));
        using var slash = await browser.GetAsync($"/s/{token}/");
        Assert.Contains($"href=\"/s/{token}/content\"", await slash.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_is_walked_by_its_links()
    {
        using var user = await fixture.SignUpAsync();
        var folder = IdOf(await user.MakeFolderAsync("top"));
        var inner = IdOf(await user.MakeFolderAsync("inner", folder));
        for (var i = 0; i < 101; i++)
            await user.MakeFolderAsync($"n{i:000}", inner);
        var file = IdOf(await user.PutFileAsync("x.txt", [1, 2, 3]));
        await user.PatchAsync(file, new { parentId = inner });
        var (_, token) = await user.MakeLinkAsync(folder);
        using var browser = Browser();

        var top = await browser.GetStringAsync($"/s/{token}");
        Assert.DoesNotContain("Up one folder", top, StringComparison.Ordinal);
        var first = await browser.GetStringAsync(LinkTo(top, "inner"));
        Assert.Contains("Choose a file", first, StringComparison.Ordinal);
        Assert.Equal(101, Regex.Count(first, "<tr>"));
        var second = await browser.GetStringAsync(LinkTo(first, "Next page"));
        Assert.DoesNotContain("Next page", second, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], await browser.GetByteArrayAsync(LinkTo(second, "x.txt")));
        Assert.Equal(first, await browser.GetStringAsync(LinkTo(second, "First page")));
        Assert.Contains("<h1 dir=\"auto\">top</h1>", await browser.GetStringAsync(LinkTo(second, "Up one folder")), StringComparison.Ordinal);
        Assert.Contains("The folder is empty.", await browser.GetStringAsync(LinkTo(first, "n000")), StringComparison.Ordinal);

        using var hidden = await browser.GetAsync($"/s/{token}?parentId={Ids.New(Ids.File)}");
        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
        using var forged = await browser.GetAsync($"/s/{token}?cursor=x");
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
    }

    [Fact]
    public async Task Folder_is_downloaded_as_a_whole_by_its_button_and_counts_once()
    {
        using var user = await fixture.SignUpAsync();
        var folder = IdOf(await user.MakeFolderAsync("top"));
        var inner = IdOf(await user.MakeFolderAsync("inner", folder));
        await user.MakeFolderAsync("empty", inner);
        foreach (var (name, parent) in new[] { ("a.txt", folder), ("b.txt", inner) })
            await user.PatchAsync(IdOf(await user.PutFileAsync(name, [1, 2, 3])), new { parentId = parent });
        var (_, token) = await user.MakeLinkAsync(folder, new { password = "sesame", maxDownloads = 3 });
        using var browser = Browser();
        using (var locked = await browser.GetAsync($"/s/{token}/zip"))
            Assert.Equal((HttpStatusCode.Unauthorized, "text/html"), (locked.StatusCode, locked.Content.Headers.ContentType!.MediaType));
        using (var unlocked = await browser.PostAsync($"/s/{token}", Form(await (await browser.GetAsync($"/s/{token}")).Content.ReadAsStringAsync(), "sesame")))
            Assert.Equal(HttpStatusCode.SeeOther, unlocked.StatusCode);

        var top = await browser.GetStringAsync($"/s/{token}");
        using var response = await browser.GetAsync(LinkTo(top, "Download all as zip"));
        Assert.Equal(("application/zip", "attachment; filename=\"top.zip\"", true),
            (response.Content.Headers.ContentType!.MediaType, response.Content.Headers.ContentDisposition!.ToString(), response.Headers.CacheControl!.NoStore));
        Assert.Equal(["top/", "top/a.txt", "top/inner/", "top/inner/b.txt", "top/inner/empty/"], Names(await response.Content.ReadAsByteArrayAsync()));
        var below = await browser.GetStringAsync(LinkTo(top, "inner"));
        Assert.DoesNotContain("Download all", await browser.GetStringAsync(LinkTo(below, "empty")), StringComparison.Ordinal);
        Assert.Equal(["inner/", "inner/b.txt", "inner/empty/"], Names(await browser.GetByteArrayAsync(LinkTo(below, "Download all as zip"))));
        Assert.Equal(2, Assert.Single((await user.GetJsonAsync($"/v1/files/{folder}/links")).GetProperty("links").EnumerateArray()).GetProperty("downloads").GetInt64());

        using var program = fixture.CreateVisitor();
        await RefusedAsync(program.GetAsync($"/s/{token}/zip"), 401, "bad-credentials");
        await RefusedAsync(program.VisitAsync($"/s/{token}/zip?parentId={Ids.New(Ids.File)}", ("X-Link-Password", "sesame")), 404, "not-found");
        using var last = await program.VisitAsync($"/s/{token}/zip", ("X-Link-Password", "sesame"));
        Assert.Equal(5, Names(await last.Content.ReadAsByteArrayAsync()).Count);
        await RefusedAsync(program.VisitAsync($"/s/{token}/zip", ("X-Link-Password", "sesame")), 404, "not-found");
        using var gone = await browser.GetAsync($"/s/{token}/zip");
        Assert.Equal((HttpStatusCode.NotFound, "text/html"), (gone.StatusCode, gone.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task Password_is_told_once_and_opens_page_and_content_for_this_browser()
    {
        using var user = await fixture.SignUpAsync();
        var (_, token) = await user.MakeLinkAsync(IdOf(await user.PutFileAsync("x.txt", [1, 2, 3])), new { password = "öffne & dich" });
        using var browser = Browser();

        using var asked = await browser.GetAsync($"/s/{token}");
        var html = await asked.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, asked.StatusCode);
        Assert.DoesNotContain("x.txt", html, StringComparison.Ordinal);
        Assert.Contains("<label for=\"password\">", html, StringComparison.Ordinal);
        CheckHeaders(asked, html);

        using var wrong = await browser.PostAsync($"/s/{token}", Form(html, "wrong"));
        var again = await wrong.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Contains("role=\"alert\"", again, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", again, StringComparison.Ordinal);
        CheckHeaders(wrong, again);
        using var right = await browser.PostAsync($"/s/{token}", Form(again, "öffne & dich"));
        Assert.Equal((HttpStatusCode.SeeOther, $"/s/{token}"), (right.StatusCode, right.Headers.Location?.OriginalString));
        Assert.Matches($"^gv-link=[^;]+; max-age=3600; path=/s/{token}; samesite=strict; httponly$", right.Headers.GetValues("Set-Cookie").Single());

        Assert.Contains("x.txt", await browser.GetStringAsync($"/s/{token}"), StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], await browser.GetByteArrayAsync($"/s/{token}/content"));
        using var stranger = Browser();
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync($"/s/{token}/content")).StatusCode);
    }

    [Fact]
    public async Task Form_of_another_site_or_without_cookies_tries_no_password()
    {
        using var user = await fixture.SignUpAsync();
        var (_, token) = await user.MakeLinkAsync(IdOf(await user.PutFileAsync("x.txt", [1])), new { password = "right" });
        using var browser = Browser();
        var html = await (await browser.GetAsync($"/s/{token}")).Content.ReadAsStringAsync();
        using var other = Browser();
        Assert.Equal(HttpStatusCode.Unauthorized, (await other.GetAsync($"/s/{token}")).StatusCode);

        using var noCookie = Browser(useCookies: false);
        Assert.Equal(HttpStatusCode.Forbidden, (await noCookie.PostAsync($"/s/{token}", Form(html, "right"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await other.PostAsync($"/s/{token}", Form(html, "right"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.PostAsync($"/s/{token}", new FormUrlEncodedContent([new("password", "right")]))).StatusCode);
        foreach (var site in new[] { "cross-site", "same-site", "none" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/s/{token}") { Content = Form(html, "right") };
            request.Headers.Add("Sec-Fetch-Site", site);
            Assert.Equal(HttpStatusCode.Forbidden, (await browser.SendAsync(request)).StatusCode);
        }

        using var own = new HttpRequestMessage(HttpMethod.Post, $"/s/{token}") { Content = Form(html, "right") };
        own.Headers.Add("Sec-Fetch-Site", "same-origin");
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.SendAsync(own)).StatusCode);
    }

    [Fact]
    public async Task Bad_forms_and_links_get_a_page_or_a_problem_by_what_the_client_reads()
    {
        using var user = await fixture.SignUpAsync();
        var (_, token) = await user.MakeLinkAsync(IdOf(await user.PutFileAsync("x.txt", [1])), new { password = "right" });
        using var browser = Browser();
        using var program = fixture.CreateVisitor();

        using var gone = await browser.GetAsync($"/s/{new string('A', 43)}");
        Assert.Equal((HttpStatusCode.NotFound, "text/html"), (gone.StatusCode, gone.Content.Headers.ContentType!.MediaType));
        await RefusedAsync(program.GetAsync($"/s/{new string('A', 43)}"), 404, "not-found");
        await RefusedAsync(program.PostAsync($"/s/{token}", new StringContent("{}", null, "application/json")), 415, "unsupported-media-type");
        await RefusedAsync(program.PostAsync($"/s/{token}", null), 415, "unsupported-media-type");
        await RefusedAsync(program.PostAsync($"/s/{token}", new StringContent("password=" + new string('x', 5_000), null, "application/x-www-form-urlencoded")), 413, "too-large");
        var many = string.Concat(Enumerable.Range(0, 100).Select(i => $"k{i}=v&"));
        await RefusedAsync(program.PostAsync($"/s/{token}", new StringContent(many, null, "application/x-www-form-urlencoded")), 400, "bad-request");
        await RefusedAsync(program.DeleteAsync($"/s/{token}"), 405, "method-not-allowed");
        using var lost = await browser.PostAsync($"/s/{token}x", Form(await (await browser.GetAsync($"/s/{token}")).Content.ReadAsStringAsync(), "right"));
        Assert.Equal(HttpStatusCode.Forbidden, lost.StatusCode);
    }

    private static void CheckHeaders(HttpResponseMessage response, string html)
    {
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        var style = html.Split("<style>")[1].Split("</style>")[0];
        Assert.Contains(Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(style))), policy, StringComparison.Ordinal);
        Assert.Equal(("no-referrer", "no-store, private", "DENY"), (Value("Referrer-Policy"), Value("Cache-Control"), Value("X-Frame-Options")));

        string Value(string name) => response.Headers.GetValues(name).Single();
    }

    private static List<string> Names(byte[] zip)
    {
        using var archive = new ZipArchive(new MemoryStream(zip));
        return [.. archive.Entries.Select(entry => entry.FullName)];
    }

    private static string LinkTo(string html, string text) =>
        WebUtility.HtmlDecode(Regex.Match(html, $"href=\"([^\"]*)\">{Regex.Escape(text)}/?</a>").Groups[1].Value);

    private static FormUrlEncodedContent Form(string html, string password) =>
        new([new("form", Regex.Match(html, "name=\"form\" value=\"([^\"]*)\"").Groups[1].Value), new("password", password)]);

    // Errors are pages here, not problems.
    private HttpClient Browser(bool useCookies = true) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = useCookies })
        {
            BaseAddress = fixture.Address,
            DefaultRequestHeaders = { { "Accept", "text/html,*/*;q=0.8" } },
        };

    [GeneratedRegex("class=\"button\" href=\"([^\"]*)\"")]
    private static partial Regex Href();
}
