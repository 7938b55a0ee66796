using System.Diagnostics;
using System.Globalization;
using GrainVault.TestKit.Processes;

namespace GrainVault.TestKit.S3;

/// <summary>
/// A real S3 server (Ceph's gateway) as a child process, started by <c>eng/s3/run-s3.sh</c>. It dies with this process,
/// however that dies.
/// </summary>
public sealed class S3Server : IAsyncDisposable
{
    public const string AccessKey = "grainvaulttest";
    public const string SecretKey = "grainvaulttest-secret";

    /// <summary>Starts may lose their port to another process between choosing and binding it.</summary>
    private const int StartAttemptCountMax = 4;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    private readonly TestFolder _folder = new();
    private readonly bool _persistent;
    private Process? _process;

    private S3Server(bool persistent) => _persistent = persistent;

    /// <summary>URL of the server, for example <c>http://127.0.0.1:21234</c>.</summary>
    public string Endpoint => $"http://127.0.0.1:{Port}";

    public int Port { get; private set; }

    /// <summary>Starts a server on free ports.</summary>
    /// <param name="persistent">Keep objects over <see cref="StopAsync"/> and <see cref="StartAgainAsync"/>; slower to start.</param>
    public static async Task<S3Server> StartAsync(bool persistent = false)
    {
        var server = new S3Server(persistent);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                server.Port = FreePorts.Pair();
                try
                {
                    await server.StartAgainAsync();
                    return server;
                }
                catch (InvalidOperationException e) when (attempt < StartAttemptCountMax && e.Message.Contains("in use", StringComparison.Ordinal))
                {
                    // The next attempt takes other ports.
                }
            }
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a stopped server on the port it had.</summary>
    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "eng", "s3", "run-s3.sh"))
        {
            ArgumentList = { _folder["s3"], Port.ToString(CultureInfo.InvariantCulture) },
            Environment =
            {
                ["S3_STORE"] = _persistent ? "bluestore" : "memstore",
                ["S3_ACCESS_KEY"] = AccessKey,
                ["S3_SECRET_KEY"] = SecretKey,
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var lines = new Queue<string>();
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"The S3 server did not start:\n{Text(lines)}"));
        _process.OutputDataReceived += (_, e) => See(e.Data);
        _process.ErrorDataReceived += (_, e) => See(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await ready.Task.WaitAsync(StartTimeout);

        void See(string? line)
        {
            lock (lines)
                lines.Enqueue(line ?? "");
            if (line?.StartsWith("S3 ready", StringComparison.Ordinal) == true)
                ready.TrySetResult();
        }
    }

    /// <summary>Makes keys that may write what the others may, and read nothing.</summary>
    public async Task<(string AccessKey, string SecretKey)> CreateWriteOnlyKeysAsync()
    {
        var (accessKey, secretKey) = ($"write{Guid.NewGuid():n}", $"{Guid.NewGuid():n}");
        var start = new ProcessStartInfo("radosgw-admin", [
            "-c", Path.Combine(_folder["s3"], "ceph.conf"), "-n", "client.rgw", "subuser", "create", "--uid", "s3", "--subuser", $"s3:{accessKey}",
            "--key-type", "s3", "--access", "write", "--access-key", accessKey, "--secret", secretKey])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var admin = Process.Start(start)!;
        var output = await Task.WhenAll(admin.StandardOutput.ReadToEndAsync(), admin.StandardError.ReadToEndAsync());
        await admin.WaitForExitAsync();
        return admin.ExitCode == 0 ? (accessKey, secretKey) : throw new InvalidOperationException(string.Concat(output));
    }

    /// <summary>Stops the server in order.</summary>
    public async Task StopAsync()
    {
        if (_process is not { HasExited: false } process)
            return;
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        await process.WaitForExitAsync().WaitAsync(StopTimeout);
    }

    /// <summary>Kills the server with all its daemons, as a power cut would.</summary>
    public async Task KillAsync()
    {
        if (_process is not { HasExited: false } process)
            return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync().WaitAsync(StopTimeout);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process?.Dispose();
        _folder.Dispose();
    }

    private static string Text(Queue<string> lines)
    {
        lock (lines)
            return string.Join('\n', lines);
    }
}
