using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using GrainVault.TestKit.Processes;

namespace GrainVault.TestKit.Cluster;

/// <summary>One process of a cluster: a silo or a front end. Its ports stay the same however often it is started.</summary>
public sealed class VaultMember : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StoppedWithin = TimeSpan.FromSeconds(40);

    private readonly StringBuilder _log = new();
    private readonly string _folder;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private Process? _process;

    internal VaultMember(string name, string program, string folder, Uri address, IReadOnlyDictionary<string, string> settings)
    {
        Name = name;
        Program = program;
        Address = address;
        _folder = folder;
        _settings = settings;
    }

    /// <summary>For example <c>silo-1</c>.</summary>
    public string Name { get; }

    /// <summary>Where it answers <c>/healthz/ready</c>; a front end answers everything there.</summary>
    public Uri Address { get; }

    /// <summary>A silo's ports for silos and for front ends; a front end has none.</summary>
    public IReadOnlyList<IPEndPoint> ClusterPorts { get; internal init; } = [];

    /// <summary>The program that the next start runs.</summary>
    public string Program { get; set; }

    /// <summary>Command that ends by becoming the program that follows it, for example <c>ip netns exec NAME</c>.</summary>
    public IReadOnlyList<string> Launcher { get; set; } = [];

    public bool IsRunning => _process is { HasExited: false };

    public int Pid => _process?.Id ?? throw new InvalidOperationException($"{Name} was never started");

    /// <summary>Null while it runs.</summary>
    public int? ExitCode => _process is { HasExited: true } ended ? ended.ExitCode : null;

    /// <summary>Everything that its processes wrote so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    public async Task StartAsync()
    {
        await LaunchAsync();
        await WaitUntilReadyAsync();
    }

    /// <summary>Starts it and returns at once.</summary>
    public async Task LaunchAsync()
    {
        if (IsRunning)
            throw new InvalidOperationException($"{Name} runs already");
        _process?.Dispose();
        string[] command = [.. Launcher, Program];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GrainVault__", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in _settings)
            start.Environment[name] = value;
        _process = await ChildProcesses.StartAsync(start);
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public async Task WaitUntilReadyAsync()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(5) };
        await Eventually.TrueAsync(
            async () => IsRunning ? await IsReadyAsync(http) : throw new InvalidOperationException($"{Name} ended with {ExitCode}:\n{Tail()}"),
            ReadyWithin,
            () => $"{Name} is not ready; its log:\n{Tail()}");
    }

    /// <summary>SIGKILL; returns the moment of its death, as <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public async Task<long> KillAsync()
    {
        await SignalAsync("KILL");
        await _process!.WaitForExitAsync();
        return Stopwatch.GetTimestamp();
    }

    /// <summary>SIGSTOP: it is there, and does nothing.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT.</summary>
    public Task ResumeAsync() => SignalAsync("CONT");

    /// <summary>SIGTERM, as an operator stops it; returns the moment of its end once it has ended with code 0.</summary>
    public async Task<long> StopOrderlyAsync()
    {
        await SignalAsync("TERM");
        var ended = await WaitForExitAsync();
        if (ExitCode != 0)
            throw new InvalidOperationException($"{Name} ended with {ExitCode} after SIGTERM:\n{Tail()}");
        return ended;
    }

    /// <summary>Returns the moment of its end.</summary>
    public async Task<long> WaitForExitAsync()
    {
        using var limit = new CancellationTokenSource(StoppedWithin);
        try
        {
            await _process!.WaitForExitAsync(limit.Token);
            return Stopwatch.GetTimestamp();
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Name} has not ended within {StoppedWithin.TotalSeconds} s:\n{Tail()}");
        }
    }

    /// <summary>The last lines of its log.</summary>
    public string Tail(int lineCount = 60) => string.Join('\n', Log.Split('\n').TakeLast(lineCount));

    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
        {
            await SignalAsync("KILL");
            await _process!.WaitForExitAsync();
        }

        _process?.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        if (!IsRunning)
            throw new InvalidOperationException($"{Name} does not run; its log:\n{Tail()}");
        using var kill = Process.Start("kill", [$"-{signal}", Pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private static async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync("/healthz/ready");
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private void Append(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }
}
