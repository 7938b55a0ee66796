using GrainVault.Storage.Disk;
using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Tests.Disk;

/// <summary>A disk whose every change first asks the test: it may record it, wait, or fail it.</summary>
internal sealed class FaultyDisk : DiskCalls
{
    /// <summary>Called before each change; what it throws, the change throws.</summary>
    public Action<DiskChange> Before { get; set; } = _ => { };

    public override SafeFileHandle CreateFile(string path)
    {
        Before(new DiskChange("create", path));
        return base.CreateFile(path);
    }

    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        Before(new DiskChange("write", "", SizeBytes: bytes.Length));
        base.Write(file, bytes, offset);
    }

    public override void FlushFile(SafeFileHandle file, string path)
    {
        Before(new DiskChange("flush", path));
        base.FlushFile(file, path);
    }

    public override void FlushDirectory(SafeFileHandle directory, string path)
    {
        // The path names the folder or a file in it; the open handle knows which folder is meant.
        Before(new DiskChange("flush-folder", File.ResolveLinkTarget($"/proc/self/fd/{directory.DangerousGetHandle()}", returnFinalTarget: false)!.FullName));
        base.FlushDirectory(directory, path);
    }

    public override void MoveFile(string from, string to)
    {
        Before(new DiskChange("move", from, to));
        base.MoveFile(from, to);
    }

    public override void MoveDirectory(string from, string to)
    {
        Before(new DiskChange("move-folder", from, to));
        base.MoveDirectory(from, to);
    }

    public override void CreateDirectory(string path)
    {
        Before(new DiskChange("create-folder", path));
        base.CreateDirectory(path);
    }

    public override void DeleteFile(string path)
    {
        Before(new DiskChange("delete", path));
        base.DeleteFile(path);
    }

    public override void DeleteDirectory(string path)
    {
        Before(new DiskChange("delete-folder", path));
        base.DeleteDirectory(path);
    }
}

/// <summary>One change of the disk.</summary>
internal sealed record DiskChange(string Call, string Path, string To = "", int SizeBytes = 0);

/// <summary>The process is gone: no later change reaches the disk, clean-up included.</summary>
internal sealed class SimulatedCrashException() : IOException("The process was killed here.");
