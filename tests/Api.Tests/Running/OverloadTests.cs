using System.Globalization;
using System.Net;
using System.Text.Json;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>A front end with more uploads than it takes: it sends uploads away, serves everything cheaper, and recovers.</summary>
public sealed class OverloadTests
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);
    private static readonly byte[] Part = new byte[PartSize];

    [Fact]
    public async Task Uploads_beyond_the_bytes_in_flight_are_shed_while_reads_are_served_and_come_through_later()
    {
        await using var vault = await StartAsync(("AdmissionSharePerUser", "1"));
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var upload = await user.CreateUploadAsync("x", 14L * PartSize);
        using var holders = new Holders(vault, user, upload);
        await holders.TakeAsync(1, 12);

        await RefusedAsync(user.PutPartAsync(IdOf(upload), 13, Part), 503, "overloaded");
        foreach (var path in new[] { "/v1/me", "/v1/files", $"/v1/uploads/{IdOf(upload)}", "/healthz/ready" })
            Assert.Equal(HttpStatusCode.OK, (await user.Http.GetAsync(path)).StatusCode);
        holders.Reset();
        await EventuallyStoredAsync(user, upload, 13);
    }

    [Fact]
    public async Task Slow_parts_of_one_user_leave_half_of_the_room_to_others()
    {
        await using var vault = await StartAsync();
        using var slow = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var theirs = await slow.CreateUploadAsync("slow", 14L * PartSize);
        using var holders = new Holders(vault, slow, theirs);
        await holders.TakeAsync(1, 6);
        await RefusedAsync(slow.PutPartAsync(IdOf(theirs), 7, Part), 503, "overloaded");
        // A thousand URLs are held in memory until they are sent, too; a few have room.
        var direct = await slow.CreateUploadAsync("direct", 1000L * PartSize);
        var numbers = Enumerable.Range(1, 1000).ToArray();
        await RefusedAsync(slow.PostAsync($"/v1/uploads/{IdOf(direct)}/presign", new { parts = numbers }), 503, "overloaded");
        using (var few = await slow.PostAsync($"/v1/uploads/{IdOf(direct)}/presign", new { parts = numbers[..10] }))
            Assert.Equal(HttpStatusCode.OK, few.StatusCode);

        using var other = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var upload = await other.CreateUploadAsync("quick", 6L * PartSize);
        var answers = await Task.WhenAll(Enumerable.Range(1, 6).Select(number => other.PutPartAsync(IdOf(upload), number, Part)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
    }

    [Fact]
    public async Task Uploads_beyond_their_count_are_shed_at_once_while_everything_else_is_served()
    {
        await using var vault = await StartAsync(
            ("UploadRequestsMax", "3"), ("RequestSharePerAddress", "1"), ("RequestSharePerUser", "1"), ("AdmissionWait", "00:01:00"));
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        var upload = await user.CreateUploadAsync("x", 14L * PartSize);
        using var holders = new Holders(vault, user, upload);
        await holders.TakeAsync(1, 3);
        await RefusedAsync(user.PutPartAsync(IdOf(upload), 4, Part), 503, "overloaded");
        await RefusedAsync(user.PostAsync("/v1/uploads", new { name = "y", size = 1 }), 503, "overloaded");
        Assert.Equal(HttpStatusCode.OK, (await user.Http.GetAsync("/v1/me")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await user.Http.GetAsync("/v1/files")).StatusCode);
        using var another = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        holders.Reset();
        await EventuallyStoredAsync(user, upload, 4);
    }

    [Fact]
    public async Task Process_under_pressure_sends_uploads_away_and_serves_the_rest()
    {
        await using var vault = await StartAsync(("MemoryShareMax", "0"));
        using var user = await Account.SignUpAsync(VaultFixture.CreateClient(vault));
        await Eventually.TrueAsync(
            () => Task.FromResult(vault.Log.Contains("Pressure is Elevated", StringComparison.Ordinal)), Recovery, () => "no pressure is told");
        await RefusedAsync(user.PostAsync("/v1/uploads", new { name = "x", size = 1 }), 503, "overloaded");
        await RefusedAsync(user.Http.PostAsync("/v1/files?name=y", new ByteArrayContent([1])), 503, "overloaded");
        Assert.Equal(HttpStatusCode.OK, (await user.Http.GetAsync("/v1/me")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await user.Http.GetAsync("/v1/files")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await user.Http.PostAsync("/v1/auth/logout", null)).StatusCode);
    }

    private static Task<VaultProcess> StartAsync(params (string Name, string Value)[] limits)
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Limits__BytesInFlightMax"] = (64 << 20).ToString(CultureInfo.InvariantCulture);
        settings["GrainVault__Limits__AdmissionWait"] = "00:00:00.500";
        settings["GrainVault__Limits__BodyBytesPerSecondMin"] = "1";
        foreach (var (name, value) in limits)
            settings[$"GrainVault__Limits__{name}"] = value;
        return VaultProcess.StartAsync(settings);
    }

    private static Task EventuallyStoredAsync(Account user, JsonElement upload, int number) => Eventually.TrueAsync(
        async () =>
        {
            using var response = await user.PutPartAsync(IdOf(upload), number, Part);
            Assert.Contains(response.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable });
            return response.StatusCode == HttpStatusCode.OK;
        },
        Recovery,
        () => "uploads do not recover");

    /// <summary>Clients that were told to send a part, and send nothing.</summary>
    private sealed class Holders(VaultProcess vault, Account user, JsonElement upload) : IDisposable
    {
        private readonly List<RawClient> _clients = [];

        public async Task TakeAsync(int first, int last)
        {
            for (var number = first; number <= last; number++)
            {
                var client = await RawClient.ConnectAsync(vault.Address);
                _clients.Add(client);
                await client.SendHeadAsync(user, $"PUT /v1/uploads/{IdOf(upload)}/parts/{number}", $"Content-Length: {PartSize}", "Expect: 100-continue");
                Assert.Equal(100, await client.StatusAsync());
            }
        }

        public void Reset() => _clients.ForEach(client => client.Reset());

        public void Dispose() => _clients.ForEach(client => client.Dispose());
    }
}
