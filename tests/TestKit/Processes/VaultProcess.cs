using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GrainVault.TestKit.Processes;

/// <summary>
/// The product as its users run it: the built front end in a process of its own, with its embedded PostgreSQL, on a data
/// folder that lives as long as this object. Can be killed in every way and started again.
/// </summary>
public sealed class VaultProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StoppedWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LastLinesWithin = TimeSpan.FromSeconds(10);

    private readonly TestFolder _folder = new();
    private readonly Dictionary<string, string> _settings;
    private readonly IReadOnlyList<string> _launcher;
    private readonly StringBuilder _log = new();
    private Process? _process;

    private VaultProcess(IReadOnlyDictionary<string, string> settings, IReadOnlyList<string> launcher)
    {
        _launcher = launcher;
        _settings = new Dictionary<string, string>(settings);
        Address = new Uri($"http://127.0.0.1:{FreePort()}");
    }

    public Uri Address { get; }

    /// <summary>Value of <c>Data:Directory</c>.</summary>
    public string DataDirectory => _folder["data"];

    public int Pid => _process?.Id ?? throw new InvalidOperationException("not started");

    /// <summary>Everything that the process wrote so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <param name="settings">Environment variables on top of the embedded defaults.</param>
    /// <param name="launcher">Command that ends by becoming the program whose path stands in <c>$GRAINVAULT_PROGRAM</c>; null to start it itself.</param>
    public static async Task<VaultProcess> StartAsync(
        IReadOnlyDictionary<string, string>? settings = null, IReadOnlyList<string>? launcher = null)
    {
        var vault = new VaultProcess(settings ?? new Dictionary<string, string>(), launcher ?? []);
        try
        {
            await vault.RestartAsync();
            return vault;
        }
        catch
        {
            await vault.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client that does not follow redirects and does not retry.</summary>
    public HttpClient CreateClient() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
    {
        BaseAddress = Address,
        Timeout = TimeSpan.FromMinutes(2),
    };

    /// <summary>Starts the process if it is not running, and waits until the system is ready.</summary>
    public async Task RestartAsync()
    {
        if (_process is not { HasExited: false })
            Start();
        using var http = CreateClient();
        await Eventually.TrueAsync(
            async () =>
            {
                if (_process!.HasExited)
                {
                    // Its last lines are the reason; they are read beside this, and end with it unless somebody else holds its output.
                    await _process.WaitForExitAsync().WaitAsync(LastLinesWithin).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    throw new InvalidOperationException($"the front end ended with {_process.ExitCode}:\n{Log}");
                }

                try
                {
                    using var answer = await http.GetAsync("/healthz/ready");
                    return answer.StatusCode == HttpStatusCode.OK;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            ReadyWithin,
            () => $"not ready; its log:\n{Log}");
    }

    /// <summary>SIGKILL to the front end alone: its PostgreSQL may outlive it.</summary>
    public void KillFrontEnd()
    {
        _process!.Kill();
        _process.WaitForExit();
    }

    /// <summary>SIGKILL to the front end and to PostgreSQL in the same moment.</summary>
    public void KillAll()
    {
        var postgres = PostgresPid();
        _process!.Kill();
        if (postgres is { } pid)
            Kill(pid);
        _process.WaitForExit();
    }

    /// <summary>SIGKILL to PostgreSQL alone; returns when it is gone.</summary>
    public async Task KillPostgresAsync()
    {
        if (PostgresPid() is not { } pid)
            return;
        Kill(pid);
        await Eventually.TrueAsync(() => Task.FromResult(PostgresPid() != pid || !Directory.Exists($"/proc/{pid}")), StoppedWithin, () => "PostgreSQL survives SIGKILL");
    }

    /// <summary>SIGTERM, as an operator stops it; returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", $"-TERM {Pid}"))
            await kill.WaitForExitAsync();
        using var limit = new CancellationTokenSource(StoppedWithin);
        await _process!.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Runs the operator's command line against the same data; returns exit code and output.</summary>
    public Task<(int ExitCode, string Output)> RunCliAsync(params string[] arguments) => RunCliAsync(new Dictionary<string, string>(), arguments);

    /// <summary>As <see cref="RunCliAsync(string[])"/>, with settings that could not be known when the system started.</summary>
    public async Task<(int ExitCode, string Output)> RunCliAsync(IReadOnlyDictionary<string, string> settings, params string[] arguments)
    {
        var start = StartInfo(Repository.Built("src/Cli", "grainvault"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        using var cli = Process.Start(start)!;
        var output = cli.StandardOutput.ReadToEndAsync();
        var error = cli.StandardError.ReadToEndAsync();
        await cli.WaitForExitAsync();
        return (cli.ExitCode, await output + await error);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            try
            {
                await StopAsync();
            }
            catch (OperationCanceledException)
            {
                KillAll();
            }
        }
        else if (PostgresPid() is { } left && Directory.Exists($"/proc/{left}"))
        {
            Kill(left);
        }

        _process?.Dispose();
        _folder.Dispose();
    }

    private void Start()
    {
        _process?.Dispose();
        var program = Repository.Built("src/Api", "GrainVault.Api");
        var start = StartInfo(_launcher.Count > 0 ? _launcher[0] : program);
        foreach (var argument in _launcher.Skip(1))
            start.ArgumentList.Add(argument);
        start.Environment["GRAINVAULT_PROGRAM"] = program;
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    private ProcessStartInfo StartInfo(string program)
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ASPNETCORE_URLS"] = Address.ToString();
        start.Environment["GrainVault__Data__Directory"] = DataDirectory;
        foreach (var (name, value) in _settings)
            start.Environment[name] = value;
        return start;
    }

    private void Append(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }

    private int? PostgresPid()
    {
        var file = Path.Combine(DataDirectory, "run", "postgres.pid");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture, out var pid) ? pid : null;
    }

    private static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It ended by itself in the meantime.
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
