using System.Net;
using System.Net.Http.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>What an editor of somebody else's folder does there, as clients see it.</summary>
[Collection(RunningVault.Name)]
public sealed class EditorTests(VaultFixture fixture)
{
    [Fact]
    public async Task Editor_uploads_into_a_shared_folder_in_every_way_and_a_viewer_in_none()
    {
        using var owner = await fixture.SignUpAsync();
        using var editor = await fixture.SignUpAsync();
        using var viewer = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();
        var folder = IdOf(await owner.MakeFolderAsync("shared"));
        await ShareAsync(owner, folder, editor, "editor");
        await ShareAsync(owner, folder, viewer, "viewer");

        var inner = await editor.MakeFolderAsync("inner", folder);
        Assert.Equal((owner.UserId, "editor"), (inner.GetProperty("ownerId").GetString(), inner.GetProperty("role").GetString()));
        Assert.Equal("viewer", (await viewer.GetJsonAsync($"/v1/files/{IdOf(inner)}")).GetProperty("role").GetString());
        Assert.Equal("viewer", Assert.Single((await viewer.GetJsonAsync("/v1/files?view=shared")).GetProperty("entries").EnumerateArray()).GetProperty("role").GetString());
        Assert.False((await owner.GetJsonAsync($"/v1/files/{IdOf(inner)}")).TryGetProperty("role", out _));
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Put })
        {
            using var request = new HttpRequestMessage(method, $"/v1/files?name={method}&parentId={folder}") { Content = new ByteArrayContent([1, 2]) };
            using var put = await editor.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        }

        // Beyond one call: a session that the front end drives.
        using var large = await editor.Http.PostAsync($"/v1/files?name=large&parentId={folder}", new ByteArrayContent(new byte[(8 << 20) + 1]));
        Assert.Equal(HttpStatusCode.Created, large.StatusCode);
        var file = IdOf(await JsonAsync(large));

        using var made = await editor.PostAsync("/v1/uploads", new { fileId = file, size = 3 });
        var upload = await JsonAsync(made);
        Assert.Equal((owner.UserId, editor.UserId), (upload.GetProperty("ownerId").GetString(), upload.GetProperty("uploaderId").GetString()));
        Assert.Equal(IdOf(upload), IdOf(Assert.Single((await owner.GetJsonAsync("/v1/uploads")).GetProperty("uploads").EnumerateArray())));
        using var part = await editor.PutPartAsync(IdOf(upload), 1, [1, 2, 3]);
        Assert.Equal(HttpStatusCode.OK, part.StatusCode);
        using var completed = await editor.CompleteAsync(IdOf(upload));
        Assert.Equal(2, (await JsonAsync(completed)).GetProperty("version").GetInt32());
        Assert.Equal((8 << 20) + 1 + 3 + 4, (await owner.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64());
        Assert.Equal(0, (await editor.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64());

        foreach (var (account, status, slug) in new[] { (viewer, 403, "forbidden"), (stranger, 404, "not-found") })
        {
            await RefusedAsync(account.PostAsync("/v1/folders", new { name = "x", parentId = folder }), status, slug);
            await RefusedAsync(account.PostAsync("/v1/uploads", new { name = "x", size = 1, parentId = folder }), status, slug);
            await RefusedAsync(account.PostAsync("/v1/uploads", new { fileId = file, size = 1 }), status, slug);
            await RefusedAsync(account.Http.PostAsync($"/v1/files?name=x&parentId={folder}", new ByteArrayContent([1])), status, slug);
            await RefusedAsync(account.Http.PostAsync($"/v1/files?name=x&parentId={folder}", new ByteArrayContent(new byte[(8 << 20) + 1])), status, slug);
        }
    }

    [Fact]
    public async Task If_match_is_412_with_the_current_version_and_goes_on_with_the_tag_that_it_tells()
    {
        using var user = await fixture.SignUpAsync();
        var file = IdOf(await user.PutFileAsync("etag.txt", [1]));
        using var found = await user.Http.GetAsync("/v1/files/by-path/etag.txt");
        Assert.Equal("\"m1\"", found.Headers.ETag!.Tag);
        var requests = new (HttpMethod Method, string Path, object? Body)[]
        {
            (HttpMethod.Post, "/v1/uploads", new { fileId = file, size = 1 }),
            (HttpMethod.Patch, $"/v1/files/{file}", new { name = "y" }),
            (HttpMethod.Post, $"/v1/files/{file}/versions/1/restore", null),
            (HttpMethod.Post, $"/v1/files/{file}/restore", null),
            (HttpMethod.Delete, $"/v1/files/{file}", null),
            (HttpMethod.Delete, $"/v1/files/{file}?permanent=true", null),
        };
        foreach (var (method, path, body) in requests)
        {
            foreach (var tag in new[] { "\"m7\"", "W/\"m1\"", "\"x\", \"m2\"" })
            {
                var problem = await RefusedAsync(SendAsync(user, method, path, body, tag), 412, "version-conflict");
                Assert.Equal(1, problem.GetProperty("currentVersion").GetInt32());
                Assert.Matches(path == "/v1/uploads" ? "^\"[0-9a-f]{64}\"$" : "^\"m1\"$", problem.GetProperty("currentETag").GetString());
            }

            await RefusedAsync(SendAsync(user, method, path, body, "m1"), 400, "invalid");
        }

        using var content = await user.Http.GetAsync($"/v1/files/{file}/content");
        using var upload = await SendAsync(user, HttpMethod.Post, "/v1/uploads", new { fileId = file, size = 1 }, content.Headers.ETag!.Tag);
        Assert.Equal(HttpStatusCode.Created, upload.StatusCode);
        using var renamed = await SendAsync(user, HttpMethod.Patch, $"/v1/files/{file}", new { name = "z" }, "\"m1\"");
        Assert.Equal("\"m2\"", renamed.Headers.ETag!.Tag);
        await RefusedAsync(SendAsync(user, HttpMethod.Delete, $"/v1/files/{file}", null, "\"m1\""), 412, "version-conflict");
        using var any = await SendAsync(user, HttpMethod.Delete, $"/v1/files/{file}", null, "*");
        Assert.Equal(HttpStatusCode.NoContent, any.StatusCode);
        await RefusedAsync(SendAsync(user, HttpMethod.Post, "/v1/uploads", new { name = "new", size = 1 }, "\"m1\""), 400, "invalid");
    }

    [Fact]
    public async Task Shortcut_is_listed_with_its_target_and_tells_when_that_is_gone()
    {
        using var owner = await fixture.SignUpAsync();
        using var reader = await fixture.SignUpAsync();
        var file = IdOf(await owner.PutFileAsync("target.txt", [1]));
        await RefusedAsync(reader.PostAsync("/v1/shortcuts", new { fileId = file }), 404, "not-found");
        await RefusedAsync(reader.PostAsync("/v1/shortcuts", new { fileId = "nonsense" }), 404, "not-found");
        await RefusedAsync(reader.PostAsync("/v1/shortcuts", new { parentId = file }), 400, "invalid");
        await ShareAsync(owner, file, reader, "viewer");

        using var made = await reader.PostAsync("/v1/shortcuts", new { fileId = file });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var shortcut = await JsonAsync(made);
        Assert.Equal(("shortcut", "target.txt", file, "live"), Parts(shortcut));
        Assert.Equal(IdOf(shortcut), IdOf(Assert.Single((await reader.GetJsonAsync("/v1/files?view=shortcuts")).GetProperty("entries").EnumerateArray())));
        Assert.Equal(IdOf(shortcut), IdOf(Assert.Single((await reader.GetJsonAsync("/v1/files?kind=shortcut")).GetProperty("entries").EnumerateArray())));
        using var ended = await owner.Http.DeleteAsync($"/v1/files/{file}/shares/{reader.UserId}");
        Assert.Equal(("shortcut", "target.txt", file, "gone"), Parts(await reader.GetJsonAsync($"/v1/files/{IdOf(shortcut)}")));
        await RefusedAsync(reader.Http.GetAsync($"/v1/files/{IdOf(shortcut)}/content"), 404, "not-found");
    }

    [Fact]
    public async Task Folder_is_given_to_another_user_who_accepts_or_declines()
    {
        using var from = await fixture.SignUpAsync();
        using var to = await fixture.SignUpAsync();
        var folder = IdOf(await from.MakeFolderAsync("gift"));
        using var put = await from.Http.PostAsync($"/v1/files?name=x&parentId={folder}", new ByteArrayContent([1, 2]));
        foreach (var (user, status, slug) in new[] { (from.UserId, 400, "invalid"), ("nobody@example.org", 404, "not-found"), ("nonsense", 404, "not-found") })
            await RefusedAsync(from.PostAsync($"/v1/files/{folder}/transfer", new { to = user }), status, slug);
        await RefusedAsync(from.PostAsync($"/v1/files/{folder}/transfer", new { }), 400, "invalid");
        await RefusedAsync(to.PostAsync($"/v1/files/{folder}/transfer", new { to = to.UserId }), 404, "not-found");
        await RefusedAsync(to.Http.PostAsync($"/v1/files/{folder}/transfer/accept", null), 404, "not-found");

        for (var round = 0; round < 2; round++)
        {
            using var offered = await from.PostAsync($"/v1/files/{folder}/transfer", new { to = to.Email });
            Assert.Equal(HttpStatusCode.Created, offered.StatusCode);
            Assert.Equal(folder, (await JsonAsync(offered)).GetProperty("fileId").GetString());
            var offer = Assert.Single((await to.GetJsonAsync("/v1/transfers")).GetProperty("transfers").EnumerateArray());
            Assert.Equal((folder, false), (offer.GetProperty("fileId").GetString(), offer.TryGetProperty("size", out _)));
            Assert.Single((await from.GetJsonAsync("/v1/transfers?direction=outgoing")).GetProperty("transfers").EnumerateArray());
            await RefusedAsync(to.Http.GetAsync($"/v1/files/{folder}"), 404, "not-found");
            if (round == 0)
            {
                using var declined = await to.Http.DeleteAsync($"/v1/files/{folder}/transfer");
                Assert.Equal(HttpStatusCode.NoContent, declined.StatusCode);
                await RefusedAsync(to.Http.PostAsync($"/v1/files/{folder}/transfer/accept", null), 404, "not-found");
            }
        }

        await RefusedAsync(to.Http.GetAsync("/v1/transfers?direction=both"), 400, "invalid");
        using var alone = await from.PostAsync($"/v1/files/{IdOf(await JsonAsync(put))}/transfer", new { to = to.Email });
        Assert.Equal(2, (await JsonAsync(alone)).GetProperty("size").GetInt64());
        using var accepted = await to.Http.PostAsync($"/v1/files/{folder}/transfer/accept", null);
        Assert.Equal(to.UserId, (await JsonAsync(accepted)).GetProperty("ownerId").GetString());
        Assert.Equal(2, (await to.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64());
        Assert.Equal(0, (await from.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64());
        await RefusedAsync(from.Http.DeleteAsync($"/v1/files/{folder}"), 403, "forbidden");
    }

    private static (string?, string?, string?, string?) Parts(System.Text.Json.JsonElement shortcut) =>
        (shortcut.GetProperty("kind").GetString(), shortcut.GetProperty("name").GetString(), shortcut.GetProperty("targetId").GetString(), shortcut.GetProperty("targetState").GetString());

    private static async Task<HttpResponseMessage> SendAsync(Account user, HttpMethod method, string path, object? body, string ifMatch)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return await user.Http.SendAsync(request);
    }

    private static async Task ShareAsync(Account owner, string id, Account with, string role)
    {
        using var shared = await owner.Http.PutAsJsonAsync($"/v1/files/{id}/shares/{with.UserId}", new { role });
        Assert.Equal(HttpStatusCode.OK, shared.StatusCode);
    }
}
