using System.ComponentModel.DataAnnotations;
using GrainVault.Api.Gateway;
using GrainVault.Api.Hosting;
using GrainVault.Silo.Options;
using GrainVault.Silo.Startup;
using GrainVault.TestKit.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace GrainVault.Api.Tests.Gateway;

/// <summary>Settings of front ends: what is allowed, and that the operator's list has them all.</summary>
public sealed class SettingsTests
{
    [Theory]
    [InlineData("https://files.example.org", true)]
    [InlineData("http://localhost:5173", true)]
    [InlineData("https://*.example.org", true)]
    [InlineData("*", true)]
    [InlineData("https://files.example.org/", false)]
    [InlineData("https://files.example.org/app", false)]
    [InlineData("files.example.org", false)]
    [InlineData("ftp://files.example.org", false)]
    [InlineData("https://a*b.example.org", false)]
    [InlineData("null", false)]
    [InlineData("", true)]
    public void Origin_is_a_scheme_a_host_and_a_port(string origin, bool isAllowed) =>
        Assert.Equal(isAllowed, IsValid(new CorsSettings { Origins = [origin] }));

    [Fact]
    public void Any_origin_goes_neither_with_others_nor_with_credentials()
    {
        Assert.False(IsValid(new CorsSettings { Origins = ["*", "https://a.example"] }));
        Assert.False(IsValid(new CorsSettings { Origins = ["*"], AllowCredentials = true }));
        Assert.True(IsValid(new CorsSettings { Origins = ["https://a.example"], AllowCredentials = true }));
        Assert.False(IsValid(new CorsSettings { ExposedHeaders = ["X-Own, Y"] }));
    }

    [Theory]
    [InlineData("10.0.0.0/8", true)]
    [InlineData("fd00::/8", true)]
    [InlineData("192.0.2.7", true)]
    [InlineData("10.0.0.0/33", false)]
    [InlineData("proxy.example.org", false)]
    public void Proxy_is_a_network_or_an_address(string text, bool isAllowed) => Assert.Equal(isAllowed, IsValid(new ProxySettings { Known = [text] }));

    [Fact]
    public void Every_setting_of_a_front_end_stands_in_env_example()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.AddFrontEnd();
        var page = File.ReadAllText(Path.Combine(Repository.Root, ".env.example"));
        var missing = builder.KnownKeys().Keys
            .Select(key => $"{OptionsReader.Root}__{key.Replace(":", "__", StringComparison.Ordinal)}=")
            .Where(name => !page.Contains(name, StringComparison.Ordinal));
        Assert.Equal("", string.Join('\n', missing));
    }

    [Fact]
    public void Values_of_front_ends_in_env_example_are_allowed_and_known()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(File.ReadAllLines(Path.Combine(Repository.Root, ".env.example"))
            .Select(line => line.TrimStart('#'))
            .Where(line => line.StartsWith($"{OptionsReader.Root}__Cors", StringComparison.Ordinal)
                || line.StartsWith($"{OptionsReader.Root}__Http", StringComparison.Ordinal)
                || line.StartsWith($"{OptionsReader.Root}__Limits", StringComparison.Ordinal)
                || line.StartsWith($"{OptionsReader.Root}__Proxies", StringComparison.Ordinal))
            .Select(line => line.Split('=', 2))
            .Select(pair => KeyValuePair.Create(pair[0].Replace("__", ":", StringComparison.Ordinal), (string?)pair[1])));
        builder.AddFrontEnd();
        Assert.Empty(builder.KnownKeys().RefuseMisspelt(builder.Configuration));
    }

    [Fact]
    public void Wrong_origin_is_refused_with_its_key()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create("GrainVault:Cors:Origins:0", (string?)"files.example.org")]).Build();
        var refused = Assert.Throws<StartRefusedException>(() => OptionsReader.Read<CorsSettings>(configuration, CorsSettings.Section));
        Assert.Contains("GrainVault:Cors:Origins", refused.Message, StringComparison.Ordinal);
    }

    private static bool IsValid(IValidatableObject settings) => !settings.Validate(new ValidationContext(settings)).Any();
}
