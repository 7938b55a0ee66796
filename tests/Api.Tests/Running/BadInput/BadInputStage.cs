using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using GrainVault.Api.Tests.Running.Links;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.BadInput;

/// <summary>An account that has one of everything, so that a request is good but for what is made bad.</summary>
internal sealed class BadInputStage(VaultFixture fixture, Account owner, Account other, Account leaver) : IDisposable
{
    private readonly Dictionary<string, string> _ids = [];
    private JsonObject _parts = [];

    public Account Owner => owner;

    public static async Task<BadInputStage> MakeAsync(VaultFixture fixture)
    {
        var stage = new BadInputStage(fixture, await fixture.SignUpAsync(), await fixture.SignUpAsync(), await fixture.SignUpAsync());
        await stage.FillAsync();
        return stage;
    }

    /// <summary>Good values of an operation's path.</summary>
    public Dictionary<string, string> PathValues(ApiOperation operation) => operation.Parameters.Where(parameter => parameter.In == "path").ToDictionary(
        parameter => parameter.Name,
        parameter => parameter.Name switch
        {
            "number" => "1",
            "path" => "file.txt",
            "user" => other.UserId,
            "linkId" => _ids["link"],
            "fileId" => _ids["inside"],
            "token" => operation.Path.Contains("/uploads", StringComparison.Ordinal) ? _ids["box token"] : _ids["token"],
            _ when operation.Path.StartsWith("/s/", StringComparison.Ordinal) => _ids["visit"],
            _ when operation.Path.EndsWith("/presign", StringComparison.Ordinal) => _ids["direct"],
            _ when operation.Path.StartsWith("/v1/uploads/", StringComparison.Ordinal) => _ids["upload"],
            _ when operation.Path.StartsWith("/v1/folders/", StringComparison.Ordinal) => _ids["folder"],
            _ when operation.Path.StartsWith("/v1/admin/", StringComparison.Ordinal) => other.UserId,
            _ when operation.Path.StartsWith("/v1/webhooks/", StringComparison.Ordinal) => _ids["webhook"],
            _ => _ids["file"],
        },
        StringComparer.Ordinal);

    /// <summary>Good values of query parameters without which an operation has nothing to do.</summary>
    public Dictionary<string, string> QueryValues(ApiOperation operation) => operation.Path switch
    {
        "/v1/files" when !operation.IsReading => new() { ["name"] = "new.txt" },
        "/v1/files/by-path/{path}" => new() { ["content"] = "true" },
        "/v1/zip" when operation.IsReading => new() { ["ids"] = _ids["file"] },
        _ => [],
    };

    /// <summary>A body of an operation that would be carried out.</summary>
    public JsonObject? GoodBody(string key) => key switch
    {
        "POST /v1/auth/signup" => new() { ["email"] = $"{Guid.NewGuid():n}@example.org", ["password"] = "a long enough passphrase", ["displayName"] = "Somebody" },
        "POST /v1/auth/login" => new() { ["email"] = owner.Email, ["password"] = owner.Password },
        "POST /v1/auth/refresh" or "POST /v1/auth/logout" => new() { ["refreshToken"] = owner.RefreshToken },
        "POST /v1/auth/password" => new() { ["currentPassword"] = owner.Password, ["newPassword"] = "another long passphrase" },
        "POST /v1/uploads" => new() { ["name"] = "u.txt", ["size"] = 10, ["contentType"] = "text/plain", ["parentId"] = _ids["folder"], ["mode"] = "proxied", ["onConflict"] = "fail" },
        "POST /v1/uploads/{id}/presign" => new() { ["parts"] = new JsonArray(1) },
        "POST /v1/uploads/{id}/possession" => new() { ["proof"] = new string('a', 64) },
        "POST /v1/uploads/{id}/complete" => (JsonObject)_parts.DeepClone(),
        "PATCH /v1/files/{id}" => new() { ["name"] = "other.txt", ["parentId"] = _ids["folder"], ["visibility"] = "public" },
        "POST /v1/folders" => new() { ["name"] = "new", ["parentId"] = _ids["folder"] },
        "POST /v1/files/{id}/copy" => new() { ["name"] = "copy.txt", ["parentId"] = _ids["folder"], ["onConflict"] = "fail" },
        "POST /v1/shortcuts" => new() { ["fileId"] = _ids["file"], ["parentId"] = _ids["folder"], ["name"] = "way" },
        "PUT /v1/files/{id}/shares/{user}" => new() { ["role"] = "viewer" },
        "PATCH /v1/admin/users/{id}" => new() { ["quotaBytes"] = 1 << 30 },
        "POST /v1/zip" => new() { ["ids"] = new JsonArray(_ids["file"]) },
        "POST /v1/files/{id}/links" => new() { ["password"] = "sesame", ["expiresAt"] = "2199-01-01T00:00:00Z", ["maxDownloads"] = 3, ["role"] = "view" },
        "POST /v1/files/{id}/transfer" => new() { ["to"] = other.UserId },
        "POST /s/{token}/uploads" => new() { ["name"] = "sent.txt", ["size"] = 10, ["contentType"] = "text/plain" },
        "PATCH /v1/webhooks/{id}" => new() { ["enabled"] = true },
        "POST /v1/webhooks" => new() { ["url"] = "https://example.com/hook" },
        _ => null,
    };

    /// <summary>Sends a request as who may make it.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        var path = request.RequestUri!.OriginalString;
        // Whoever logs out is of no use for anything after that.
        var sender = path.StartsWith("/v1/admin/", StringComparison.Ordinal) ? fixture.Administrator : path == "/v1/auth/logout" ? leaver : owner;
        if (path.StartsWith("/s/", StringComparison.Ordinal))
            request.Headers.TryAddWithoutValidation("X-Upload-Secret", _ids["visit secret"]);
        // What is answered may be a stream without an end.
        return await sender.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Everything that bad requests must leave as it is.</summary>
    public async Task<string> StateAsync()
    {
        var texts = new List<string> { await owner.StateAsync(), await other.StateAsync(), string.Join('\n', fixture.StoredFiles()) };
        foreach (var path in (string[])
        [
            $"/v1/files?parentId={_ids["folder"]}", "/v1/files?view=trash", $"/v1/files/{_ids["file"]}/versions", $"/v1/files/{_ids["file"]}/shares", $"/v1/files/{_ids["file"]}/links",
            "/v1/webhooks", "/v1/transfers?direction=outgoing", $"/v1/uploads/{_ids["upload"]}",
        ])
            texts.Add((await owner.GetJsonAsync(path)).GetRawText());
        return string.Join('\n', texts);
    }

    public void Dispose()
    {
        owner.Dispose();
        other.Dispose();
        leaver.Dispose();
    }

    private async Task FillAsync()
    {
        _ids["folder"] = IdOf(await owner.MakeFolderAsync("folder"));
        _ids["file"] = IdOf(await owner.PutFileAsync("file.txt", [1, 2, 3]));
        _ids["inside"] = IdOf(await owner.PutFileAsync("inside.txt", [4]));
        await owner.PatchAsync(_ids["inside"], new { parentId = _ids["folder"] });
        _ids["upload"] = IdOf(await owner.CreateUploadAsync("open.bin", PartSize + 10));
        using (var part = await owner.PutPartAsync(_ids["upload"], 2, RandomNumberGenerator.GetBytes(10)))
        {
            Assert.Equal(HttpStatusCode.OK, part.StatusCode);
            _parts = new JsonObject { ["parts"] = new JsonArray(new JsonObject { ["number"] = 2, ["etag"] = (await JsonAsync(part)).GetProperty("etag").GetString() }) };
        }

        using (var direct = await owner.PostAsync("/v1/uploads", new { name = "direct.bin", size = 10, mode = "direct" }))
            _ids["direct"] = IdOf(await JsonAsync(direct));
        (_ids["link"], _ids["token"]) = await owner.MakeLinkAsync(_ids["folder"], new { });
        (_, _ids["box token"]) = await owner.MakeLinkAsync(IdOf(await owner.MakeFolderAsync("box")), new { role = "upload" });
        using (var visit = await owner.Http.PostAsJsonAsync($"/s/{_ids["box token"]}/uploads", new { name = "visit.bin", size = 10 }))
        {
            var upload = await JsonAsync(visit);
            (_ids["visit"], _ids["visit secret"]) = (IdOf(upload), upload.GetProperty("secret").GetString()!);
        }

        using (var share = await owner.Http.PutAsJsonAsync($"/v1/files/{_ids["file"]}/shares/{other.UserId}", new { role = "editor" }))
            Assert.Equal(HttpStatusCode.OK, share.StatusCode);
        using var webhook = await owner.PostAsync("/v1/webhooks", new { url = "https://example.com/there" });
        _ids["webhook"] = IdOf(await JsonAsync(webhook));
    }
}
