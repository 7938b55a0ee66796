namespace GrainVault.TestKit;

/// <summary>
/// A temporary folder that goes with its test. What a killed test process left behind is found by its unlocked lock
/// file and removed by the next process that makes a folder.
/// </summary>
public sealed class TestFolder : IDisposable
{
    private const string Prefix = "grainvault-test-";

    private static int _swept;

    private readonly FileStream _lock;

    public TestFolder()
    {
        if (Interlocked.Exchange(ref _swept, 1) == 0)
            SweepAbandoned();
        var id = $"{Environment.ProcessId}-{Guid.NewGuid():n}"[..24];
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), Prefix + id);
        _lock = new FileStream(Path + ".lock", FileMode.CreateNew, FileAccess.Write, FileShare.None);
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    /// <summary>A path below the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
        _lock.Dispose();
        File.Delete(Path + ".lock");
    }

    private static void SweepAbandoned()
    {
        foreach (var lockFile in Directory.EnumerateFiles(System.IO.Path.GetTempPath(), Prefix + "*.lock"))
        {
            try
            {
                using var taken = new FileStream(lockFile, FileMode.Open, FileAccess.Write, FileShare.None);
                var folder = lockFile[..^".lock".Length];
                if (Directory.Exists(folder))
                    Directory.Delete(folder, recursive: true);
                File.Delete(lockFile);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Its owner lives, or another process sweeps it right now.
            }
        }
    }
}
