using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>The change feed and the stream of events, as clients see them.</summary>
[Collection(RunningVault.Name)]
public sealed class ChangeTests(VaultFixture fixture)
{
    [Fact]
    public async Task Feed_tells_everything_then_what_changed_and_waits_for_it()
    {
        using var owner = await fixture.SignUpAsync();
        using var reader = await fixture.SignUpAsync();
        var folder = IdOf(await owner.MakeFolderAsync("folder"));
        var all = await owner.GetJsonAsync("/v1/changes");
        var change = Assert.Single(all.GetProperty("changes").EnumerateArray());
        Assert.Equal(("changed", folder, "owner"), (change.GetProperty("type").GetString(), IdOf(change), change.GetProperty("role").GetString()));
        Assert.Equal("folder", change.GetProperty("entry").GetProperty("name").GetString());

        var cursor = Cursor(await reader.GetJsonAsync("/v1/changes?cursor=now"));
        var waiting = reader.GetJsonAsync($"/v1/changes?cursor={cursor}&wait=30");
        using var shared = await owner.Http.PutAsJsonAsync($"/v1/files/{folder}/shares/{reader.UserId}", new { role = "editor" });
        Assert.Equal(HttpStatusCode.OK, shared.StatusCode);
        var page = await waiting;
        change = Assert.Single(page.GetProperty("changes").EnumerateArray());
        Assert.Equal(("changed", folder, "editor", true), (change.GetProperty("type").GetString(), IdOf(change), change.GetProperty("role").GetString(), change.GetProperty("relist").GetBoolean()));

        using var ended = await owner.Http.DeleteAsync($"/v1/files/{folder}/shares/{reader.UserId}");
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        page = await reader.GetJsonAsync($"/v1/changes?cursor={Cursor(page)}");
        change = Assert.Single(page.GetProperty("changes").EnumerateArray());
        Assert.Equal(("removed", folder), (change.GetProperty("type").GetString(), IdOf(change)));
        Assert.False(change.TryGetProperty("entry", out _));

        foreach (var query in new[] { "cursor=x", $"cursor={Cursor(all)}", "limit=0", "limit=1001", "wait=-1", "wait=61", "wait=x" })
            await RefusedAsync(reader.Http.GetAsync($"/v1/changes?{query}"), query == "wait=x" ? "bad-request" : "invalid");
        await RefusedAsync(reader.Http.GetAsync("/v1/events?cursor=x"), "invalid");
    }

    [Fact]
    public async Task Stream_tells_of_changes_and_progress_goes_on_where_it_was_cut_and_ends_with_the_login()
    {
        using var owner = await fixture.SignUpAsync();
        string? last;
        using (var events = await EventReader.OpenAsync(fixture.CreateClient(), owner, null))
        {
            var folder = IdOf(await owner.MakeFolderAsync("folder"));
            var told = await events.NextAsync("changes");
            last = told.Id;
            var change = Assert.Single(told.Data.GetProperty("changes").EnumerateArray());
            Assert.Equal(folder, IdOf(change));

            var upload = await owner.CreateUploadAsync("file", 3);
            using var part = await owner.PutPartAsync(IdOf(upload), 1, [1, 2, 3]);
            Assert.Equal(HttpStatusCode.OK, part.StatusCode);
            told = await events.NextAsync("progress");
            Assert.Equal((IdOf(upload), 1), (told.Data.GetProperty("uploadId").GetString(), told.Data.GetProperty("receivedParts").GetInt32()));
        }

        var missed = IdOf(await owner.MakeFolderAsync("missed"));
        using (var events = await EventReader.OpenAsync(fixture.CreateClient(), owner, last))
        {
            var change = Assert.Single((await events.NextAsync("changes")).Data.GetProperty("changes").EnumerateArray());
            Assert.Equal(missed, IdOf(change));
            using var out_ = await owner.Http.PostAsync("/v1/auth/logout", null);
            Assert.Equal(HttpStatusCode.NoContent, out_.StatusCode);
            await events.AssertEndsAsync();
        }
    }

    private static string Cursor(JsonElement page) => page.GetProperty("cursor").GetString()!;

    private static async Task RefusedAsync(Task<HttpResponseMessage> call, string type)
    {
        using var response = await call;
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(type, (await JsonAsync(response)).GetProperty("type").GetString());
    }
}
