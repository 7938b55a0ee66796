using GrainVault.Storage.Disk;

namespace GrainVault.Storage.Tests.Disk;

/// <summary>A folder on which stores are opened, as by one process after another or by several at once.</summary>
internal sealed class DiskTestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("grainvault-store-").FullName;

    public DiskObjectStore Open(DiskCalls? calls = null, DiskOptions? options = null, TimeProvider? time = null)
    {
        options ??= new DiskOptions();
        options.Directory = Path;
        return new DiskObjectStore(options, time ?? TimeProvider.System, null, calls ?? new DiskCalls());
    }

    /// <summary>Every file below the folder, relative to it, in order.</summary>
    public string[] Files() =>
        [.. Directory.GetFiles(Path, "*", SearchOption.AllDirectories).Select(file => System.IO.Path.GetRelativePath(Path, file)).Order(StringComparer.Ordinal)];

    public string ObjectFile(string key) => System.IO.Path.Combine(Path, "keys", key + "+obj");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
