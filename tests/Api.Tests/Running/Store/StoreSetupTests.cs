using System.Net.Http.Headers;
using System.Security.Cryptography;
using GrainVault.Api.Tests.Watching;
using GrainVault.TestKit.Processes;

namespace GrainVault.Api.Tests.Running.Store;

/// <summary>The command that prepares a bucket, and what a prepared bucket does by itself.</summary>
[Collection(PreparedBucketTests.Name)]
public sealed class StoreSetupTests(PreparedBucket bucket)
{
    private const string Events = "grainvault_ingest_events_total";

    /// <summary>The store sends each event at most once.</summary>
    private const int PutCountMax = 3;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public void Command_says_what_is_missing_then_sets_it_then_finds_it()
    {
        Assert.True(bucket.Runs.Select(run => run.ExitCode).SequenceEqual([1, 0, 0]), string.Join('\n', bucket.Runs));
        Assert.Equal(["ok bucket", "missing cors", "missing lifecycle", "missing notifications", "ok keys"], StatesOf(bucket.Runs[0].Output));
        Assert.Equal(["ok bucket", "set cors", "set lifecycle", "set notifications", "ok keys"], StatesOf(bucket.Runs[1].Output));
        Assert.Equal(["ok bucket", "ok cors", "ok lifecycle", "ok notifications", "ok keys"], StatesOf(bucket.Runs[2].Output));
        foreach (var (_, output) in bucket.Runs)
        {
            Assert.DoesNotContain(IngestTests.Secret, output, StringComparison.Ordinal);
            Assert.DoesNotContain(Uri.EscapeDataString(IngestTests.Secret), output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public Task Server_has_said_at_its_start_what_the_bucket_lacks() => Eventually.TrueAsync(
        () => Task.FromResult(bucket.Vault.Log.Contains("no rule aborts unfinished multipart uploads", StringComparison.Ordinal)
            && bucket.Vault.Log.Contains("no rule lets", StringComparison.Ordinal)),
        Soon,
        () => $"its log says nothing of that:\n{bucket.Vault.Log}");

    [Fact]
    public async Task File_appears_because_the_store_told_of_it()
    {
        using var user = await bucket.SignUpAsync();
        using var created = await user.PostAsync("/v1/uploads", new { name = "told.bin", size = 12_345, mode = "direct" });
        using var presigned = await user.PostAsync($"/v1/uploads/{Account.IdOf(await Account.JsonAsync(created))}/presign", new { parts = new[] { 1 } });
        var url = (await Account.JsonAsync(presigned)).GetProperty("parts")[0].GetProperty("url").GetString()!;
        var content = RandomNumberGenerator.GetBytes(12_345);
        var before = await EventCountAsync();

        using var store = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        string? id = null;
        for (var attempt = 1; attempt <= PutCountMax && id is null; attempt++)
        {
            using var answer = await store.PutAsync(url, new ByteArrayContent(content));
            answer.EnsureSuccessStatusCode();
            id = await FindAsync(user, "told.bin");
        }

        Assert.NotNull(id);
        Assert.True(await EventCountAsync() > before);
        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{id}/content"));
    }

    /// <summary>Waits for a file to appear; null when it does not.</summary>
    private static async Task<string?> FindAsync(Account user, string name)
    {
        string? id = null;
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    var files = (await user.GetJsonAsync("/v1/files")).GetProperty("entries").EnumerateArray();
                    id = files.Where(file => file.GetProperty("name").GetString() == name).Select(Account.IdOf).SingleOrDefault();
                    return id is not null;
                },
                Soon,
                () => "no file");
        }
        catch (TimeoutException)
        {
            return null;
        }

        return id;
    }

    private async Task<double> EventCountAsync()
    {
        using var scraper = VaultFixture.CreateClient(bucket.Vault);
        scraper.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", VaultFixture.MetricsToken);
        return Scrape.Parse(await scraper.GetStringAsync("/metrics")).Sum(Events);
    }

    private static IEnumerable<string> StatesOf(string output) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2)));
}
