using System.Globalization;
using GrainVault.Silo.Startup;

namespace GrainVault.Silo.Postgres;

/// <summary>
/// Waits for what an earlier, killed process of ours left running. A process counts as ours only when the kernel says
/// that it is a <c>postgres</c> program working inside our data folder: every PostgreSQL process changes into its data
/// directory and never leaves it. The caller holds the folder's lock, so nobody else owns such a process.
/// </summary>
internal static class StaleServer
{
    private const string DeletedMark = " (deleted)";

    private static readonly TimeSpan QuitWaitMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Ends stale server processes in order, with a bound on every step, and removes the lock file they left.</summary>
    /// <exception cref="StartRefusedException">A process survived even SIGKILL.</exception>
    public static async Task WaitOutAsync(string dataPath, TimeSpan stopTimeout, Action<int> onFound, CancellationToken cancellationToken)
    {
        if (!Directory.Exists("/proc/self") || !Directory.Exists(dataPath))
            return; // Without /proc the server's own check of postmaster.pid has to do.

        var first = FindProcesses(dataPath);
        if (first.Count > 0)
        {
            var main = ReadMainProcessId(dataPath);
            onFound(main ?? first[0]);
            if (main is { } processId && first.Contains(processId))
                PosixCalls.Signal(processId, PosixCalls.SignalInterrupt);
            if (!await WaitUntilNoneAsync(dataPath, stopTimeout, cancellationToken)
                && !await SignalAllAsync(dataPath, PosixCalls.SignalQuit, cancellationToken)
                && !await SignalAllAsync(dataPath, PosixCalls.SignalKill, cancellationToken))
            {
                throw new StartRefusedException($"PostgreSQL process {FindProcesses(dataPath).FirstOrDefault()} still works on '{dataPath}' and can't be stopped.");
            }
        }

        // No process works in the folder: whatever process id the file names is somebody else's by now.
        File.Delete(Path.Combine(dataPath, "postmaster.pid"));
    }

    /// <summary>Ids of the PostgreSQL processes that work inside <paramref name="dataPath"/>.</summary>
    internal static List<int> FindProcesses(string dataPath)
    {
        var found = new List<int>();
        var target = ResolvePath(dataPath);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
                && ReadLink($"{folder}/cwd") == target
                && Path.GetFileName(ReadLink($"{folder}/exe")) is "postgres" or "postgres" + DeletedMark)
            {
                found.Add(processId);
            }
        }

        return found;
    }

    private static async Task<bool> SignalAllAsync(string dataPath, int signal, CancellationToken cancellationToken)
    {
        foreach (var processId in FindProcesses(dataPath))
            PosixCalls.Signal(processId, signal);
        return await WaitUntilNoneAsync(dataPath, QuitWaitMax, cancellationToken);
    }

    private static async Task<bool> WaitUntilNoneAsync(string dataPath, TimeSpan waitMax, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (FindProcesses(dataPath).Count > 0)
        {
            if (TimeProvider.System.GetElapsedTime(start) > waitMax)
                return false;
            await Task.Delay(PollInterval, cancellationToken);
        }

        return true;
    }

    private static int? ReadMainProcessId(string dataPath)
    {
        var path = Path.Combine(dataPath, "postmaster.pid");
        return File.Exists(path) && int.TryParse(File.ReadLines(path).FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
            ? processId
            : null;
    }

    /// <summary>The path as the kernel shows it, with no symbolic links in any component.</summary>
    private static string ResolvePath(string path)
    {
        var resolved = "/";
        foreach (var part in Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(resolved, part);
            resolved = Directory.Exists(next) ? new DirectoryInfo(next).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? next : next;
        }

        return resolved;
    }

    private static string? ReadLink(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            return null; // Gone meanwhile, or not ours.
        }
    }
}
