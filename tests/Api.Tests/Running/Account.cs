using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace GrainVault.Api.Tests.Running;

/// <summary>A user of the running system and what a client does on their behalf.</summary>
internal sealed class Account(HttpClient http, string email, string password) : IDisposable
{
    public const int PartSize = 5 << 20;

    public HttpClient Http { get; } = http;

    public string Email { get; } = email;

    public string Password { get; } = password;

    public string UserId { get; private set; } = "";

    public string AccessToken { get; private set; } = "";

    public string RefreshToken { get; private set; } = "";

    public static async Task<Account> SignUpAsync(HttpClient http)
    {
        var account = new Account(http, $"{Guid.NewGuid():n}@example.org", $"pass {Guid.NewGuid():n}");
        using var response = await http.PostAsJsonAsync("/v1/auth/signup", new { email = account.Email, password = account.Password });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        account.Take(await JsonAsync(response));
        return account;
    }

    public void Take(JsonElement tokens)
    {
        UserId = tokens.GetProperty("userId").GetString()!;
        AccessToken = tokens.GetProperty("accessToken").GetString()!;
        RefreshToken = tokens.GetProperty("refreshToken").GetString()!;
        Assert.True(tokens.GetProperty("expiresIn").GetInt32() > 0);
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AccessToken);
    }

    public async Task<JsonElement> CreateUploadAsync(string name, long size, int partSize = PartSize)
    {
        using var response = await PostAsync("/v1/uploads", new { name, size, partSize });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var upload = await JsonAsync(response);
        Assert.Equal($"/v1/uploads/{IdOf(upload)}", response.Headers.Location?.OriginalString);
        return upload;
    }

    public Task<HttpResponseMessage> PostAsync(string path, object body) => Http.PostAsJsonAsync(path, body);

    public Task<HttpResponseMessage> PostJsonAsync(string path, string json) =>
        Http.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));

    public Task<HttpResponseMessage> PutPartAsync(string uploadId, object number, byte[] content, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/uploads/{uploadId}/parts/{number}") { Content = new ByteArrayContent(content) };
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return Http.SendAsync(request);
    }

    public Task<HttpResponseMessage> CompleteAsync(string uploadId) => Http.PostAsync($"/v1/uploads/{uploadId}/complete", null);

    public async Task<JsonElement> PutFileAsync(string name, byte[] content, string contentType = "text/plain")
    {
        using var body = new ByteArrayContent(content);
        body.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        using var response = await Http.PostAsync($"/v1/files?name={Uri.EscapeDataString(name)}", body);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return await JsonAsync(response);
    }

    public async Task<JsonElement> MakeFolderAsync(string name, string? parentId = null)
    {
        using var response = await PostAsync("/v1/folders", new { name, parentId });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return await JsonAsync(response);
    }

    /// <summary>Changes an entry and gives it as it is then.</summary>
    public Task<JsonElement> PatchAsync(string id, object body) => PatchAsync(id, JsonSerializer.Serialize(body));

    public async Task<JsonElement> PatchAsync(string id, string json)
    {
        using var response = await Http.PatchAsync($"/v1/files/{id}", new StringContent(json, Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await JsonAsync(response);
    }

    public async Task<JsonElement> GetJsonAsync(string path)
    {
        using var response = await Http.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await JsonAsync(response);
    }

    /// <summary>Used, reserved, entries and open sessions: what a refused request must not change.</summary>
    public async Task<string> StateAsync()
    {
        var me = await GetJsonAsync("/v1/me");
        var files = await GetJsonAsync("/v1/files?limit=1000");
        var uploads = await GetJsonAsync("/v1/uploads?limit=1000");
        return $"{me.GetProperty("usedBytes")} {me.GetProperty("reservedBytes")} {files.GetProperty("entries").GetRawText()} {uploads.GetProperty("uploads").GetRawText()}";
    }

    public static string IdOf(JsonElement element) => element.GetProperty("id").GetString()!;

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement;

    /// <summary>The slug of a problem.</summary>
    public static async Task<string> ProblemAsync(HttpResponseMessage response) => (await JsonAsync(response)).GetProperty("type").GetString()!;

    /// <summary>Asserts status and slug, and gives the problem.</summary>
    public static async Task<JsonElement> RefusedAsync(Task<HttpResponseMessage> sending, int status, string slug)
    {
        using var response = await sending;
        var problem = await JsonAsync(response);
        Assert.Equal($"{status} {slug}", $"{(int)response.StatusCode} {problem.GetProperty("type").GetString()}");
        return problem;
    }

    public void Dispose() => Http.Dispose();
}
