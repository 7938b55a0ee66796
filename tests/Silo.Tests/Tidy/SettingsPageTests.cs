using GrainVault.Silo.Hosting;
using GrainVault.Silo.Options;
using GrainVault.Silo.Startup;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace GrainVault.Silo.Tests.Tidy;

/// <summary><c>.env.example</c> is the operator's list of settings.</summary>
public sealed class SettingsPageTests
{
    [Fact]
    public void Values_in_env_example_are_allowed()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(SourceTree.Lines(".env.example")
            .Where(line => line.StartsWith($"{OptionsReader.Root}__", StringComparison.Ordinal))
            .Select(line => line.Split('=', 2))
            .Select(pair => KeyValuePair.Create(pair[0].Replace("__", ":", StringComparison.Ordinal), (string?)pair[1])));
        builder.AddGrainVaultSilo();

        GrainVaultHost.CheckOptions(builder.Build());
    }

    [Fact]
    public void Every_setting_of_a_silo_stands_in_env_example()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.AddGrainVaultSilo();
        var page = SourceTree.Text(".env.example");

        var missing = builder.KnownKeys().Keys
            .Select(key => $"{OptionsReader.Root}__{key.Replace(":", "__", StringComparison.Ordinal)}")
            .Where(name => !page.Contains($"{name}=", StringComparison.Ordinal));

        Assert.Equal("", string.Join('\n', missing));
    }
}
