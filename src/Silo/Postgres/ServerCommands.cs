using System.Diagnostics;
using GrainVault.Silo.Startup;

namespace GrainVault.Silo.Postgres;

/// <summary>
/// Builds the command lines of the server's programs. The folder is handed over as an open descriptor
/// (<c>/proc/self/fd/9</c>): a server that root starts as another user then works below folders which that user may not
/// traverse, such as /root, and the data directory stays closed to everybody else.
/// </summary>
internal sealed class ServerCommands
{
    private const string FolderByDescriptor = "/proc/self/fd/9";

    // "exec" all the way: the process that we start is the server, with no wrapper between us.
    private const string OpenFolderThenRun = "exec 9<\"$1\" && cd / && shift && exec \"$@\"";

    private readonly PostgresBinaries _binaries;
    private readonly ServerUser _user;
    private readonly string? _setpriv;
    private readonly bool _byDescriptor;

    public ServerCommands(PostgresBinaries binaries, ServerUser user)
    {
        _binaries = binaries;
        _user = user;
        _setpriv = FindSetpriv();
        _byDescriptor = user.IsOther && Directory.Exists("/proc/self/fd");
        if (user.IsOther && _setpriv is null)
            throw new StartRefusedException($"PostgreSQL can't run as root, and the program setpriv (Debian: util-linux) to run it as user '{user.Name}' is missing.");
    }

    /// <summary>Makes a new cluster in <c>data</c> below <paramref name="folder"/>, with the password of the file <c>password</c> there.</summary>
    public ProcessStartInfo InitDb(string folder, bool durable)
    {
        var path = Folder(folder);
        List<string> arguments =
        [
            _binaries.InitDb, "-D", $"{path}/data", $"--username={ConnectionFile.Name}", $"--pwfile={path}/password",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums",
        ];
        if (!durable)
            arguments.Add("--no-sync");
        return Build(folder, arguments);
    }

    public ProcessStartInfo Server(string folder, int port, EmbeddedPostgresSettings settings)
    {
        List<string> arguments = [_binaries.Postgres, "-D", Folder(folder)];
        foreach (var (name, value) in Configuration(port, settings))
            arguments.AddRange(["-c", $"{name}={value}"]);
        return Build(folder, arguments);
    }

    private static IEnumerable<(string Name, string Value)> Configuration(int port, EmbeddedPostgresSettings settings)
    {
        yield return ("cluster_name", "grainvault");
        yield return ("listen_addresses", "127.0.0.1");
        yield return ("port", $"{port}");
        yield return ("unix_socket_directories", "");
        yield return ("max_connections", $"{settings.ConnectionCountMax}");
        yield return ("shared_buffers", $"{settings.SharedBuffersMiB}MB");
        yield return ("fsync", settings.Durable ? "on" : "off");
        yield return ("full_page_writes", settings.Durable ? "on" : "off");
        yield return ("synchronous_commit", settings.Durable ? "on" : "off");
        yield return ("max_wal_size", "1GB");
        yield return ("timezone", "UTC");
        yield return ("jit", "off"); // Compiling costs more than our short statements take.
        yield return ("idle_in_transaction_session_timeout", "60s");
        yield return ("logging_collector", "off");
        yield return ("log_destination", "stderr");
        yield return ("log_line_prefix", "%e "); // ServerLines reads the SQLSTATE.
        yield return ("log_min_messages", "warning");
        yield return ("log_min_error_statement", "panic"); // Statements can hold what must not reach a log.
        yield return ("log_checkpoints", "off");
    }

    private string Folder(string folder) => _byDescriptor ? FolderByDescriptor : folder;

    private ProcessStartInfo Build(string folder, List<string> command)
    {
        List<string> arguments = [];
        if (_setpriv is not null)
        {
            arguments.Add(_setpriv);
            if (_user.IsOther)
                arguments.AddRange([$"--reuid={_user.UserId}", $"--regid={_user.GroupId}", "--clear-groups", "--inh-caps=-all"]);
            // SIGINT is PostgreSQL's fast shutdown: a server never outlives a killed parent for long.
            arguments.AddRange(["--no-new-privs", "--pdeathsig=INT"]);
        }

        arguments.AddRange(command);
        var startInfo = new ProcessStartInfo("/bin/sh") { WorkingDirectory = "/" };
        foreach (var argument in (string[])["-c", OpenFolderThenRun, "postgres", folder, .. arguments])
            startInfo.ArgumentList.Add(argument);
        // Variables such as PGDATA, PGPORT or PGOPTIONS are meant for other servers and clients.
        foreach (var name in startInfo.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal) || name.StartsWith("LC_", StringComparison.Ordinal)).ToList())
            startInfo.Environment.Remove(name);
        startInfo.Environment["LANG"] = "C";
        return startInfo;
    }

    /// <summary>util-linux's setpriv; others of that name (busybox) know neither of the options in use.</summary>
    private static string? FindSetpriv()
    {
        var path = ((string[])["/usr/bin/setpriv", "/bin/setpriv", "/usr/sbin/setpriv"]).FirstOrDefault(File.Exists);
        if (path is null)
            return null;
        using var process = Process.Start(new ProcessStartInfo(path, "--help") { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var help = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return help.Contains("--pdeathsig", StringComparison.Ordinal) ? path : null;
    }
}
