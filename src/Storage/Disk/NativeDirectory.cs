using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Disk;

/// <summary>
/// What .NET has no API for: a second name of a file, and an open directory. Flushing one makes the names in it durable (fsync(2): "calling fsync
/// does not necessarily ensure that the entry in the directory containing the file has also reached disk"), and an
/// advisory lock on one ends with its process, however that dies.
/// </summary>
internal static partial class NativeDirectory
{
    private const int ReadOnly = 0;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;
    private const int ErrorNoEntry = 2;
    private const int ErrorInterrupted = 4;

    private static readonly int CloseOnExec = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;
    private static readonly int ErrorWouldBlock = OperatingSystem.IsMacOS() ? 35 : 11;

    /// <summary>Opens a directory.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none at <paramref name="path"/>.</exception>
    public static SafeFileHandle Open(string path)
    {
        int descriptor;
        do
        {
            descriptor = OpenDescriptor(path, ReadOnly | CloseOnExec);
        }
        while (descriptor < 0 && Marshal.GetLastPInvokeError() == ErrorInterrupted);
        if (descriptor >= 0)
            return new SafeFileHandle(descriptor, ownsHandle: true);
        var error = Marshal.GetLastPInvokeError();
        throw error == ErrorNoEntry
            ? new DirectoryNotFoundException($"No directory {path}.")
            : Failure("open", path, error);
    }

    /// <summary>Makes the names in an open directory durable.</summary>
    public static void Flush(SafeFileHandle directory, string path)
    {
        while (FlushDescriptor(directory) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != ErrorInterrupted)
                throw Failure("fsync", path, error);
        }
    }

    /// <summary>Takes the directory's exclusive lock without waiting; it lasts until the handle is closed.</summary>
    /// <returns>False when someone else, here or in another process, holds it.</returns>
    public static bool TryLock(SafeFileHandle directory, string path) => Lock(directory, path, LockExclusive | LockNonBlocking);

    /// <summary>Takes the directory's exclusive lock, waiting for whoever holds it.</summary>
    public static void Lock(SafeFileHandle directory, string path) => Lock(directory, path, LockExclusive);

    /// <summary>Gives a file a second name; false where the file system can't, or there is no such file.</summary>
    public static bool TryLink(string existing, string path) => Link(existing, path) == 0;

    private static bool Lock(SafeFileHandle directory, string path, int operation)
    {
        while (LockDescriptor(directory, operation) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == ErrorWouldBlock)
                return false;
            if (error != ErrorInterrupted)
                throw Failure("flock", path, error);
        }

        return true;
    }

    private static IOException Failure(string call, string path, int error) =>
        new($"{call} of directory {path} failed: {Marshal.GetPInvokeErrorMessage(error)}.", error);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string path);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushDescriptor(SafeFileHandle descriptor);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int LockDescriptor(SafeFileHandle descriptor, int operation);
}
