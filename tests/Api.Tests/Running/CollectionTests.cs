using System.Diagnostics;
using GrainVault.TestKit.Processes;

namespace GrainVault.Api.Tests.Running;

/// <summary>The API collection of the documentation is run as its readers run it.</summary>
[Collection(RunningVault.Name)]
public sealed class CollectionTests(VaultFixture fixture)
{
    [Fact]
    public async Task Collection_passes_against_the_running_system()
    {
        var folder = Path.Combine(Repository.Root, "tests", "Api.Tests", "newman");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "newman")))
            await RunAsync(folder, "npm", "ci", "--no-audit", "--no-fund");
        await RunAsync(
            folder,
            "node",
            Path.Combine("node_modules", "newman", "bin", "newman.js"),
            "run",
            Path.Combine(Repository.Root, "docs", "api.postman_collection.json"),
            "--env-var",
            $"baseUrl={fixture.Address.ToString().TrimEnd('/')}",
            "--disable-unicode",
            "--color",
            "off");
    }

    private static async Task RunAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}:\n{await output}\n{await error}");
    }
}
