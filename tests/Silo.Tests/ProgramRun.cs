using System.Diagnostics;
using System.Text;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;

namespace GrainVault.Silo.Tests;

/// <summary>
/// A program of the product in a process of its own, as the user who runs the tests or, for root, also as
/// <c>nobody</c>.
/// </summary>
internal sealed class ProgramRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private ProgramRun(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output => Text(_output);

    public string Errors => Text(_errors);

    /// <param name="program">Path of the program.</param>
    /// <param name="folder">Its current folder.</param>
    /// <param name="environment">Variables on top of ours.</param>
    /// <param name="asOrdinaryUser">For root: run as <c>nobody</c>.</param>
    /// <param name="arguments">Its arguments.</param>
    public static ProgramRun Start(string program, string folder, IReadOnlyDictionary<string, string>? environment = null, bool asOrdinaryUser = false, params string[] arguments)
    {
        string[] command = asOrdinaryUser && Environment.IsPrivilegedProcess
            ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", program, .. arguments]
            : [program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GrainVault__", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var process = new Process { StartInfo = start };
        var run = new ProgramRun(process);
        process.OutputDataReceived += (_, line) => Append(run._output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(run._errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return run;
    }

    /// <summary>Copies the built silo to where every user can run it.</summary>
    public static string CopySilo(TestFolder folder)
    {
        var source = Path.GetDirectoryName(Repository.Built("src/Silo", "GrainVault.Silo"))!;
        var target = Directory.CreateDirectory(folder["silo"]).FullName;
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return Path.Combine(target, "GrainVault.Silo");
    }

    public async Task WaitForOutputAsync(string text) =>
        await Eventually.TrueAsync(
            () => _process.HasExited && !Output.Contains(text, StringComparison.Ordinal)
                ? throw new InvalidOperationException($"ended with {_process.ExitCode}:\n{Output}{Errors}")
                : Task.FromResult(Output.Contains(text, StringComparison.Ordinal)),
            Patience,
            () => $"'{text}' in:\n{Output}{Errors}");

    public async Task<int> WaitForExitAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Id}"]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static void Append(StringBuilder text, string? line)
    {
        lock (text)
            text.AppendLine(line);
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString().Trim();
    }
}
