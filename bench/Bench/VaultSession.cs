using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace GrainVault.Bench;

/// <summary>A signed-in client of the system under test, using nothing but its HTTP API.</summary>
internal sealed class VaultSession : IDisposable
{
    private VaultSession(HttpClient http, string token)
    {
        Http = http;
        Token = token;
    }

    public HttpClient Http { get; }

    public string Token { get; }

    public static async Task<VaultSession> SignUpAsync(Uri address)
    {
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 128, UseProxy = false })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromMinutes(10),
        };
        using var answer = await http.PostAsJsonAsync(
            "/v1/auth/signup", new { email = $"{Guid.NewGuid():n}@bench.example", password = "correct horse battery staple" });
        answer.EnsureSuccessStatusCode();
        var body = await answer.Content.ReadFromJsonAsync<JsonNode>();
        var token = body!["accessToken"]!.GetValue<string>();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new VaultSession(http, token);
    }

    /// <summary>Uploads <paramref name="count"/> parts of the same bytes, several at once, and completes; returns the file's id.</summary>
    public async Task<string> UploadAsync(byte[] part, int count, int parallel)
    {
        var id = await CreateUploadAsync((long)part.Length * count, part.Length);
        await Parallel.ForEachAsync(
            Enumerable.Range(1, count),
            new ParallelOptions { MaxDegreeOfParallelism = parallel },
            async (number, token) => await PutPartAsync(id, number, part, token));
        return await CompleteAsync(id);
    }

    /// <summary>Completes an upload; returns the file's id.</summary>
    public async Task<string> CompleteAsync(string id)
    {
        using var complete = await Http.PostAsync($"/v1/uploads/{id}/complete", null);
        complete.EnsureSuccessStatusCode();
        return (await complete.Content.ReadFromJsonAsync<JsonNode>())!["id"]!.GetValue<string>();
    }

    public async Task<string> CreateUploadAsync(long size, int partSize, bool isDirect = false)
    {
        // A file of one part keeps the default: part sizes below the store's least are refused.
        var wanted = size > partSize ? (int?)partSize : null;
        using var create = await Http.PostAsJsonAsync("/v1/uploads", new { name = $"{Guid.NewGuid():n}.bin", size, partSize = wanted, mode = isDirect ? "direct" : "proxied" });
        create.EnsureSuccessStatusCode();
        return (await create.Content.ReadFromJsonAsync<JsonNode>())!["id"]!.GetValue<string>();
    }

    /// <summary>URLs of parts, up to 1,000 a call.</summary>
    public async Task<List<Uri>> PresignAsync(string id, IReadOnlyList<int> numbers)
    {
        var urls = new List<Uri>(numbers.Count);
        foreach (var parts in numbers.Chunk(1_000))
        {
            using var answer = await Http.PostAsJsonAsync($"/v1/uploads/{id}/presign", new { parts });
            answer.EnsureSuccessStatusCode();
            var body = await answer.Content.ReadFromJsonAsync<JsonNode>();
            urls.AddRange(body!["parts"]!.AsArray().Select(part => new Uri(Http.BaseAddress!, part!["url"]!.GetValue<string>())));
        }

        return urls;
    }

    public async Task PutPartAsync(string id, int number, byte[] part, CancellationToken cancellationToken)
    {
        using var body = new ByteArrayContent(part);
        using var answer = await Http.PutAsync($"/v1/uploads/{id}/parts/{number}", body, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<string> UploadSmallAsync(byte[] content)
    {
        using var body = new ByteArrayContent(content);
        using var answer = await Http.PostAsync($"/v1/files?name={Guid.NewGuid():n}.bin", body);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!["id"]!.GetValue<string>();
    }

    public async Task PurgeAsync(string fileId)
    {
        using var answer = await Http.DeleteAsync($"/v1/files/{fileId}?permanent=true");
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose() => Http.Dispose();
}
