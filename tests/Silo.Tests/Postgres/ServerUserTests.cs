using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;

namespace GrainVault.Silo.Tests.Postgres;

/// <summary>Who may run the server, and where; as root the cases also run as an ordinary user.</summary>
public sealed class ServerUserTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Everybody = OwnerOnly
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Folders_that_nobody_else_may_enter_are_no_obstacle()
    {
        var closed = Directory.CreateDirectory(_folder["closed"], OwnerOnly).FullName;

        await using var server = await EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresSettings { DataDirectory = Path.Combine(closed, "data"), Durable = false }, new LogRecorder(), TimeProvider.System);

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(closed));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.Combine(closed, "data")));
        var uid = File.ReadLines($"/proc/{server.ProcessId}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1];
        Assert.NotEqual("0", uid);
    }

    [Fact]
    public async Task Ordinary_user_runs_a_silo_with_its_database()
    {
        var program = ProgramRun.CopySilo(_folder);
        var home = OpenFolder("home");

        await using var silo = ProgramRun.Start(program, home, asOrdinaryUser: true);
        await silo.WaitForOutputAsync("Application started");
        var dataPath = Path.Combine(home, ".data", "postgres");
        Assert.NotEmpty(StaleServer.FindProcesses(dataPath));
        await silo.SignalAsync("TERM");

        Assert.Equal(0, await silo.WaitForExitAsync());
        Assert.Empty(StaleServer.FindProcesses(dataPath));
    }

    [Fact]
    public async Task Folder_that_the_user_can_not_enter_is_named()
    {
        var program = ProgramRun.CopySilo(_folder);
        var closed = Directory.CreateDirectory(_folder["closed"], Environment.IsPrivilegedProcess ? OwnerOnly : UnixFileMode.None).FullName;

        await using var silo = ProgramRun.Start(
            program, OpenFolder("home"), new Dictionary<string, string> { ["GrainVault__Data__Directory"] = $"{closed}/data" }, asOrdinaryUser: true);

        Assert.Equal(StartRefusedException.ExitCode, await silo.WaitForExitAsync());
        Assert.Single(silo.Errors.Split('\n'));
        Assert.Contains($"GrainVault:Data:Directory is '{closed}/data'; allowed: a folder that user '", silo.Errors, StringComparison.Ordinal);
        Assert.Contains($"'{closed}' is not one", silo.Errors, StringComparison.Ordinal);
        File.SetUnixFileMode(closed, OwnerOnly);
    }

    [Fact]
    public async Task Killed_silo_takes_its_database_along_and_the_next_one_recovers()
    {
        var environment = new Dictionary<string, string> { ["GrainVault__Data__Directory"] = _folder["data"] };
        var program = Repository.Built("src/Silo", "GrainVault.Silo");
        await using (var killed = ProgramRun.Start(program, _folder.Path, environment))
        {
            await killed.WaitForOutputAsync("Application started");
            await killed.SignalAsync("KILL");
            await killed.WaitForExitAsync();
        }

        await using var next = ProgramRun.Start(program, _folder.Path, environment);
        await next.WaitForOutputAsync("Application started");
        await next.SignalAsync("TERM");

        Assert.Equal(0, await next.WaitForExitAsync());
        Assert.Empty(StaleServer.FindProcesses(Path.Combine(_folder["data"], "postgres")));
    }

    private string OpenFolder(string name)
    {
        var path = Directory.CreateDirectory(_folder[name]).FullName;
        File.SetUnixFileMode(path, Everybody);
        return path;
    }
}
