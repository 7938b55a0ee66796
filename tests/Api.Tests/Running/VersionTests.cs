using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>Versions as a client sees them.</summary>
[Collection(RunningVault.Name)]
public sealed class VersionTests(VaultFixture fixture)
{
    [Fact]
    public async Task Upload_to_a_file_makes_a_version_that_can_be_read_restored_and_removed()
    {
        using var user = await fixture.SignUpAsync();
        var file = IdOf(await user.PutFileAsync("v.txt", [1, 1]));
        Assert.Equal(2, (await UploadAsync(user, file, [2, 2, 2])).GetProperty("version").GetInt32());

        var versions = (await user.GetJsonAsync($"/v1/files/{file}/versions")).GetProperty("versions").EnumerateArray().ToList();
        Assert.Equal([2, 1], versions.Select(version => version.GetProperty("number").GetInt32()));
        Assert.Equal([true, false], versions.Select(version => version.GetProperty("isCurrent").GetBoolean()));
        Assert.Equal([1, 1], await user.Http.GetByteArrayAsync($"/v1/files/{file}/versions/1/content"));
        using var range = new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{file}/versions/2/content") { Headers = { Range = new RangeHeaderValue(1, 1) } };
        using var part = await user.Http.SendAsync(range);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);

        using var restored = await user.Http.PostAsync($"/v1/files/{file}/versions/1/restore", null);
        Assert.Equal(HttpStatusCode.OK, restored.StatusCode);
        Assert.Equal(3, (await JsonAsync(restored)).GetProperty("version").GetInt32());
        Assert.Equal([1, 1], await user.Http.GetByteArrayAsync($"/v1/files/{file}/content"));
        await RefusedAsync(user.Http.DeleteAsync($"/v1/files/{file}/versions/3"), 409, "current-version");
        using var removed = await user.Http.DeleteAsync($"/v1/files/{file}/versions/2");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        await RefusedAsync(user.Http.DeleteAsync($"/v1/files/{file}/versions/2"), 404, "not-found");
        Assert.Equal(2, (await user.GetJsonAsync("/v1/me")).GetProperty("usedBytes").GetInt64());
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("2")]
    [InlineData("99999999999")]
    [InlineData("one")]
    [InlineData("%20")]
    [InlineData("1.0")]
    public async Task Version_that_is_not_there_is_not_found(string number)
    {
        using var user = await fixture.SignUpAsync();
        var file = IdOf(await user.PutFileAsync("v.txt", [1]));
        var before = await user.StateAsync();
        await RefusedAsync(user.Http.GetAsync($"/v1/files/{file}/versions/{number}/content"), 404, "not-found");
        await RefusedAsync(user.Http.PostAsync($"/v1/files/{file}/versions/{number}/restore", null), 404, "not-found");
        await RefusedAsync(user.Http.DeleteAsync($"/v1/files/{file}/versions/{number}"), 404, "not-found");
        Assert.Equal(before, await user.StateAsync());
    }

    [Fact]
    public async Task Versions_of_a_folder_of_somebody_else_or_of_nothing_are_not_found()
    {
        using var user = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();
        var file = IdOf(await user.PutFileAsync("v.txt", [1]));
        await RefusedAsync(stranger.Http.GetAsync($"/v1/files/{file}/versions"), 404, "not-found");
        await RefusedAsync(stranger.Http.GetAsync($"/v1/files/{file}/versions/1/content"), 404, "not-found");
        await RefusedAsync(stranger.Http.PostAsync($"/v1/files/{file}/versions/1/restore", null), 404, "not-found");
        foreach (var id in new[] { IdOf(await user.MakeFolderAsync("f")), "f-00000000-0000-7000-8000-000000000000", "nonsense" })
            await RefusedAsync(user.Http.GetAsync($"/v1/files/{id}/versions"), 404, "not-found");
        await RefusedAsync(user.Http.GetAsync($"/v1/files/{file}/versions?limit=0"), 400, "invalid");
        await RefusedAsync(user.Http.GetAsync($"/v1/files/{file}/versions?cursor=x"), 400, "invalid");
    }

    [Fact]
    public async Task Upload_to_another_version_than_expected_is_412_or_a_copy()
    {
        using var user = await fixture.SignUpAsync();
        var file = IdOf(await user.PutFileAsync("v.txt", [1]));
        await UploadAsync(user, file, [2]);
        await RefusedAsync(user.PostAsync("/v1/uploads", new { fileId = file, size = 1, expectedVersion = 1 }), 412, "version-conflict");
        var copy = await UploadAsync(user, file, [3, 3], new { fileId = file, size = 2, expectedVersion = 1, onConflict = "rename" });
        Assert.NotEqual(file, IdOf(copy));
        Assert.StartsWith("v (conflicted copy of ", copy.GetProperty("name").GetString(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> UploadAsync(Account user, string file, byte[] content, object? request = null)
    {
        using var made = await user.PostAsync("/v1/uploads", request ?? new { fileId = file, size = content.Length });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var upload = IdOf(await JsonAsync(made));
        using var put = await user.PutPartAsync(upload, 1, content);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        using var completed = await user.CompleteAsync(upload);
        Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
        return await JsonAsync(completed);
    }
}
