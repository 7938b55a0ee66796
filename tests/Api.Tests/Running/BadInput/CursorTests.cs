using System.Text.Json;
using GrainVault.Api.Tests.Running.Links;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.BadInput;

/// <summary>Cursors of every list that has pages, as the system's own document names them.</summary>
[Collection(RunningVault.Name)]
public sealed class CursorTests(VaultFixture fixture)
{
    [Fact]
    public async Task Cursor_goes_on_for_whom_it_was_issued_and_for_nobody_and_nothing_else()
    {
        using var owner = await fixture.SignUpAsync();
        using var other = await fixture.SignUpAsync();
        var paths = await FillAsync(owner, other);
        using var http = fixture.CreateVisitor();
        var listed = ApiOperation.ReadAll(JsonSerializer.Deserialize<JsonElement>(await http.GetStringAsync("/openapi/v1.json")))
            .Where(operation => operation.Parameters.Any(parameter => parameter is { In: "query", Name: "cursor" })).Select(operation => operation.Path).Order(StringComparer.Ordinal);
        Assert.Equal(listed, paths.Keys.Append("/v1/events").Order(StringComparer.Ordinal));

        var cursors = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (operation, path) in paths)
        {
            var page = await Reader(operation).GetJsonAsync($"{path}{Separator(path)}limit=1");
            Assert.True(page.TryGetProperty(operation == "/v1/changes" ? "cursor" : "nextCursor", out var cursor), $"{operation} has no second page");
            cursors[operation] = cursor.GetString()!;
        }

        foreach (var (operation, path) in paths)
        {
            string With(string cursor) => $"{path}{Separator(path)}limit=1&cursor={Uri.EscapeDataString(cursor)}";
            var (own, reader) = (cursors[operation], Reader(operation));
            var page = await reader.GetJsonAsync(With(own));
            Assert.NotEqual(own, page.TryGetProperty("nextCursor", out var next) ? next.GetString() : "");
            var wrong = new List<string> { own[..^1], own + "A", Turned(own, 0), Turned(own, own.Length / 2), own[..(own.Length / 2)] };
            // Of other lists.
            wrong.AddRange(cursors.Where(item => item.Key != operation).Select(item => item.Value));
            foreach (var cursor in wrong)
                await RefusedAsync(reader.Http.GetAsync(With(cursor)), 400, "invalid");
            // Lists of administrators are refused to others as a whole, and the list of a link is nobody's in particular.
            if (!operation.StartsWith("/v1/admin/", StringComparison.Ordinal) && !operation.StartsWith("/s/", StringComparison.Ordinal))
                Assert.InRange((int)(await other.Http.GetAsync(With(own))).StatusCode, 400, 404);
        }

        foreach (var cursor in new[] { Turned(cursors["/v1/changes"], 0), cursors["/v1/files"] })
            await RefusedAsync(owner.Http.GetAsync($"/v1/events?cursor={Uri.EscapeDataString(cursor)}"), 400, "invalid");
        await RefusedAsync(other.Http.GetAsync($"/v1/events?cursor={Uri.EscapeDataString(cursors["/v1/changes"])}"), 400, "invalid");

        Account Reader(string operation) => operation.StartsWith("/v1/admin/", StringComparison.Ordinal) ? fixture.Administrator : owner;
    }

    [Fact]
    public async Task Cursor_of_what_is_gone_or_moved_goes_on_behind_it()
    {
        using var owner = await fixture.SignUpAsync();
        foreach (var name in new[] { "a", "b", "c", "d" })
            await owner.PutFileAsync(name, [1]);
        var page = await owner.GetJsonAsync("/v1/files?limit=2");
        var last = page.GetProperty("entries")[1];
        using (var gone = await owner.Http.DeleteAsync($"/v1/files/{IdOf(last)}?permanent=true"))
            Assert.True(gone.IsSuccessStatusCode);
        await owner.PatchAsync(IdOf(page.GetProperty("entries")[0]), new { name = "e" });

        var rest = await owner.GetJsonAsync($"/v1/files?limit=10&cursor={Uri.EscapeDataString(page.GetProperty("nextCursor").GetString()!)}");

        Assert.Equal(["c", "d", "e"], rest.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()));
    }

    private static string Turned(string cursor, int place) => $"{cursor[..place]}{(cursor[place] == 'A' ? 'B' : 'A')}{cursor[(place + 1)..]}";

    private static char Separator(string path) => path.Contains('?', StringComparison.Ordinal) ? '&' : '?';

    /// <summary>At least two of everything that is listed; returns where each list is.</summary>
    private static async Task<Dictionary<string, string>> FillAsync(Account owner, Account other)
    {
        var folder = IdOf(await owner.MakeFolderAsync("folder"));
        var files = new List<string>();
        foreach (var name in new[] { "one.txt", "two.txt" })
        {
            files.Add(IdOf(await owner.PutFileAsync(name, [1])));
            await owner.PatchAsync(files[^1], new { parentId = folder });
            await owner.CreateUploadAsync(name, 10);
            using var offer = await owner.PostAsync($"/v1/files/{files[^1]}/transfer", new { to = other.UserId });
            Assert.True(offer.IsSuccessStatusCode);
        }

        for (var version = 2; version <= 3; version++)
        {
            using var created = await owner.PostAsync("/v1/uploads", new { fileId = files[0], size = version });
            var id = IdOf(await JsonAsync(created));
            using var part = await owner.PutPartAsync(id, 1, new byte[version]);
            using var done = await owner.CompleteAsync(id);
            Assert.True(done.IsSuccessStatusCode);
        }

        var (_, token) = await owner.MakeLinkAsync(folder);
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["/v1/audit"] = "/v1/audit",
            ["/v1/admin/audit"] = "/v1/admin/audit",
            ["/v1/uploads"] = "/v1/uploads",
            ["/v1/files"] = $"/v1/files?parentId={folder}",
            ["/v1/files/{id}/versions"] = $"/v1/files/{files[0]}/versions",
            ["/v1/admin/users"] = "/v1/admin/users",
            ["/v1/admin/users/{id}/sessions"] = $"/v1/admin/users/{owner.UserId}/sessions",
            ["/v1/admin/uploads"] = "/v1/admin/uploads",
            ["/v1/admin/storage-activity"] = "/v1/admin/storage-activity",
            ["/s/{token}/files"] = $"/s/{token}/files",
            ["/v1/transfers"] = "/v1/transfers?direction=outgoing",
            ["/v1/changes"] = "/v1/changes",
        };
    }
}
