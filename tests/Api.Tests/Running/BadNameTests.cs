using System.Net;
using System.Text;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

[Collection(RunningVault.Name)]
public sealed class BadNameTests(VaultFixture fixture)
{
    public static TheoryData<string> Refused => new()
    {
        "", ".", "..", "a/b", "/", "../../etc/passwd", "a\0b", "a\nb", "a\r\nSet-Cookie: x=1", "\u007f", "\u0085", "\u202ea", "a\u2066", "\u200f",
        new string('x', 256), new string('x', 1000), new string('ü', 128), string.Concat(Enumerable.Repeat("😀", 64)),
    };

    public static TheoryData<string> Taken => new()
    {
        "a", " ", "a b", "...", ".hidden", "a\\b", "a:b*c?d\"e<f>g|h", "50%.txt", "%2e%2e", "ünï.txt", "日本語", "😀.png", "e\u0301.txt", "a+b&c=d;e#f",
        "\ufffe", "a\ufffeb\uffff", "CON", "a'b; DROP TABLE entries; --", new string('x', 255), string.Concat(Enumerable.Repeat("😀", 63)), "semi;colon.txt", "tab-free",
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Forbidden_name_is_400_everywhere(string name)
    {
        using var user = await fixture.SignUpAsync();
        var before = await user.StateAsync();
        await RefusedAsync(user.PostAsync("/v1/uploads", new { name, size = 1 }), 400, "invalid");
        await RefusedAsync(user.Http.PostAsync($"/v1/files?name={Uri.EscapeDataString(name)}", new ByteArrayContent([1])), 400, "invalid");
        await RefusedAsync(user.Http.PostAsync($"/v1/files?name={Uri.EscapeDataString(name)}", new ByteArrayContent(new byte[9 << 20])), 400, "invalid");
        await RefusedAsync(user.PostAsync("/v1/folders", new { name }), 400, "invalid");
        Assert.Equal(before, await user.StateAsync());
    }

    [Theory]
    [MemberData(nameof(Taken))]
    public async Task Any_other_name_comes_back_exactly(string name)
    {
        using var user = await fixture.SignUpAsync();
        var content = Encoding.UTF8.GetBytes(name);
        var file = await user.PutFileAsync(name, content);
        Assert.Equal(name, file.GetProperty("name").GetString());
        using (var same = await user.PostAsync("/v1/folders", new { name }))
            Assert.Equal(HttpStatusCode.Conflict, same.StatusCode);
        var listed = Assert.Single((await user.GetJsonAsync("/v1/files")).GetProperty("entries").EnumerateArray());
        Assert.Equal(name, listed.GetProperty("name").GetString());

        using var response = await user.Http.GetAsync($"/v1/files/{IdOf(file)}/content");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var disposition = Assert.Single(response.Content.Headers.GetValues("Content-Disposition"));
        Assert.DoesNotContain(disposition, c => c is < ' ' or > '~');
        var parsed = response.Content.Headers.ContentDisposition!;
        Assert.Equal("attachment", parsed.DispositionType);
        Assert.Equal(name, parsed.FileNameStar ?? parsed.FileName!.Trim('"'));
        Assert.Equal(content, await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [MemberData(nameof(Taken))]
    public async Task Any_name_is_found_by_its_path(string name)
    {
        using var user = await fixture.SignUpAsync();
        var file = await user.PutFileAsync(name, [1, 2, 3]);
        var path = "/v1/files/by-path/" + Uri.EscapeDataString(name);
        Assert.Equal(IdOf(file), IdOf(await user.GetJsonAsync(path)));
        Assert.Equal([1, 2, 3], await user.Http.GetByteArrayAsync(path + "?content=true"));
    }

    [Fact]
    public async Task Name_is_taken_in_every_spelling_of_the_same_letters()
    {
        using var user = await fixture.SignUpAsync();
        await user.PutFileAsync("Caf\u00e9.txt", [1]);
        await RefusedAsync(user.PostAsync("/v1/uploads", new { name = "cafe\u0301.TXT", size = 1 }), 409, "name-taken");
        await RefusedAsync(user.Http.PostAsync("/v1/files?name=CAF%C3%89.txt", new ByteArrayContent([1])), 409, "name-taken");
        using var renamed = await user.Http.PostAsync("/v1/files?name=CAF%C3%89.txt&onConflict=rename", new ByteArrayContent([1]));
        Assert.Equal(HttpStatusCode.Created, renamed.StatusCode);
        Assert.Equal("CAFÉ (1).txt", (await JsonAsync(renamed)).GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("missing")]
    [InlineData("a/b/c")]
    [InlineData("//")]
    [InlineData("a%0d%0ab")]
    public async Task Path_that_leads_nowhere_is_not_found(string path)
    {
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(user.Http.GetAsync("/v1/files/by-path/" + path), 404, "not-found");
    }

    [Fact]
    public async Task Path_whose_escapes_are_no_text_is_refused()
    {
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(user.Http.GetAsync("/v1/files/by-path/%ff%fe"), 400, "bad-request");
    }
}
