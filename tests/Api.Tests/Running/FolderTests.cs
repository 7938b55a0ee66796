using System.Net;
using System.Text;
using System.Text.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>Folders, renaming, moving and the trash as a client sees them.</summary>
[Collection(RunningVault.Name)]
public sealed class FolderTests(VaultFixture fixture)
{
    [Fact]
    public async Task Folder_is_made_listed_and_walked_by_path()
    {
        using var user = await fixture.SignUpAsync();
        using var made = await user.PostAsync("/v1/folders", new { name = "Photos" });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var folder = await JsonAsync(made);
        Assert.Equal($"/v1/files/{IdOf(folder)}", made.Headers.Location!.OriginalString);
        Assert.Equal(("folder", "Photos", JsonValueKind.Null), (Text(folder, "kind"), Text(folder, "name"), folder.GetProperty("parentId").ValueKind));
        var inner = await user.MakeFolderAsync("2026", IdOf(folder));
        using var put = await user.Http.PostAsync($"/v1/files?name=a.txt&parentId={IdOf(inner)}", new ByteArrayContent([1, 2, 3]));
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);

        Assert.Equal(IdOf(inner), IdOf(Assert.Single((await user.GetJsonAsync($"/v1/files?parentId={IdOf(folder)}")).GetProperty("entries").EnumerateArray())));
        Assert.Equal([1, 2, 3], await user.Http.GetByteArrayAsync("/v1/files/by-path/photos/2026/A.TXT?content=true"));
        await RefusedAsync(user.PostAsync("/v1/folders", new { name = "PHOTOS" }), 409, "name-taken");
        await RefusedAsync(user.Http.GetAsync($"/v1/files/{IdOf(folder)}/content"), 404, "not-found");
    }

    [Fact]
    public async Task Repeat_with_an_idempotency_key_makes_one_folder()
    {
        using var user = await fixture.SignUpAsync();
        var ids = new HashSet<string>();
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/folders") { Content = new StringContent("""{"name":"once"}""", Encoding.UTF8, "application/json") };
            request.Headers.Add("Idempotency-Key", "make it once");
            using var response = await user.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            ids.Add(IdOf(await JsonAsync(response)));
        }

        Assert.Single(ids);
    }

    [Fact]
    public async Task Parent_that_is_null_is_the_root_and_one_that_is_left_out_stays()
    {
        using var user = await fixture.SignUpAsync();
        var folder = IdOf(await user.MakeFolderAsync("f"));
        var file = IdOf(await user.PutFileAsync("x", [1]));

        Assert.Equal(folder, Text(await user.PatchAsync(file, new { parentId = folder }), "parentId"));
        Assert.Equal(folder, Text(await user.PatchAsync(file, new { name = "y" }), "parentId"));
        var root = await user.PatchAsync(file, """{"parentId":null}""");
        Assert.Equal((JsonValueKind.Null, "y"), (root.GetProperty("parentId").ValueKind, Text(root, "name")));
        Assert.Equal("public", Text(await user.PatchAsync(file, new { visibility = "public" }), "visibility"));

        using var visitor = fixture.CreateClient();
        Assert.Equal([1], await visitor.GetByteArrayAsync($"/v1/files/{file}/content"));
        await RefusedAsync(visitor.PatchAsync($"/v1/files/{file}", Json("""{"name":"z"}""")), 401, "unauthorized");
        Assert.Equal([file], (await user.GetJsonAsync("/v1/files?view=public")).GetProperty("entries").EnumerateArray().Select(IdOf));
    }

    [Fact]
    public async Task Change_is_refused_when_the_tag_is_not_that_of_the_entry()
    {
        using var user = await fixture.SignUpAsync();
        var file = IdOf(await user.PutFileAsync("x", [1]));
        using var read = await user.Http.GetAsync($"/v1/files/{file}");
        var tag = read.Headers.ETag!.ToString();

        foreach (var wrong in new[] { "\"m999\"", "W/" + tag, "\"other\"", "\"\"", "\"m\"", "\"m99999999999999999999\"" })
            await RefusedAsync(PatchIfAsync(user, file, wrong), 412, "version-conflict");
        await RefusedAsync(PatchIfAsync(user, file, "no tag"), 400, "invalid");
        using var changed = await PatchIfAsync(user, file, $"\"m999\", {tag}");
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.NotEqual(tag, changed.Headers.ETag!.ToString());
        await RefusedAsync(PatchIfAsync(user, file, tag), 412, "version-conflict");
        using var any = await PatchIfAsync(user, file, "*");
        Assert.Equal(HttpStatusCode.OK, any.StatusCode);
    }

    [Theory]
    [InlineData("{}", 400)]
    [InlineData("""{"name":7}""", 400)]
    [InlineData("""{"name":""}""", 400)]
    [InlineData("""{"name":"a/b"}""", 400)]
    [InlineData("""{"name":"x","parentId":7}""", 400)]
    [InlineData("""{"name":"x","parentId":""}""", 404)]
    [InlineData("""{"name":"x","parentId":"../x"}""", 404)]
    [InlineData("""{"name":"x","parentId":"f-00000000-0000-7000-8000-000000000000"}""", 404)]
    [InlineData("""{"name":"x","visibility":"public"}""", 400)]
    [InlineData("""{"name":"there"}""", 409)]
    public async Task Wrong_folder_is_not_made(string json, int status)
    {
        using var user = await fixture.SignUpAsync();
        await user.PutFileAsync("There", [1]);
        var before = await user.StateAsync();
        await RefusedAsync(user.PostJsonAsync("/v1/folders", json), status, status switch { 400 => "invalid", 404 => "not-found", _ => "name-taken" });
        Assert.Equal(before, await user.StateAsync());
    }

    [Theory]
    [InlineData("""{"name":"a/b"}""", 400, "invalid")]
    [InlineData("""{"name":"there"}""", 409, "name-taken")]
    [InlineData("""{"name":"new","parentId":"f-00000000-0000-7000-8000-000000000000"}""", 404, "not-found")]
    [InlineData("""{"name":"new","parentId":["x"]}""", 400, "invalid")]
    [InlineData("""{"name":"new","visibility":"Public"}""", 400, "invalid")]
    [InlineData("""{"name":"new","visibility":2}""", 400, "invalid")]
    [InlineData("""{"name":"new","size":2}""", 400, "invalid")]
    [InlineData("""{"name":"new","parentId":"{self}"}""", 409, "folder-circle")]
    public async Task Wrong_change_changes_nothing(string json, int status, string slug)
    {
        using var user = await fixture.SignUpAsync();
        await user.PutFileAsync("There", [1]);
        var folder = IdOf(await user.MakeFolderAsync("folder"));
        var before = await user.StateAsync();
        await RefusedAsync(user.Http.PatchAsync($"/v1/files/{folder}", Json(json.Replace("{self}", folder, StringComparison.Ordinal))), status, slug);
        Assert.Equal(before, await user.StateAsync());
    }

    [Theory]
    [InlineData("f-00000000-0000-7000-8000-000000000000")]
    [InlineData("nonsense")]
    [InlineData("%20")]
    public async Task Change_of_what_is_not_there_is_not_found(string id)
    {
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(user.Http.PatchAsync($"/v1/files/{id}", Json("""{"name":"z"}""")), 404, "not-found");
        await RefusedAsync(user.Http.PostAsync($"/v1/files/{id}/restore", null), 404, "not-found");
    }

    [Fact]
    public async Task Trashed_folder_is_hidden_restored_and_removed_for_good()
    {
        using var user = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();
        var folder = IdOf(await user.MakeFolderAsync("f"));
        var file = IdOf(await user.PutFileAsync("x", new byte[100]));
        await user.PatchAsync(file, new { parentId = folder, visibility = "public" });

        using var trashed = await user.Http.DeleteAsync($"/v1/files/{folder}");
        Assert.Equal(HttpStatusCode.NoContent, trashed.StatusCode);
        await RefusedAsync(stranger.Http.GetAsync($"/v1/files/{file}/content"), 404, "not-found");
        await RefusedAsync(user.Http.GetAsync($"/v1/files?parentId={folder}"), 404, "not-found");
        await RefusedAsync(user.Http.PatchAsync($"/v1/files/{file}", Json("""{"name":"z"}""")), 409, "in-trash");
        using var restored = await user.Http.PostAsync($"/v1/files/{folder}/restore", null);
        Assert.Equal(HttpStatusCode.OK, restored.StatusCode);
        Assert.False((await JsonAsync(restored)).TryGetProperty("deletedAt", out _));
        using var shown = await stranger.Http.GetAsync($"/v1/files/{file}/content");
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);

        using var removed = await user.Http.DeleteAsync($"/v1/files/{folder}?permanent=true");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        await RefusedAsync(user.Http.GetAsync($"/v1/files/{file}"), 404, "not-found");
        Assert.Equal(0, (await user.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64());
    }

    private static string? Text(JsonElement entry, string member) => entry.GetProperty(member).GetString();

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    private static Task<HttpResponseMessage> PatchIfAsync(Account user, string id, string ifMatch)
    {
        var request = new HttpRequestMessage(HttpMethod.Patch, $"/v1/files/{id}") { Content = Json($$"""{"name":"{{Guid.NewGuid():n}}"}""") };
        request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return user.Http.SendAsync(request);
    }
}
