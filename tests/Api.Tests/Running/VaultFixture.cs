using System.Globalization;
using System.Net.Sockets;
using GrainVault.Api.Tests.Watching;
using GrainVault.TestKit.Processes;

namespace GrainVault.Api.Tests.Running;

/// <summary>One running system for all tests of the collection, which keep apart by using accounts of their own.</summary>
public sealed class VaultFixture : IAsyncLifetime
{
    /// <summary>What a scraper of this system presents.</summary>
    public const string MetricsToken = "token of the tests' scraper";

    /// <summary>Entries of an archive that this system makes.</summary>
    public const int ZipEntryCountMax = 20;

    private VaultProcess? _vault;
    private Account? _administrator;

    internal VaultProcess Vault => _vault!;

    internal Uri Address => Vault.Address;

    /// <summary>The first account of the system.</summary>
    internal Account Administrator => _administrator!;

    public static Dictionary<string, string> Settings() => new()
    {
        // The least that is allowed: accounts and links are made by the hundred here, and none of this is about the cost of a hash.
        ["GrainVault__Auth__PasswordHashIterations"] = "10000",
        ["GrainVault__Limits__SignupsPerMinute"] = "100000",
        ["GrainVault__Metrics__Token"] = MetricsToken,
        ["GrainVault__Limits__FailedLoginsPerMinutePerAddress"] = "100000",
        ["GrainVault__Limits__FailedLinkPasswordsPerMinutePerAddress"] = "100000",
        ["GrainVault__Limits__RequestsPerSecondPerUser"] = "100000",
        ["GrainVault__Limits__RequestsPerSecondPerAddress"] = "100000",
        ["GrainVault__Ingest__Secret"] = IngestTests.Secret,
        ["GrainVault__Ingest__SnsTopics__0"] = IngestTests.Topic,
        ["GrainVault__Limits__ZipEntryCountMax"] = $"{ZipEntryCountMax}",
        ["GrainVault__Limits__BodyRateGrace"] = "00:00:02",
        ["GrainVault__Limits__BodyBytesPerSecondMin"] = "100000",
    };

    public async Task InitializeAsync()
    {
        _vault = await VaultProcess.StartAsync(Settings());
        _administrator = await SignUpAsync();
    }

    public async Task DisposeAsync()
    {
        _administrator?.Dispose();
        var log = Vault.Log;
        await Vault.DisposeAsync();
        // Every failure of the suite's requests was expected; what the system itself did not expect is a bug.
        Assert.DoesNotContain("An unexpected exception ended a request", log, StringComparison.Ordinal);
    }

    internal HttpClient CreateClient() => CreateClient(Vault);

    /// <summary>A client that keeps no cookies.</summary>
    internal HttpClient CreateVisitor() => CreateClient(Vault, useCookies: false);

    /// <summary>A client behind whose connection little is kept for it that it has not read.</summary>
    internal HttpClient CreateSlowClient() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = static async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 64 << 10 };
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
        BaseAddress = Vault.Address,
        Timeout = TimeSpan.FromMinutes(2),
    };

    internal static HttpClient CreateClient(VaultProcess vault, bool useCookies = true) =>
        new(new ContractHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = useCookies, Expect100ContinueTimeout = TimeSpan.FromSeconds(10) }))
        {
            BaseAddress = vault.Address,
            Timeout = TimeSpan.FromMinutes(2),
        };

    internal Task<Account> SignUpAsync() => Account.SignUpAsync(CreateClient());

    /// <summary>The metrics of the front end, as its administrator sees them.</summary>
    internal Task<string> ScrapeTextAsync() => Administrator.Http.GetStringAsync("/metrics");

    internal async Task<Scrape> ScrapeAsync() => Scrape.Parse(await ScrapeTextAsync());

    /// <summary>Everything that the object store holds, with sizes, apart from files that are being written.</summary>
    internal IReadOnlyList<string> StoredFiles()
    {
        var keys = Path.Combine(Vault.DataDirectory, "objects", "keys");
        return Directory.Exists(keys)
            ? [.. Directory.EnumerateFiles(keys, "*", SearchOption.AllDirectories)
                .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file} {new FileInfo(file).Length}"))
                .Order(StringComparer.Ordinal)]
            : [];
    }
}

[CollectionDefinition(Name)]
public sealed class RunningVault : ICollectionFixture<VaultFixture>
{
    public const string Name = "running vault";
}
