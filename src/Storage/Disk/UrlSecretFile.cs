using System.Security.Cryptography;

namespace GrainVault.Storage.Disk;

/// <summary>
/// The key of the installation's signed URLs: random bytes in a file that its owner alone can read, made once. Deleting the
/// file ends all URLs that were made before.
/// </summary>
internal static class UrlSecretFile
{
    /// <summary>Name of the file in the data directory.</summary>
    public const string FileName = "object-urls.key";

    /// <summary>Size of the key, in bytes.</summary>
    public const int SizeBytes = 32;

    /// <summary>Reads the key, and makes it where there is none. Of several processes that start at once, one makes it.</summary>
    /// <exception cref="ObjectStoreException">The file can't be read or written, or is no key.</exception>
    public static byte[] LoadOrCreate(string path)
    {
        try
        {
            if (!File.Exists(path))
                Create(path);
            var bytes = File.ReadAllBytes(path);
            return bytes.Length == SizeBytes
                ? bytes
                : throw new ObjectStoreException(ObjectStoreError.Refused, $"{FileName} does not hold {SizeBytes} bytes; restore it, or delete it to end all signed URLs.");
        }
        catch (Exception e) when (DiskErrors.Covers(e))
        {
            throw DiskErrors.Translate(e, "Reading the key", FileName);
        }
    }

    private static void Create(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var next = $"{path}.{Guid.NewGuid():n}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var file = new FileStream(next, options))
            {
                file.Write(RandomNumberGenerator.GetBytes(SizeBytes));
                file.Flush(flushToDisk: true);
            }

            File.Move(next, path, overwrite: false);
            using var handle = NativeDirectory.Open(folder);
            NativeDirectory.Flush(handle, folder);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first; its key counts.
            File.Delete(next);
        }
    }
}
