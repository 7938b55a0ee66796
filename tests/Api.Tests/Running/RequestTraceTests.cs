using System.Net;
using System.Text.Json;
using GrainVault.TestKit.Processes;
using GrainVault.TestKit.S3;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>An operator who has one request id finds what every layer wrote about that request.</summary>
public sealed class RequestTraceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Failing_upload_leaves_its_request_id_in_the_lines_of_every_layer()
    {
        await using var s3 = await S3Server.StartAsync(persistent: true);
        await using var vault = await VaultProcess.StartAsync(OutageTests.S3Settings(s3));
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var upload = await user.CreateUploadAsync("traced", 2 * PartSize);
        await user.PutPartAsync(IdOf(upload), 1, new byte[PartSize]);

        await s3.StopAsync();
        var storeId = $"store-{Guid.NewGuid():n}";
        using (var refused = await user.PutPartAsync(IdOf(upload), 2, new byte[PartSize], ("X-Request-Id", storeId)))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        await s3.StartAgainAsync();

        await vault.KillPostgresAsync();
        var ledgerId = $"ledger-{Guid.NewGuid():n}";
        using (var refused = await user.PutPartAsync(IdOf(upload), 2, new byte[PartSize], ("X-Request-Id", ledgerId)))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);

        await ContainsAsync(vault, storeId, "GrainVault.Access", "GrainVault.Uploads.PartWriterGrain", "GrainVault.Storage.S3.S3ObjectStore");
        await ContainsAsync(
            vault,
            ledgerId,
            "GrainVault.Access",
            "GrainVault.Api.Http.ProblemMiddleware",
            "GrainVault.Silo.Hosting.GrainFaultLog",
            "GrainVault.Data.CatalogueDatabase");
    }

    private static async Task ContainsAsync(VaultProcess vault, string requestId, params string[] categories)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        await Eventually.TrueAsync(
            () =>
            {
                foreach (var line in vault.Log.Split('\n').Where(line => line.StartsWith('{') && line.Contains(requestId, StringComparison.Ordinal)))
                    found.Add(JsonDocument.Parse(line).RootElement.GetProperty("Category").GetString()!);
                return Task.FromResult(categories.All(found.Contains));
            },
            Patience,
            () => $"{requestId} is only in lines of {string.Join(", ", found)}\n{vault.Log}");
    }
}
