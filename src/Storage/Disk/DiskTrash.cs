using Microsoft.Extensions.Logging;

namespace GrainVault.Storage.Disk;

/// <summary>
/// Deletes in two steps that a crash may separate: one rename takes a thing out of sight for good, then its bytes go.
/// What stands in the trash can't live again, so any later start may finish the second step.
/// </summary>
internal sealed class DiskTrash(DiskCalls calls, DiskLayout layout, ILogger logger)
{
    /// <summary>Takes a manifest out of sight; false when there is none. It leads to its parts until it is purged.</summary>
    public bool TryTakeManifest(string key, out string trashed)
    {
        trashed = NewPath();
        try
        {
            calls.MoveFile(layout.ObjectFile(key), trashed);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Takes a folder of parts out of sight; false when there is none.</summary>
    public bool TryTakeFolder(string folder, out string trashed)
    {
        trashed = NewPath();
        try
        {
            calls.MoveDirectory(folder, trashed);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Frees the bytes of one thing in the trash. Another process may be at it too.</summary>
    /// <param name="trashed">The thing.</param>
    /// <param name="outOfSight">Called once all of it is out of the folder of keys, before any byte goes.</param>
    public void Purge(string trashed, Action? outOfSight = null)
    {
        if (Directory.Exists(trashed))
            PurgeFolder(trashed);
        else
            PurgeManifest(trashed, outOfSight);
    }

    /// <summary>Purges all that a crash left; what can't be purged now waits for the next start.</summary>
    /// <returns>Number of things purged.</returns>
    public int PurgeAll()
    {
        var count = 0;
        foreach (var trashed in Directory.EnumerateFileSystemEntries(layout.Trash))
        {
            try
            {
                Purge(trashed);
                count++;
            }
            catch (Exception e) when (DiskErrors.Covers(e))
            {
                DiskObjectStoreLog.NotPurged(logger, e, trashed);
            }
        }

        return count;
    }

    private void PurgeManifest(string trashed, Action? outOfSight)
    {
        PartManifest manifest;
        try
        {
            using var file = File.OpenHandle(trashed);
            manifest = PartManifest.Read(file, FileSeal.Read(file, "trash"), "trash");
        }
        catch (Exception e) when (e is ObjectStoreException or FileNotFoundException)
        {
            // Not a manifest any more: nothing to lead to. Parts without a manifest show among the unfinished uploads.
            outOfSight?.Invoke();
            calls.DeleteFile(trashed);
            return;
        }

        string? parts = null;
        if (ObjectKeys.IsValid(manifest.Key) && TryTakeFolder(layout.SealedUpload(manifest.Key, manifest.UploadId), out var taken))
            parts = taken;
        outOfSight?.Invoke();
        if (parts is not null)
            PurgeFolder(parts);
        calls.DeleteFile(trashed);
    }

    private void PurgeFolder(string folder)
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder))
                calls.DeleteFile(file);
            calls.DeleteDirectory(folder);
        }
        catch (DirectoryNotFoundException)
        {
            // Another process finished it.
        }
    }

    private string NewPath() => Path.Combine(layout.Trash, Guid.NewGuid().ToString("n"));
}
