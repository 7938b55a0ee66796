using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>Sharing with other users as clients see it.</summary>
[Collection(RunningVault.Name)]
public sealed class UserShareTests(VaultFixture fixture)
{
    [Fact]
    public async Task Shared_folder_is_seen_by_whom_it_is_shared_with_and_by_nobody_afterwards()
    {
        using var owner = await fixture.SignUpAsync();
        using var reader = await fixture.SignUpAsync();
        var folder = IdOf(await owner.MakeFolderAsync("shared"));
        var file = IdOf(await owner.PutFileAsync("x", [1, 2]));
        await owner.PatchAsync(file, new { parentId = folder });

        using var shared = await owner.Http.PutAsJsonAsync($"/v1/files/{folder}/shares/{Uri.EscapeDataString(reader.Email)}", new { role = "viewer" });
        Assert.Equal(HttpStatusCode.OK, shared.StatusCode);
        Assert.Equal(reader.UserId, (await JsonAsync(shared)).GetProperty("userId").GetString());
        Assert.Equal([folder], Ids(await reader.GetJsonAsync("/v1/files?view=shared")));
        Assert.Equal([file], Ids(await reader.GetJsonAsync($"/v1/files?parentId={folder}")));
        Assert.Equal([file], Ids(await reader.GetJsonAsync($"/v1/files?view=shared&parentId={folder}")));
        Assert.Equal([1, 2], await reader.Http.GetByteArrayAsync($"/v1/files/{file}/content"));
        await RefusedAsync(reader.Http.DeleteAsync($"/v1/files/{file}"), 403, "forbidden");
        await RefusedAsync(reader.Http.GetAsync($"/v1/files/{folder}/shares"), 403, "forbidden");
        Assert.Equal("viewer", Assert.Single((await owner.GetJsonAsync($"/v1/files/{folder}/shares")).GetProperty("shares").EnumerateArray()).GetProperty("role").GetString());

        using var ended = await owner.Http.DeleteAsync($"/v1/files/{folder}/shares/{reader.UserId}");
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        await RefusedAsync(reader.Http.GetAsync($"/v1/files/{file}"), 404, "not-found");
        await RefusedAsync(reader.Http.GetAsync($"/v1/files?parentId={folder}"), 404, "not-found");
        await RefusedAsync(owner.Http.DeleteAsync($"/v1/files/{folder}/shares/{reader.UserId}"), 404, "not-found");
    }

    [Theory]
    [InlineData("nobody@example.org", """{"role":"viewer"}""", 404, "not-found")]
    [InlineData("nonsense", """{"role":"viewer"}""", 404, "not-found")]
    [InlineData("{self}", """{"role":"viewer"}""", 400, "invalid")]
    [InlineData("{self}", """{"role":"owner"}""", 400, "invalid")]
    [InlineData("{self}", """{"role":3}""", 400, "invalid")]
    [InlineData("{self}", "{}", 400, "invalid")]
    public async Task Wrong_share_is_not_made(string user, string json, int status, string slug)
    {
        using var owner = await fixture.SignUpAsync();
        var file = IdOf(await owner.PutFileAsync("x", [1]));
        var path = $"/v1/files/{file}/shares/{user.Replace("{self}", owner.UserId, StringComparison.Ordinal)}";
        await RefusedAsync(owner.Http.PutAsync(path, new StringContent(json, System.Text.Encoding.UTF8, "application/json")), status, slug);
        Assert.Empty((await owner.GetJsonAsync($"/v1/files/{file}/shares")).GetProperty("shares").EnumerateArray());
    }

    [Fact]
    public async Task Completion_with_null_as_folder_goes_to_the_own_root_and_without_one_to_the_folder_of_the_creation()
    {
        using var owner = await fixture.SignUpAsync();
        using var editor = await fixture.SignUpAsync();
        var folder = IdOf(await owner.MakeFolderAsync("shared"));
        using var shared = await owner.Http.PutAsJsonAsync($"/v1/files/{folder}/shares/{editor.UserId}", new { role = "editor" });
        Assert.Equal(HttpStatusCode.OK, shared.StatusCode);

        foreach (var user in (Account[])[owner, editor])
        {
            foreach (var body in (string[])["""{"name":"NAME"}""", """{"name":"NAME","parentId":null}"""])
            {
                var isRoot = body.Contains("null", StringComparison.Ordinal);
                using var created = await user.PostAsync("/v1/uploads", new { name = "x", size = 1, parentId = folder });
                var upload = IdOf(await JsonAsync(created));
                using var part = await user.PutPartAsync(upload, 1, [1]);
                Assert.Equal(HttpStatusCode.OK, part.StatusCode);
                using var completed = await user.PostJsonAsync($"/v1/uploads/{upload}/complete", body.Replace("NAME", $"{user.UserId} {isRoot}", StringComparison.Ordinal));
                Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
                var file = await JsonAsync(completed);
                Assert.Equal(isRoot ? user.UserId : owner.UserId, file.GetProperty("ownerId").GetString());
                Assert.Equal(isRoot ? null : folder, (await user.GetJsonAsync($"/v1/files/{IdOf(file)}")).GetProperty("parentId").GetString());
            }
        }

        Assert.Equal(2, Ids(await owner.GetJsonAsync($"/v1/files?parentId={folder}")).Count());
        Assert.Equal(
            (3L, 1L), ((await owner.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64(), (await editor.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64()));
    }

    private static IEnumerable<string> Ids(JsonElement page) => page.GetProperty("entries").EnumerateArray().Select(IdOf);
}
