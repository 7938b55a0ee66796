using System.Text.RegularExpressions;
using GrainVault.Silo.Hosting;
using GrainVault.Silo.Options;
using GrainVault.Silo.Startup;
using GrainVault.Silo.Tests.Tidy;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GrainVault.Silo.Tests.Deploy;

/// <summary>The product's settings as files of <c>deploy/</c> set them.</summary>
internal static partial class Settings
{
    private const string Prefix = $"{OptionsReader.Root}__";

    /// <summary>Names that <c>.env.example</c> does not list, which is the operator's list of all there are.</summary>
    public static IEnumerable<string> Unknown(IEnumerable<string> names)
    {
        var listed = SourceTree.Lines(".env.example")
            .Select(line => NamePattern().Match(line))
            .Where(match => match.Success)
            .Select(match => match.Groups[1].Value)
            .ToHashSet(StringComparer.Ordinal);
        return names.Where(name => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !listed.Contains(IndexPattern().Replace(name, "__0")));
    }

    /// <summary>Composes a silo with the settings as its process would, which refuses what is misspelt or not allowed, and starts nothing.</summary>
    public static (PostgresOptions Postgres, TimeSpan ShutdownTimeout) Compose(IEnumerable<KeyValuePair<string, string>> environment)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(environment
            .Where(variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(variable => KeyValuePair.Create(variable.Key.Replace("__", ":", StringComparison.Ordinal), (string?)variable.Value)));
        builder.AddGrainVaultSilo();
        var app = builder.Build();
        GrainVaultHost.CheckOptions(app);
        return (app.Services.GetRequiredService<PostgresOptions>(), app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
    }

    [GeneratedRegex(@"^#?(\w+)=")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"__\d+(?=__|$)")]
    private static partial Regex IndexPattern();
}
