using System.Collections.Concurrent;
using System.Diagnostics;

namespace GrainVault.Silo.Postgres;

/// <summary>
/// One run of a server program as our child. A thread of its own starts it and stays until it has ended, because the
/// kernel ties "signal me when my parent dies" to the thread that made the child, and pool threads come and go.
/// </summary>
internal sealed class ServerProcess
{
    private const int LastLineCountMax = 20;
    private const int ExitPollMilliseconds = 60_000;

    // The server's own children share its output and may outlive it for a moment.
    private static readonly TimeSpan LastLinesWaitMax = TimeSpan.FromMilliseconds(500);

    private readonly TaskCompletionSource<int> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> _lastLines = new();
    private readonly CountdownEvent _openOutputs = new(2);
    private readonly ProcessStartInfo _startInfo;
    private readonly Action<string> _onLine;

    private ServerProcess(ProcessStartInfo startInfo, Action<string> onLine)
    {
        _startInfo = startInfo;
        _onLine = onLine;
    }

    public int Id { get; private set; }

    /// <summary>Ends with the exit code.</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>The last lines that the server wrote, for a message that says why it did not start.</summary>
    public IReadOnlyList<string> LastLines => [.. _lastLines];

    public static async Task<ServerProcess> StartAsync(ProcessStartInfo startInfo, Action<string> onLine)
    {
        startInfo.RedirectStandardInput = true;
        startInfo.RedirectStandardOutput = true;
        startInfo.RedirectStandardError = true;
        var server = new ServerProcess(startInfo, onLine);
        new Thread(server.Run) { IsBackground = true, Name = "postgres" }.Start();
        server.Id = await server._started.Task;
        return server;
    }

    public void Signal(int signal)
    {
        if (!Exited.IsCompleted)
            PosixCalls.Signal(Id, signal);
    }

    /// <summary>True when the process ended within the time.</summary>
    public async Task<bool> WaitForExitAsync(TimeSpan waitMax)
    {
        try
        {
            await Exited.WaitAsync(waitMax);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void Run()
    {
        try
        {
            using var process = new Process { StartInfo = _startInfo };
            process.OutputDataReceived += (_, received) => Keep(received.Data);
            process.ErrorDataReceived += (_, received) => Keep(received.Data);
            process.Start();
            process.StandardInput.Close();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            _started.TrySetResult(process.Id);
            while (!process.WaitForExit(ExitPollMilliseconds))
            {
            }

            _openOutputs.Wait(LastLinesWaitMax);
            _exited.TrySetResult(process.ExitCode);
        }
        catch (Exception exception)
        {
            _started.TrySetException(exception);
            _exited.TrySetResult(-1);
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            _openOutputs.Signal();
        if (string.IsNullOrWhiteSpace(line))
            return;
        _lastLines.Enqueue(line);
        while (_lastLines.Count > LastLineCountMax)
            _lastLines.TryDequeue(out _);
        _onLine(line);
    }
}
