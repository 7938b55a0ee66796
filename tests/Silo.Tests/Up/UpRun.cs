using System.Globalization;
using System.Net;
using GrainVault.Silo.Postgres;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;
using GrainVault.TestKit.S3;

namespace GrainVault.Silo.Tests.Up;

/// <summary><c>./eng/up</c> in a session and process group of its own, on a data folder and port of its own.</summary>
internal sealed class UpRun : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(30);

    private readonly TestFolder _folder = new();
    private readonly int _port = FreePorts.Pair(); // The second front end takes the next one.
    private ProgramRun? _run;

    public UpRun(params string[] arguments) => Arguments = arguments;

    /// <summary>Arguments of the next start.</summary>
    public string[] Arguments { get; set; }

    public string DataDirectory => _folder["data"];

    public string Address => AddressOf(1);

    public string Output => $"{_run?.Output}\n{_run?.Errors}".Trim();

    public int GroupId => _run!.Id;

    public bool HasExited => _run!.HasExited;

    public async Task StartAsync(params (string Key, string Value)[] settings)
    {
        if (_run is not null)
            await _run.DisposeAsync();
        var environment = new Dictionary<string, string> { ["ASPNETCORE_URLS"] = Address, ["GrainVault__Data__Directory"] = DataDirectory };
        foreach (var (key, value) in settings)
            environment[key] = value;
        // Not a group leader, setsid makes no child: the process that we start is ./eng/up itself. In a terminal SIGINT does something;
        // tests that a shell runs in the background inherit that it is ignored, and no program below could undo that.
        _run = ProgramRun.Start(
            "env", _folder.Path, environment, asOrdinaryUser: false, ["--default-signal=INT", "setsid", Path.Combine(Repository.Root, "eng", "up"), .. Arguments]);
    }

    public async Task StartAndWaitAsync()
    {
        await StartAsync();
        await Eventually.TrueAsync(
            () => _run!.HasExited
                ? throw new InvalidOperationException($"./eng/up ended:\n{Output}")
                : Task.FromResult(_run.Output.Contains($"GrainVault is ready: {Address}", StringComparison.Ordinal)),
            ReadyWithin,
            () => Output);
    }

    public Task<int> WaitForExitAsync() => _run!.WaitForExitAsync();

    /// <summary>SIGTERM to <c>./eng/up</c> alone; the exit code, which must come within 30 s.</summary>
    public async Task<int> StopAsync()
    {
        await _run!.SignalAsync("TERM");
        return await _run.WaitForExitAsync().WaitAsync(StopsWithin);
    }

    /// <summary>SIGKILL to every process of the group in one system call.</summary>
    public async Task KillAllAsync()
    {
        PosixCalls.Signal(-GroupId, PosixCalls.SignalKill);
        await _run!.WaitForExitAsync();
    }

    public int Pid(string name) => int.Parse(File.ReadAllText(Path.Combine(DataDirectory, "run", $"{name}.pid")), CultureInfo.InvariantCulture);

    /// <summary>Address of a front end by its number from 1.</summary>
    public string AddressOf(int frontEnd) => $"http://127.0.0.1:{_port + frontEnd - 1}";

    public async Task<bool> IsReadyAsync(int frontEnd = 1)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var answer = await http.GetAsync($"{AddressOf(frontEnd)}/healthz/ready");
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Everything that still runs in the group or works on the data folder.</summary>
    public List<int> FindProcesses()
    {
        var found = StaleServer.FindProcesses(Path.Combine(DataDirectory, "postgres"));
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var pid) && GroupOf(pid) == GroupId && !found.Contains(pid))
                found.Add(pid);
        }

        return found;
    }

    public static int? GroupOf(int pid)
    {
        try
        {
            // The name in parentheses may hold spaces; the group is the third field after it.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" ? null : int.Parse(fields[2], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null; // It has ended meanwhile.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_run is not null)
        {
            if (!_run.HasExited)
                await KillAllAsync();
            await Eventually.TrueAsync(() => Task.FromResult(FindProcesses().Count == 0), StopsWithin, () => $"left behind: {string.Join(", ", FindProcesses())}");
            await _run.DisposeAsync();
        }

        _folder.Dispose();
    }
}
