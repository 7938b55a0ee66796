using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Disk;

/// <summary>
/// Every call with which the disk store changes something, one virtual method each, so that tests can fail or record
/// any of them. Reads need no such seam.
/// </summary>
internal class DiskCalls
{
    /// <summary>Creates a new file for writing; it must not exist.</summary>
    public virtual SafeFileHandle CreateFile(string path) =>
        File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Writes all of <paramref name="bytes"/> at an offset.</summary>
    public virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) =>
        RandomAccess.Write(file, bytes, offset);

    /// <summary>Makes a file's content durable.</summary>
    public virtual void FlushFile(SafeFileHandle file, string path) => RandomAccess.FlushToDisk(file);

    /// <summary>Makes the names in a directory durable.</summary>
    public virtual void FlushDirectory(SafeFileHandle directory, string path) => NativeDirectory.Flush(directory, path);

    /// <summary>Gives a file its final name, atomically replacing what has that name.</summary>
    public virtual void MoveFile(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Gives a file a second name; false where the file system can't, or there is no such file.</summary>
    public virtual bool TryLinkFile(string existing, string path) => NativeDirectory.TryLink(existing, path);

    /// <summary>Gives a directory another name, which must be free.</summary>
    public virtual void MoveDirectory(string from, string to) => Directory.Move(from, to);

    /// <summary>Creates one directory; its parent exists.</summary>
    public virtual void CreateDirectory(string path) => Directory.CreateDirectory(path);

    /// <summary>Removes a file; succeeds when it is not there.</summary>
    public virtual void DeleteFile(string path) => File.Delete(path);

    /// <summary>Removes an empty directory.</summary>
    public virtual void DeleteDirectory(string path) => Directory.Delete(path);
}
