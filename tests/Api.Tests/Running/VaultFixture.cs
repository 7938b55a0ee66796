using System.Globalization;
using GrainVault.TestKit.Processes;

namespace GrainVault.Api.Tests.Running;

/// <summary>One running system for all tests of the collection, which keep apart by using accounts of their own.</summary>
public sealed class VaultFixture : IAsyncLifetime
{
    private VaultProcess? _vault;

    internal VaultProcess Vault => _vault!;

    internal Uri Address => Vault.Address;

    public static Dictionary<string, string> Settings() => new()
    {
        ["GrainVault__Limits__SignupsPerMinute"] = "100000",
        ["GrainVault__Limits__BodyRateGrace"] = "00:00:02",
        ["GrainVault__Limits__BodyBytesPerSecondMin"] = "100000",
    };

    public async Task InitializeAsync() => _vault = await VaultProcess.StartAsync(Settings());

    public async Task DisposeAsync()
    {
        var log = Vault.Log;
        await Vault.DisposeAsync();
        // Every failure of the suite's requests was expected; what the system itself did not expect is a bug.
        Assert.DoesNotContain("An unexpected exception ended a request", log, StringComparison.Ordinal);
    }

    internal HttpClient CreateClient() => CreateClient(Vault);

    internal static HttpClient CreateClient(VaultProcess vault) =>
        new(new ContractHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, Expect100ContinueTimeout = TimeSpan.FromSeconds(10) }))
        {
            BaseAddress = vault.Address,
            Timeout = TimeSpan.FromMinutes(2),
        };

    internal Task<Account> SignUpAsync() => Account.SignUpAsync(CreateClient());

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
