using GrainVault.TestKit.Processes;
using GrainVault.TestKit.S3;

namespace GrainVault.Api.Tests.Running.Store;

/// <summary>
/// A system on the real S3 server whose bucket <c>grainvault store setup</c> has prepared, and a web page that may use it. The
/// janitor looks for new objects a day later, so whatever happens to them is because of events.
/// </summary>
public sealed class PreparedBucket : IAsyncLifetime
{
    private PageServer? _page;
    private VaultProcess? _vault;

    internal VaultProcess Vault => _vault!;

    /// <summary>The origin that is configured.</summary>
    internal string Origin => _page!.Origin;

    /// <summary>What the command said before setup, at setup, and afterwards.</summary>
    internal IReadOnlyList<(int ExitCode, string Output)> Runs { get; private set; } = [];

    public async Task InitializeAsync()
    {
        _page = await PageServer.StartAsync(UploadPage.Html);
        var server = await S3ServerFixture.ServerAsync();
        var settings = OutageTests.S3Settings(server);
        settings["GrainVault__Objects__S3__Profile"] = "ceph";
        (settings["GrainVault__Objects__S3__UploadAccessKey"], settings["GrainVault__Objects__S3__UploadSecretKey"]) = await server.CreateWriteOnlyKeysAsync();
        settings["GrainVault__Cors__Origins__0"] = _page.Origin;
        settings["GrainVault__Direct__StagedLookDelay"] = "1.00:00:00";
        _vault = await VaultProcess.StartAsync(settings);
        var address = new Dictionary<string, string> { ["GrainVault__Ingest__Url"] = new Uri(_vault.Address, "/v1/ingest/s3-events").ToString() };
        var runs = new List<(int, string)>();
        foreach (var command in (string[])["check", "setup", "check"])
            runs.Add(await _vault.RunCliAsync(address, "store", command));
        Runs = runs;
    }

    public async Task DisposeAsync()
    {
        if (_vault is not null)
            await _vault.DisposeAsync();
        if (_page is not null)
            await _page.DisposeAsync();
    }

    internal Task<Account> SignUpAsync() => Account.SignUpAsync(VaultFixture.CreateClient(Vault));
}

[CollectionDefinition(Name)]
public sealed class PreparedBucketTests : ICollectionFixture<PreparedBucket>
{
    public const string Name = "prepared bucket";
}
