using System.Globalization;
using System.Net;
using System.Text.Json;
using GrainVault.Api.Tests.Watching;
using GrainVault.TestKit.FakeS3;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>A store that takes its time: what it does not take stays with the clients, and never in memory.</summary>
public sealed class SlowStoreTests : IAsyncLifetime
{
    private const int UserCount = 4;
    private const int PartCount = 16;
    private const long BytesInFlightMax = 64 << 20;

    /// <summary>Parts that may be in flight at once.</summary>
    private const int AdmittedCount = (int)(BytesInFlightMax / PartSize);

    /// <summary>What requests may allocate beside the buffers of parts: far less than the parts of those that are sent away.</summary>
    private const long RequestsBudgetBytes = 64 << 20;

    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);
    private static readonly byte[] Part = new byte[PartSize];

    private FakeS3Server _s3 = null!;

    public async Task InitializeAsync()
    {
        _s3 = await FakeS3Server.StartAsync();
        _s3.KeepsBytes = false;
    }

    public async Task DisposeAsync() => await _s3.DisposeAsync();

    [Fact]
    public async Task Stalled_store_holds_as_many_bytes_as_configured_sends_the_rest_away_and_takes_all_when_it_is_well()
    {
        await using var vault = await VaultProcess.StartAsync(Settings());
        using var administrator = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var uploads = new List<(Account User, JsonElement Upload)>();
        for (var i = 0; i < UserCount; i++)
        {
            var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
            uploads.Add((user, await user.CreateUploadAsync("x", (long)PartCount * PartSize)));
        }

        var stalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _s3.Faults.Stall = call => call.Operation == "UploadPart" ? stalled.Task : Task.CompletedTask;
        var before = await ScrapeAsync(administrator);
        var sent = uploads.SelectMany(one => Enumerable.Range(1, PartCount).Select(number => SendAsync(one.User, one.Upload, number))).ToList();
        await Eventually.TrueAsync(
            () => Task.FromResult(_s3.Count("UploadPart") == AdmittedCount && sent.Count(one => one.IsCompleted) == sent.Count - AdmittedCount),
            Recovery,
            () => $"{_s3.Count("UploadPart")} parts came to the store, {sent.Count(one => one.IsCompleted)} were answered");

        foreach (var one in sent.Where(one => one.IsCompleted))
            Assert.Contains(await one, new[] { HttpStatusCode.ServiceUnavailable, HttpStatusCode.TooManyRequests });
        var meanwhile = await ScrapeAsync(administrator);
        Assert.InRange(meanwhile.Sum("grainvault_part_buffers_rented_bytes"), AdmittedCount * PartSize, BytesInFlightMax);
        Assert.InRange(AllocatedBytes(meanwhile) - AllocatedBytes(before), 0, BytesInFlightMax + RequestsBudgetBytes);

        stalled.SetResult();
        foreach (var one in sent)
            Assert.Contains(await one, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable, HttpStatusCode.TooManyRequests });
        Assert.Equal(AdmittedCount, sent.Count(one => one.Result == HttpStatusCode.OK));
        await Task.WhenAll(uploads.Select(one => FinishAsync(one.User, one.Upload)));
        var after = await ScrapeAsync(administrator);
        Assert.Equal(0, after.Sum("grainvault_part_buffers_rented_bytes"));
        Assert.InRange(AllocatedBytes(after) - AllocatedBytes(before), 0, BytesInFlightMax + (2 * RequestsBudgetBytes));
        uploads.ForEach(one => one.User.Dispose());
    }

    private static double AllocatedBytes(Scrape scrape) => scrape.Sum("dotnet_gc_heap_total_allocated_bytes_total");

    private static async Task<Scrape> ScrapeAsync(Account administrator) => Scrape.Parse(await administrator.Http.GetStringAsync("/metrics"));

    private static async Task<HttpStatusCode> SendAsync(Account user, JsonElement upload, int number)
    {
        // Without its body: whoever is sent away need not have sent it.
        using var answer = await user.PutPartAsync(IdOf(upload), number, Part, ("Expect", "100-continue"));
        return answer.StatusCode;
    }

    /// <summary>The client comes back as long as it is told to.</summary>
    private static async Task FinishAsync(Account user, JsonElement upload)
    {
        for (var number = 1; number <= PartCount; number++)
        {
            var wanted = number;
            await Eventually.TrueAsync(
                async () => await SendAsync(user, upload, wanted) == HttpStatusCode.OK, Recovery, () => $"part {wanted} is not taken");
        }

        using var completed = await user.CompleteAsync(IdOf(upload));
        Assert.Equal(HttpStatusCode.Created, completed.StatusCode);
        Assert.Equal((long)PartCount * PartSize, (await JsonAsync(completed)).GetProperty("size").GetInt64());
    }

    private Dictionary<string, string> Settings()
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Objects__Provider"] = "s3";
        settings["GrainVault__Objects__S3__Endpoint"] = _s3.Endpoint;
        settings["GrainVault__Objects__S3__Bucket"] = "slow";
        settings["GrainVault__Objects__S3__AccessKey"] = FakeS3Server.AccessKey;
        settings["GrainVault__Objects__S3__SecretKey"] = FakeS3Server.SecretKey;
        settings["GrainVault__Limits__BytesInFlightMax"] = BytesInFlightMax.ToString(CultureInfo.InvariantCulture);
        settings["GrainVault__Limits__AdmissionWait"] = "00:00:00.500";
        // All clients have one address here.
        settings["GrainVault__Limits__RequestSharePerAddress"] = "1";
        settings["GrainVault__Janitor__ComputeChecksums"] = "false";
        return settings;
    }
}
