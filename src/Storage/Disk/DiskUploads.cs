using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Disk;

/// <summary>
/// Multipart uploads as folders of part files. Completion renames the folder, which fences late writers in any process,
/// checks the parts and writes the manifest last; it copies nothing.
/// </summary>
internal sealed class DiskUploads(
    DiskCalls calls, DiskLayout layout, DurableFolders folders, SealedFileWriter writer, DiskTrash trash, DiskObjects objects, TimeProvider time)
{
    /// <summary>Largest page of parts.</summary>
    public const int PartPageCountMax = 1000;

    /// <summary>Creates the upload's folder and returns its id.</summary>
    public string Initiate(string key)
    {
        var folder = layout.FolderOf(key);
        folders.Ensure(folder);
        var uploadId = Guid.CreateVersion7(time.GetUtcNow()).ToString("n");
        calls.CreateDirectory(layout.OpenUpload(key, uploadId));
        Flush(folder);
        return uploadId;
    }

    /// <summary>Writes one part; an existing part of that number is replaced.</summary>
    public StoredPart PutPart(string key, string uploadId, int number, StoreContent content, CancellationToken cancellationToken)
    {
        if (TryPutPart(key, Known(key, uploadId), number, content, cancellationToken) is { } stored)
            return stored;
        if (TryReopen(key, uploadId) && TryPutPart(key, uploadId, number, content, cancellationToken) is { } second)
            return second;
        throw DiskErrors.UploadNotFound(key, uploadId);
    }

    /// <summary>Makes a file that was received the upload's part; an existing part of that number is replaced.</summary>
    /// <returns>Null when the upload is not there any more.</returns>
    public StoredPart? CommitPart(string key, string uploadId, int number, UnfinishedFile file) =>
        TryCommitPart(key, uploadId, number, file) ?? (TryReopen(key, uploadId) ? TryCommitPart(key, uploadId, number, file) : null);

    /// <summary>True when the upload can take parts, also when a completion of it has failed.</summary>
    public bool IsOpen(string key, string uploadId) =>
        Directory.Exists(layout.OpenUpload(key, uploadId))
        || (Directory.Exists(layout.SealedUpload(key, uploadId)) && FindCompleted(key, uploadId) is null);

    /// <summary>Makes the object out of its parts; a repeat succeeds, and one at the same time waits for the first.</summary>
    public StoredObject Complete(string key, string uploadId, IReadOnlyList<StoredPart> parts)
    {
        var open = layout.OpenUpload(key, Known(key, uploadId));
        var sealedFolder = layout.SealedUpload(key, uploadId);
        using var lockHandle = TryOpen(open) ?? TryOpen(sealedFolder) ?? throw DiskErrors.UploadNotFound(key, uploadId);
        NativeDirectory.Lock(lockHandle, sealedFolder);
        if (FindCompleted(key, uploadId) is { } completed)
            return completed;
        var folder = layout.FolderOf(key);
        using var folderHandle = NativeDirectory.Open(folder);
        if (Directory.Exists(open))
        {
            calls.MoveDirectory(open, sealedFolder);
            calls.FlushDirectory(folderHandle, folder);
        }

        if (!Directory.Exists(sealedFolder))
            throw DiskErrors.UploadNotFound(key, uploadId);
        try
        {
            var hash = CheckParts(sealedFolder, key, parts);
            var bytes = PartManifest.Format(uploadId, key, parts);
            var seal = new FileSeal(SealKind.Manifest, parts.Count, parts.Sum(part => part.SizeBytes), bytes.Length, hash);
            writer.Write(bytes, seal, layout.ObjectFile(key), folderHandle, CancellationToken.None);
            DeleteUnlisted(sealedFolder, parts);
            return new StoredObject(seal.ObjectSizeBytes, seal.ETag);
        }
        catch (ObjectStoreException e) when (e.Error == ObjectStoreError.InvalidPart)
        {
            calls.MoveDirectory(sealedFolder, open);
            calls.FlushDirectory(folderHandle, folder);
            throw;
        }
    }

    /// <summary>Drops an upload; one rename fences its writers, so nothing can race it.</summary>
    /// <returns>False when a completion of the same upload runs.</returns>
    public bool Abort(string key, string uploadId)
    {
        if (!DiskLayout.IsUploadId(uploadId))
            return true;
        var open = layout.OpenUpload(key, uploadId);
        var sealedFolder = layout.SealedUpload(key, uploadId);
        using var lockHandle = TryOpen(open) ?? TryOpen(sealedFolder);
        if (lockHandle is null)
            return true;
        if (!NativeDirectory.TryLock(lockHandle, sealedFolder))
            return false;
        if (FindCompleted(key, uploadId) is not null)
            return true;
        if (!trash.TryTakeFolder(open, out var trashed) && !trash.TryTakeFolder(sealedFolder, out trashed))
            return true;
        Flush(layout.FolderOf(key));
        trash.Purge(trashed);
        return true;
    }

    /// <summary>One page of parts.</summary>
    public IReadOnlyList<StoredPart> ListParts(string key, string uploadId, int afterNumber)
    {
        var folder = layout.OpenUpload(key, Known(key, uploadId));
        if (!Directory.Exists(folder))
        {
            folder = layout.SealedUpload(key, uploadId);
            if (!Directory.Exists(folder) || FindCompleted(key, uploadId) is not null)
                throw DiskErrors.UploadNotFound(key, uploadId);
        }

        var numbers = new List<int>();
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            var number = DiskLayout.PartNumber(Path.GetFileName(path.AsSpan()));
            if (number > afterNumber)
                numbers.Add(number);
        }

        numbers.Sort();
        var page = new List<StoredPart>(Math.Min(numbers.Count, PartPageCountMax));
        foreach (var number in numbers)
        {
            if (page.Count == PartPageCountMax)
                break;
            if (FindPart(folder, key, number) is { } part)
                page.Add(part);
        }

        return page;
    }

    /// <summary>Null when the upload's folder is not there: unknown, dropped or fenced by a completion.</summary>
    private StoredPart? TryPutPart(string key, string uploadId, int number, StoreContent content, CancellationToken cancellationToken)
    {
        var folder = layout.OpenUpload(key, uploadId);
        try
        {
            using var handle = NativeDirectory.Open(folder);
            var seal = writer.WriteContent(content, DiskLayout.PartFile(folder, number), handle, cancellationToken);
            return new StoredPart(number, seal.ObjectSizeBytes, seal.ETag);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            return null;
        }
    }

    private StoredPart? TryCommitPart(string key, string uploadId, int number, UnfinishedFile file)
    {
        var folder = layout.OpenUpload(key, uploadId);
        try
        {
            using var handle = NativeDirectory.Open(folder);
            var seal = file.Commit(DiskLayout.PartFile(folder, number), handle);
            return new StoredPart(number, seal.ObjectSizeBytes, seal.ETag);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Takes back the fence of a completion that failed or died before its manifest; false when there is no such fence.</summary>
    private bool TryReopen(string key, string uploadId)
    {
        var sealedFolder = layout.SealedUpload(key, uploadId);
        using var lockHandle = TryOpen(sealedFolder);
        if (lockHandle is null || FindCompleted(key, uploadId) is not null)
            return false;
        if (!NativeDirectory.TryLock(lockHandle, sealedFolder))
            throw new ObjectStoreException(ObjectStoreError.Unavailable, $"{key} is being completed.");
        // Whoever held the lock until now may have finished or dropped the upload.
        if (FindCompleted(key, uploadId) is not null || !Directory.Exists(sealedFolder))
            return false;
        calls.MoveDirectory(sealedFolder, layout.OpenUpload(key, uploadId));
        Flush(layout.FolderOf(key));
        return true;
    }

    private static string Known(string key, string uploadId) =>
        DiskLayout.IsUploadId(uploadId) ? uploadId : throw DiskErrors.UploadNotFound(key, uploadId);

    private static StoredPart? FindPart(string folder, string key, int number)
    {
        using var file = DiskObjects.TryOpenFile(DiskLayout.PartFile(folder, number));
        if (file is null)
            return null;
        var seal = FileSeal.Read(file, key);
        return new StoredPart(number, seal.ObjectSizeBytes, seal.ETag);
    }

    private static byte[] CheckParts(string folder, string key, IReadOnlyList<StoredPart> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var lastNumber = 0;
        foreach (var part in parts)
        {
            if (part.Number <= lastNumber)
                throw new ObjectStoreException(ObjectStoreError.InvalidPart, $"Parts of {key} are not in ascending order at {part.Number}.");
            lastNumber = part.Number;
            using var file = DiskObjects.TryOpenFile(DiskLayout.PartFile(folder, part.Number));
            var seal = file is null ? default : FileSeal.Read(file, key);
            if (file is null || seal.ObjectSizeBytes != part.SizeBytes || seal.ETag != part.ETag)
                throw new ObjectStoreException(ObjectStoreError.InvalidPart, $"Part {part.Number} of {key} is missing or another than listed.");
            hash.AppendData(seal.Hash.Span);
        }

        return lastNumber == 0
            ? throw new ObjectStoreException(ObjectStoreError.InvalidPart, $"{key} can't be completed without parts.")
            : hash.GetHashAndReset();
    }

    /// <summary>The finished object of this upload; null when its manifest is not there or has lost its parts.</summary>
    private StoredObject? FindCompleted(string key, string uploadId) =>
        objects.FindManifest(key) is { } manifest && manifest.UploadId == uploadId && Directory.Exists(layout.SealedUpload(key, uploadId))
            ? new StoredObject(manifest.Seal.ObjectSizeBytes, manifest.Seal.ETag)
            : null;

    private void DeleteUnlisted(string folder, IReadOnlyList<StoredPart> parts)
    {
        var listed = new HashSet<int>(parts.Select(part => part.Number));
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            if (!listed.Contains(DiskLayout.PartNumber(Path.GetFileName(path.AsSpan()))))
                calls.DeleteFile(path);
        }
    }

    /// <summary>Opens an upload's folder; null when it is not there.</summary>
    private static SafeFileHandle? TryOpen(string folder)
    {
        try
        {
            return NativeDirectory.Open(folder);
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void Flush(string folder)
    {
        using var handle = NativeDirectory.Open(folder);
        calls.FlushDirectory(handle, folder);
    }
}
