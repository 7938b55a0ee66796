using System.Diagnostics;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;

namespace GrainVault.Cluster.Tests.Soak;

/// <summary>
/// The programs of an earlier commit, built in a folder of their own: <c>GRAINVAULT_PREVIOUS</c>, or the commit before this one.
/// </summary>
internal sealed class EarlierBuild : IDisposable
{
    private static readonly TimeSpan BuildWithin = TimeSpan.FromMinutes(10);

    private readonly TestFolder _folder = new();

    private EarlierBuild(string commit) => Commit = commit;

    public string Commit { get; }

    public string Silo => Program("src/Silo", "GrainVault.Silo");

    public string FrontEnd => Program("src/Api", "GrainVault.Api");

    public static async Task<EarlierBuild> MakeAsync()
    {
        var wanted = Environment.GetEnvironmentVariable("GRAINVAULT_PREVIOUS") is { Length: > 0 } name ? name : "HEAD~1";
        var build = new EarlierBuild((await RunAsync("git", Repository.Root, "rev-parse", "--verify", $"{wanted}^{{commit}}")).Trim());
        try
        {
            await build.MakeProgramsAsync();
            return build;
        }
        catch
        {
            build.Dispose();
            throw;
        }
    }

    public void Dispose() => _folder.Dispose();

    private async Task MakeProgramsAsync()
    {
        await RunAsync("git", Repository.Root, "archive", "--output", _folder["source.tar"], Commit);
        Directory.CreateDirectory(_folder["source"]);
        await RunAsync("tar", _folder.Path, "-xf", _folder["source.tar"], "-C", _folder["source"]);
        // The same actor runtime as ours: the two never share a cluster.
        const string Choice = "eng/Orleans.local.props";
        if (File.Exists(Path.Combine(Repository.Root, Choice)))
            File.Copy(Path.Combine(Repository.Root, Choice), Path.Combine(_folder["source"], Choice));
        foreach (var project in (string[])["src/Silo", "src/Api"])
            await RunAsync("dotnet", _folder["source"], "build", project, "-c", "Release", "--nologo", "-v", "quiet", "--disable-build-servers");
    }

    private string Program(string project, string name) => Path.Combine(_folder["source"], project, "bin", "Release", "net10.0", name);

    private static async Task<string> RunAsync(string program, string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(BuildWithin);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {await output}{await error}");
    }
}
