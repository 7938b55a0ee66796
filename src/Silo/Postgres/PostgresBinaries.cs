using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using GrainVault.Silo.Startup;

namespace GrainVault.Silo.Postgres;

/// <summary>One installation of the PostgreSQL server.</summary>
/// <param name="Directory">Folder with <c>postgres</c> and <c>initdb</c>, symbolic links resolved.</param>
/// <param name="MajorVersion">Major version, for example 15.</param>
internal sealed partial record PostgresBinaries(string Directory, int MajorVersion)
{
    /// <summary>Oldest usable version: 15 brought UNIQUE NULLS NOT DISTINCT, which guards names in the root folder.</summary>
    public const int MajorVersionMin = 15;

    private const int VersionTimeoutMilliseconds = 10_000;

    private static readonly string[] InstallPatterns =
    [
        "/usr/lib/postgresql/*/bin",
        "/usr/pgsql-*/bin",
        "/usr/lib/postgresql*/bin",
        "/usr/lib64/pgsql/bin",
        "/usr/libexec/postgresql*",
        "/usr/local/pgsql/bin",
        "/usr/local/opt/postgresql*/bin",
        "/opt/homebrew/opt/postgresql*/bin",
        "/opt/local/lib/postgresql*/bin",
        "/Library/PostgreSQL/*/bin",
        "/Applications/Postgres.app/Contents/Versions/*/bin",
    ];

    public string Postgres => Path.Combine(Directory, "postgres");

    public string InitDb => Path.Combine(Directory, "initdb");

    /// <summary>
    /// The installation to use: the configured folder, else the first of PATH, else the newest of the install folders.
    /// With <paramref name="majorVersion"/>, only installations of that version count.
    /// </summary>
    /// <exception cref="StartRefusedException">Nothing usable was found.</exception>
    public static PostgresBinaries Find(string? configuredDirectory, int? majorVersion, string dataPath)
    {
        var found = FindAll(configuredDirectory);
        if (configuredDirectory is not null && found.Count == 0)
            throw new StartRefusedException($"GrainVault:Postgres:BinDirectory is '{configuredDirectory}'; allowed: a folder that holds the programs postgres and initdb.");
        if (found.Count == 0)
            throw new StartRefusedException("No PostgreSQL server programs found in PATH, /usr/lib/postgresql/*/bin or the common install folders; install PostgreSQL 15 or newer (Debian: apt-get install postgresql) or set GrainVault:Postgres:ConnectionString.");

        var installed = string.Join(", ", found.Select(binaries => $"{binaries.MajorVersion} in {binaries.Directory}"));
        if (majorVersion is { } wanted)
        {
            return found.FirstOrDefault(binaries => binaries.MajorVersion == wanted)
                ?? throw new StartRefusedException($"The data in '{dataPath}' was created by PostgreSQL {wanted}, which is not installed (found: {installed}); install PostgreSQL {wanted} or convert the data with pg_upgrade.");
        }

        return found.FirstOrDefault(binaries => binaries.MajorVersion >= MajorVersionMin)
            ?? throw new StartRefusedException($"PostgreSQL {MajorVersionMin} or newer is needed (found: {installed}).");
    }

    private static List<PostgresBinaries> FindAll(string? configuredDirectory)
    {
        IEnumerable<string> folders = configuredDirectory is not null
            ? [configuredDirectory]
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        var found = folders.Select(TryOpen).OfType<PostgresBinaries>().ToList();
        if (configuredDirectory is null)
        {
            found.AddRange(InstallPatterns.SelectMany(Expand).Select(TryOpen).OfType<PostgresBinaries>()
                .OrderByDescending(binaries => binaries.MajorVersion));
        }

        return found.DistinctBy(binaries => binaries.Directory).ToList();
    }

    /// <summary>Folders that match a pattern with at most one component that has a star in it.</summary>
    private static IEnumerable<string> Expand(string pattern)
    {
        var parts = pattern.Split('/');
        var star = Array.FindIndex(parts, part => part.Contains('*'));
        if (star < 0)
            return System.IO.Directory.Exists(pattern) ? [pattern] : [];
        var parent = string.Join('/', parts[..star]);
        if (!System.IO.Directory.Exists(parent))
            return [];
        var rest = string.Join('/', parts[(star + 1)..]);
        return System.IO.Directory.EnumerateDirectories(parent, parts[star]).Select(folder => Path.Combine(folder, rest));
    }

    private static PostgresBinaries? TryOpen(string folder)
    {
        var postgres = Path.Combine(folder, "postgres");
        if (!File.Exists(postgres) || !File.Exists(Path.Combine(folder, "initdb")))
            return null;
        // Debian's wrappers and links on PATH lead to a folder that holds the server's other programs too.
        var target = File.ResolveLinkTarget(postgres, returnFinalTarget: true)?.FullName ?? postgres;
        var directory = Path.GetDirectoryName(Path.GetFullPath(target))!;
        return ReadMajorVersion(Path.Combine(directory, "postgres")) is { } version ? new PostgresBinaries(directory, version) : null;
    }

    private static int? ReadMajorVersion(string postgres)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(postgres, "--version") { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var text = process.StandardOutput.ReadToEnd();
            if (!process.WaitForExit(VersionTimeoutMilliseconds))
                process.Kill();
            var match = VersionPattern().Match(text);
            return match.Success ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // Not executable for us: as good as not installed.
        }
    }

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex VersionPattern();
}
