using System.Globalization;
using System.Net;
using System.Net.Sockets;
using GrainVault.Api.Tests.Watching;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>A system with few places: 12 for requests, 8 of them for uploads; 6 connections per address but the proxy's.</summary>
public sealed class FewPlacesFixture : IAsyncLifetime
{
    public const int ConnectionCountMax = 6;

    /// <summary>Places of one address.</summary>
    public const int RequestCountMax = 6;

    /// <summary>Places for uploads of one user.</summary>
    public const int UploadCountMax = 2;

    internal VaultProcess Vault { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var settings = VaultFixture.Settings();
        settings["GrainVault__Limits__ExpensiveRequestsMax"] = "12";
        settings["GrainVault__Limits__UploadRequestsMax"] = "8";
        settings["GrainVault__Limits__ConnectionsPerAddressMax"] = ConnectionCountMax.ToString(CultureInfo.InvariantCulture);
        settings["GrainVault__Limits__BodyBytesPerSecondMin"] = "1";
        settings["GrainVault__Limits__JsonBodyTimeout"] = "00:01:00";
        settings["GrainVault__Proxies__Known__0"] = "127.0.0.1";
        Vault = await VaultProcess.StartAsync(settings);
    }

    public async Task DisposeAsync() => await Vault.DisposeAsync();
}

/// <summary>Nobody takes all places of a front end, whoever he is and whatever he sends.</summary>
public sealed class ShareTests(FewPlacesFixture fixture) : IClassFixture<FewPlacesFixture>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly byte[] Part = new byte[PartSize];
    private int _client;

    [Fact]
    public async Task Stranger_whose_bodies_never_come_leaves_half_of_the_places_to_other_addresses()
    {
        using var user = await Account.SignUpAsync(Client());
        var held = new List<RawClient>();
        for (var i = 0; i < FewPlacesFixture.RequestCountMax; i++)
        {
            var client = await RawClient.ConnectAsync(fixture.Vault.Address);
            held.Add(client);
            await client.SendAsync(
                "POST /v1/auth/login HTTP/1.1\r\nHost: vault\r\nX-Forwarded-For: 203.0.113.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n");
            Assert.Equal(100, await client.StatusAsync());
        }

        using var stranger = Client("203.0.113.1");
        await RefusedAsync(stranger.PostAsync("/v1/auth/login", new StringContent("{}", null, "application/json")), 429, "throttled");
        using (var read = await stranger.GetAsync("/v1/me"))
            Assert.Equal(HttpStatusCode.Unauthorized, read.StatusCode);
        await user.PutFileAsync("x", [1, 2, 3]);
        Assert.True((await ScrapeAsync()).Sum("grainvault_requests_throttled_total", ("budget", "address-requests")) >= 1);

        held.ForEach(client => client.Reset());
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await stranger.PostAsync("/v1/auth/login", new StringContent("{}", null, "application/json"));
                return answer.StatusCode == HttpStatusCode.BadRequest;
            },
            Soon,
            () => "the places stay taken");
    }

    [Fact]
    public async Task User_with_his_share_of_uploads_under_way_leaves_room_for_others_from_whichever_addresses_he_comes()
    {
        using var slow = await Account.SignUpAsync(Client());
        var theirs = await slow.CreateUploadAsync("slow", 3L * PartSize);
        var held = new List<RawClient>();
        for (var number = 1; number <= FewPlacesFixture.UploadCountMax; number++)
        {
            var client = await RawClient.ConnectAsync(fixture.Vault.Address);
            held.Add(client);
            await client.SendHeadAsync(
                slow,
                $"PUT /v1/uploads/{IdOf(theirs)}/parts/{number}",
                $"X-Forwarded-For: 203.0.113.{100 + number}",
                $"Content-Length: {PartSize}",
                "Expect: 100-continue");
            Assert.Equal(100, await client.StatusAsync());
        }

        await RefusedAsync(slow.PutPartAsync(IdOf(theirs), 3, Part), 429, "throttled");
        Assert.Equal(HttpStatusCode.OK, (await slow.Http.GetAsync("/v1/me")).StatusCode);
        using var other = await Account.SignUpAsync(Client());
        await other.PutFileAsync("quick", [1, 2, 3]);
        Assert.True((await ScrapeAsync()).Sum("grainvault_requests_throttled_total", ("budget", "user-requests")) >= 1);

        held.ForEach(client => client.Reset());
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await slow.PutPartAsync(IdOf(theirs), 3, Part);
                return answer.StatusCode == HttpStatusCode.OK;
            },
            Soon,
            () => "the places stay taken");
    }

    [Fact]
    public async Task Connections_of_one_address_are_limited_and_those_of_a_known_proxy_and_of_others_are_not()
    {
        var stranger = IPAddress.Parse("127.0.0.2");
        var held = new List<RawClient>();
        for (var i = 0; i < FewPlacesFixture.ConnectionCountMax; i++)
        {
            held.Add(await RawClient.ConnectAsync(fixture.Vault.Address, stranger));
            Assert.Equal(200, await HealthAsync(held[^1]));
        }

        Assert.Equal(0, await HealthAsync(stranger));
        Assert.True((await ScrapeAsync()).Sum("grainvault_connections_refused_total") >= 1);
        Assert.Equal(200, await HealthAsync(IPAddress.Parse("127.0.0.3")));
        for (var i = 0; i < 2 * FewPlacesFixture.ConnectionCountMax; i++)
        {
            held.Add(await RawClient.ConnectAsync(fixture.Vault.Address));
            Assert.Equal(200, await HealthAsync(held[^1]));
        }

        held[0].Dispose();
        await Eventually.TrueAsync(
            async () => await HealthAsync(stranger) == 200,
            Soon,
            () => "a closed connection keeps its place");
        held.ForEach(client => client.Dispose());
    }

    /// <summary>The status over a new connection; 0 when it is closed, which may come before this side knows that it was open.</summary>
    private async Task<int> HealthAsync(IPAddress from)
    {
        try
        {
            using var client = await RawClient.ConnectAsync(fixture.Vault.Address, from);
            return await HealthAsync(client);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }

    private static async Task<int> HealthAsync(RawClient client)
    {
        try
        {
            await client.SendAsync("GET /healthz/live HTTP/1.1\r\nHost: vault\r\n\r\n");
        }
        catch (IOException)
        {
            return 0;
        }

        return await client.StatusAsync();
    }

    private async Task<Scrape> ScrapeAsync()
    {
        using var http = Client();
        http.DefaultRequestHeaders.Authorization = new("Bearer", VaultFixture.MetricsToken);
        return Scrape.Parse(await http.GetStringAsync("/metrics"));
    }

    // Each client has an address of its own, unless it is told which.
    private HttpClient Client(string? address = null)
    {
        var http = VaultFixture.CreateClient(fixture.Vault);
        http.DefaultRequestHeaders.Add("X-Forwarded-For", address ?? $"198.51.{Random.Shared.Next(256)}.{Interlocked.Increment(ref _client)}");
        return http;
    }
}
