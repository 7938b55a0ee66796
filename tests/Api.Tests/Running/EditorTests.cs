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
        Assert.Equal(owner.UserId, inner.GetProperty("ownerId").GetString());
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

    private static async Task ShareAsync(Account owner, string id, Account with, string role)
    {
        using var shared = await owner.Http.PutAsJsonAsync($"/v1/files/{id}/shares/{with.UserId}", new { role });
        Assert.Equal(HttpStatusCode.OK, shared.StatusCode);
    }
}
