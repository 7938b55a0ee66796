using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using GrainVault.Api.Tests.Watching;

namespace GrainVault.Api.Tests.Running.Store;

/// <summary>What a browser lets a page do: page, API and store are of three origins.</summary>
[Collection(PreparedBucketTests.Name)]
public sealed class BrowserUploadTests(PreparedBucket bucket) : IDisposable
{
    private const int SizeBytes = (2 * Account.PartSize) + 12_345;

    private readonly HttpClient _store = new(new SocketsHttpHandler { UseProxy = false });

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Page_sends_parts_straight_to_the_store_and_completes_with_the_ETags_that_it_reads()
    {
        using var user = await bucket.SignUpAsync();
        await using var browser = await Browser.StartAsync();
        var (page, complaints) = await browser.OpenAsync(new Uri(bucket.Origin));

        var sent = await page.EvaluateAsync<JsonElement>(
            "given => upload(given)",
            new { api = bucket.Vault.Address.ToString(), token = user.AccessToken, size = SizeBytes, partSize = Account.PartSize });

        Assert.Empty(complaints);
        var content = new byte[SizeBytes];
        for (var index = 0; index < content.Length; index++)
            content[index] = UploadPage.ByteAt(index);
        Assert.Equal(
            content.Chunk(Account.PartSize).Select(part => $"\"{Convert.ToHexStringLower(MD5.HashData(part))}\""),
            sent.GetProperty("etags").EnumerateArray().Select(etag => etag.GetString()));
        Assert.Equal(3, new[] { bucket.Origin, bucket.Vault.Address.GetLeftPart(UriPartial.Authority), sent.GetProperty("store").GetString() }.Distinct().Count());
        var stored = await user.Http.GetByteArrayAsync($"/v1/files/{sent.GetProperty("id").GetString()}/content");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), Convert.ToHexStringLower(SHA256.HashData(stored)));
    }

    [Fact]
    public async Task Page_of_another_origin_is_kept_out_by_its_browser_even_with_a_URL()
    {
        using var user = await bucket.SignUpAsync();
        using var created = await user.PostAsync("/v1/uploads", new { name = "theirs.bin", size = 1, mode = "direct" });
        using var presigned = await user.PostAsync($"/v1/uploads/{Account.IdOf(await Account.JsonAsync(created))}/presign", new { parts = new[] { 1 } });
        var url = (await Account.JsonAsync(presigned)).GetProperty("parts")[0].GetProperty("url").GetString()!;
        await using var stranger = await PageServer.StartAsync(UploadPage.Html);

        Assert.Equal((HttpStatusCode.OK, bucket.Origin), await PreflightAsync(url, bucket.Origin));
        Assert.Equal((HttpStatusCode.Forbidden, null), await PreflightAsync(url, stranger.Origin));
        await using var browser = await Browser.StartAsync();
        var (page, _) = await browser.OpenAsync(new Uri(stranger.Origin));
        Assert.Equal("TypeError", await page.EvaluateAsync<string>("url => put(url)", url));
        Assert.Equal("TypeError", await page.EvaluateAsync<string>("url => put(url)", new Uri(bucket.Vault.Address, "/v1/me").ToString()));
        // The same page where it is let in.
        await page.GotoAsync(bucket.Origin);
        Assert.Equal("200", await page.EvaluateAsync<string>("url => put(url)", url));
    }

    private async Task<(HttpStatusCode Status, string? AllowedOrigin)> PreflightAsync(string url, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, url);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "PUT");
        using var answer = await _store.SendAsync(request);
        return (answer.StatusCode, answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) ? allowed.Single() : null);
    }
}
