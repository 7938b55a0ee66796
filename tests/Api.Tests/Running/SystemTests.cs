using System.Net;
using System.Text.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

[Collection(RunningVault.Name)]
public sealed class SystemTests(VaultFixture fixture)
{
    [Fact]
    public async Task Request_id_of_the_client_is_echoed_and_logged_and_an_unsafe_one_is_replaced()
    {
        using var http = fixture.CreateClient();
        var id = $"client-{Guid.NewGuid():n}";
        Assert.Equal(id, await RequestIdAsync(http, id));
        foreach (var unsafeId in new[] { "a b", new string('a', 129), "\"quoted\"", "<x>" })
            Assert.Matches("^[0-9a-f]{32}$", await RequestIdAsync(http, unsafeId));
        await TestKit.Processes.Eventually.TrueAsync(
            () => Task.FromResult(fixture.Vault.Log.Contains(id, StringComparison.Ordinal)), TimeSpan.FromSeconds(10), () => "the id is not in the log");
    }

    [Fact]
    public async Task Log_is_one_json_object_a_line_with_one_line_a_request_and_without_queries()
    {
        using var user = await fixture.SignUpAsync();
        var mark = $"mark{Guid.NewGuid():n}";
        await RefusedAsync(user.Http.GetAsync($"/v1/{mark}?secret={mark}query"), 404, "not-found");
        var lines = Array.Empty<string>();
        await TestKit.Processes.Eventually.TrueAsync(
            () =>
            {
                lines = [.. fixture.Vault.Log.Split('\n').Where(line => line.Contains(mark, StringComparison.Ordinal))];
                return Task.FromResult(lines.Length > 0);
            },
            TimeSpan.FromSeconds(10),
            () => "no line");
        var entry = JsonDocument.Parse(Assert.Single(lines)).RootElement;
        Assert.Equal("GrainVault.Access", entry.GetProperty("Category").GetString());
        Assert.Equal(404, entry.GetProperty("State").GetProperty("Status").GetInt32());
        Assert.DoesNotContain(mark + "query", fixture.Vault.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_needs_no_token_and_names_runtime_and_dependencies()
    {
        using var http = fixture.CreateClient();
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/healthz/live")).StatusCode);
        using var response = await http.GetAsync("/healthz/ready");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var ready = await JsonAsync(response);
        Assert.Equal("ready", ready.GetProperty("status").GetString());
        Assert.Contains(ready.GetProperty("runtime").GetString(), new[] { "bundled", "nuget" });
        Assert.Equal(["objects", "postgres"], ready.GetProperty("dependencies").EnumerateArray().Select(one => one.GetProperty("name").GetString()).Order());
    }

    [Fact]
    public async Task OpenApi_document_is_complete_and_its_references_resolve()
    {
        using var http = fixture.CreateClient();
        await RefusedAsync(http.GetAsync("/openapi/v2.json"), 404, "not-found");
        var document = await JsonAsync(await http.GetAsync("/openapi/v1.json"));
        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer").GetProperty("scheme").GetString());

        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (Name: $"{operation.Name} {path.Name}", operation.Value)))
            .ToDictionary(operation => operation.Name, operation => operation.Value);
        foreach (var expected in new[]
        {
            "post /v1/auth/signup", "post /v1/auth/login", "post /v1/auth/refresh", "post /v1/auth/logout", "post /v1/auth/password", "get /v1/me",
            "post /v1/uploads", "get /v1/uploads", "get /v1/uploads/{id}", "delete /v1/uploads/{id}", "put /v1/uploads/{id}/parts/{number}",
            "post /v1/uploads/{id}/complete", "post /v1/files", "put /v1/files", "get /v1/files", "get /v1/files/{id}", "delete /v1/files/{id}",
            "get /v1/files/{id}/content", "head /v1/files/{id}/content", "get /v1/files/by-path/{path}",
            "post /v1/folders", "patch /v1/files/{id}", "post /v1/files/{id}/restore", "get /v1/files/{id}/shares", "put /v1/files/{id}/shares/{user}", "delete /v1/files/{id}/shares/{user}",
            "get /v1/files/{id}/versions", "get /v1/admin/users", "get /v1/admin/users/{id}", "patch /v1/admin/users/{id}", "get /v1/admin/users/{id}/sessions", "get /v1/admin/uploads",
            "post /v1/files/{id}/copy", "delete /v1/trash", "get /v1/folders/{id}/zip", "get /v1/zip", "post /v1/zip", "post /v1/uploads/{id}/possession",
            "get /v1/files/{id}/links", "post /v1/files/{id}/links", "delete /v1/links/{linkId}", "get /s/{token}/content", "head /s/{token}/content", "get /s/{token}/files", "get /s/{token}/zip", "get /s/{token}/files/{fileId}/content",
            "post /s/{token}/uploads", "put /s/{token}/uploads/{id}/parts/{number}", "post /s/{token}/uploads/{id}/complete",
            "get /v1/files/{id}/versions", "get /v1/admin/users", "get /v1/admin/users/{id}", "patch /v1/admin/users/{id}", "get /v1/admin/users/{id}/sessions", "get /v1/admin/uploads", "get /v1/admin/audit", "get /v1/admin/storage-activity", "get /v1/audit",
            "get /v1/files/{id}/versions/{number}/content", "post /v1/files/{id}/versions/{number}/restore", "delete /v1/files/{id}/versions/{number}", "get /healthz/live", "get /healthz/ready",
        })
        {
            Assert.Contains(expected, operations.Keys);
        }

        foreach (var (name, operation) in operations.Where(operation => operation.Key.Contains("/v1/", StringComparison.Ordinal)))
            CheckOperation(name, operation);
        CheckReferences(document, document);
    }

    private static void CheckOperation(string name, JsonElement operation)
    {
        Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
        var parameters = operation.TryGetProperty("parameters", out var list) ? list.EnumerateArray().ToList() : [];
        foreach (var placeholder in name.Split('{').Skip(1).Select(part => part[..part.IndexOf('}')]))
            Assert.Contains(parameters, parameter => parameter.GetProperty("name").GetString() == placeholder && parameter.GetProperty("in").GetString() == "path");
        var responses = operation.GetProperty("responses").EnumerateObject().ToList();
        Assert.Contains(responses, response => response.Name.StartsWith('2'));
        Assert.Contains(responses, response => response.Name == "503");
        foreach (var response in responses.Where(response => response.Name[0] is '4' or '5'))
            Assert.True(response.Value.GetProperty("content").TryGetProperty("application/problem+json", out _), $"{name} {response.Name}");
        if (name.StartsWith("put", StringComparison.Ordinal) && !name.Contains("/shares/", StringComparison.Ordinal))
            Assert.True(operation.GetProperty("requestBody").GetProperty("content").TryGetProperty("application/octet-stream", out _));
    }

    private static void CheckReferences(JsonElement document, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
                CheckReferences(document, item);
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
            {
                if (member.Name != "$ref")
                {
                    CheckReferences(document, member.Value);
                    continue;
                }

                var target = document;
                foreach (var step in member.Value.GetString()!["#/".Length..].Split('/'))
                    Assert.True(target.TryGetProperty(step, out target), member.Value.GetString());
            }
        }
    }

    private static async Task<string> RequestIdAsync(HttpClient http, string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/me");
        request.Headers.TryAddWithoutValidation("X-Request-Id", id);
        using var response = await http.SendAsync(request);
        return response.Headers.GetValues("X-Request-Id").Single();
    }
}
