using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Disk;

/// <summary>
/// The folder of one process's temporary files. It is locked while the process lives, so that the next start tells files
/// that a crash left from files that another process is writing, without looking at a clock.
/// </summary>
internal sealed class ProcessFolder : IDisposable
{
    private readonly DiskCalls _calls;
    private readonly string _parent;
    private readonly SafeFileHandle _lock;

    private ProcessFolder(DiskCalls calls, string parent, string path, SafeFileHandle lockHandle)
    {
        (_calls, _parent, Path, _lock) = (calls, parent, path, lockHandle);
    }

    /// <summary>Where the process writes its temporary files.</summary>
    public string Path { get; }

    /// <summary>Creates and locks a new folder in <paramref name="parent"/>.</summary>
    public static ProcessFolder Create(DiskCalls calls, string parent)
    {
        while (true)
        {
            var path = System.IO.Path.Combine(parent, Guid.NewGuid().ToString("n"));
            calls.CreateDirectory(path);
            try
            {
                var handle = NativeDirectory.Open(path);
                // Another process that starts right now may have taken the folder for a stale one and removed it.
                if (NativeDirectory.TryLock(handle, path) && Directory.Exists(path))
                    return new ProcessFolder(calls, parent, path, handle);
                handle.Dispose();
            }
            catch (DirectoryNotFoundException)
            {
                continue;
            }
        }
    }

    /// <summary>Removes the folders of processes that no longer live.</summary>
    /// <returns>Number of files removed.</returns>
    public int RemoveStale()
    {
        var count = 0;
        foreach (var folder in Directory.EnumerateDirectories(_parent))
        {
            if (folder != Path)
                count += RemoveIfStale(folder);
        }

        return count;
    }

    /// <summary>Removes the folder and releases its lock.</summary>
    public void Dispose()
    {
        try
        {
            Remove(Path);
        }
        catch (Exception e) when (DiskErrors.Covers(e))
        {
            // The next start removes it.
        }

        _lock.Dispose();
    }

    private int RemoveIfStale(string folder)
    {
        try
        {
            using var handle = NativeDirectory.Open(folder);
            return NativeDirectory.TryLock(handle, folder) ? Remove(folder) : 0;
        }
        catch (DirectoryNotFoundException)
        {
            return 0;
        }
    }

    private int Remove(string folder)
    {
        var count = 0;
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            _calls.DeleteFile(file);
            count++;
        }

        _calls.DeleteDirectory(folder);
        return count;
    }
}
