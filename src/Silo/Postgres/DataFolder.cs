using GrainVault.Silo.Startup;

namespace GrainVault.Silo.Postgres;

/// <summary>Layout of the data directory as far as the embedded server is concerned, and the lock that keeps a second process out.</summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly TimeSpan LockWaitMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LockPollInterval = TimeSpan.FromMilliseconds(100);

    private FileStream? _lock;

    public DataFolder(string root) => Root = Path.GetFullPath(root);

    public string Root { get; }

    /// <summary>The server's own data directory (PGDATA).</summary>
    public string Postgres => Path.Combine(Root, "postgres");

    /// <summary>Where a new cluster is made before it is renamed to <see cref="Postgres"/>: a crash in between leaves only this.</summary>
    public string PostgresUnfinished => Path.Combine(Root, "postgres.new");

    public string Connection => Path.Combine(Root, "postgres.connection");

    public string PidFile => Path.Combine(Root, "run", "postgres.pid");

    public bool HasCluster => File.Exists(Path.Combine(Postgres, "PG_VERSION"));

    /// <summary>Creates the folders, readable for nobody else, and takes the lock.</summary>
    /// <exception cref="StartRefusedException">A folder can't be used, or another process works on it.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Root, OwnerOnly);
            Directory.CreateDirectory(Path.GetDirectoryName(PidFile)!, OwnerOnly);
            // Writing proves what permission bits only suggest: read-only mounts and access lists count too.
            await File.WriteAllTextAsync(Path.Combine(Root, "run", ".writable"), "", cancellationToken);
            File.Delete(Path.Combine(Root, "run", ".writable"));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw new StartRefusedException($"GrainVault:Data:Directory is '{Root}'; allowed: a folder that user '{Environment.UserName}' can enter and write, and '{NearestExisting(Root)}' is not one ({exception.Message}).", exception);
        }

        await LockAsync(cancellationToken);
    }

    /// <summary>Names the server's process in <see cref="PidFile"/>, in one step: whoever reads it meanwhile sees the old one or the new one.</summary>
    public async Task WritePidAsync(int processId, CancellationToken cancellationToken)
    {
        var next = $"{PidFile}.new";
        await File.WriteAllTextAsync(next, $"{processId}\n", cancellationToken);
        File.Move(next, PidFile, overwrite: true);
    }

    public void Dispose() => _lock?.Dispose();

    private async Task LockAsync(CancellationToken cancellationToken)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                // .NET takes flock() for FileShare.None: the kernel drops it with the process, whatever ends that.
                _lock = new FileStream(Path.Combine(Root, "run", "postgres.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return;
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(deadline) < LockWaitMax)
            {
                await Task.Delay(LockPollInterval, cancellationToken);
            }
            catch (IOException exception)
            {
                throw new StartRefusedException($"GrainVault:Data:Directory is '{Root}'; allowed: a folder that no other running GrainVault process uses.", exception);
            }
        }
    }

    private static string NearestExisting(string path)
    {
        var current = path;
        while (!Directory.Exists(current))
            current = Path.GetDirectoryName(current) ?? "/";
        return current;
    }
}
