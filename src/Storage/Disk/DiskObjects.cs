using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Disk;

/// <summary>Objects under their keys: writing whole ones, finding, opening and deleting all.</summary>
internal sealed class DiskObjects(DiskCalls calls, DiskLayout layout, DurableFolders folders, SealedFileWriter writer, DiskTrash trash)
{
    private const int CopyBufferSizeBytes = 256 << 10;

    /// <summary>Writes one whole object.</summary>
    public StoredObject Put(string key, StoreContent content, CancellationToken cancellationToken)
    {
        var folder = layout.FolderOf(key);
        folders.Ensure(folder);
        using var handle = OpenFolder(folder);
        var seal = writer.WriteContent(content, layout.ObjectFile(key), handle, cancellationToken);
        return new StoredObject(seal.ObjectSizeBytes, seal.ETag);
    }

    /// <summary>Size and ETag, or null.</summary>
    public StoredObject? Find(string key)
    {
        // A key of the inbox that others made up, and that no file here can have.
        if (!ObjectKeys.IsValid(key) && ObjectKeys.IsInboxKey(key))
            return null;
        using var file = TryOpenFile(layout.ObjectFile(key));
        if (file is null)
            return null;
        var seal = FileSeal.Read(file, key);
        return new StoredObject(seal.ObjectSizeBytes, seal.ETag);
    }

    /// <summary>Makes a file that was received the object at a key.</summary>
    public StoredObject Commit(string key, UnfinishedFile file)
    {
        var folder = layout.FolderOf(key);
        folders.Ensure(folder);
        using var handle = OpenFolder(folder);
        var seal = file.Commit(layout.ObjectFile(key), handle);
        return new StoredObject(seal.ObjectSizeBytes, seal.ETag);
    }

    /// <summary>
    /// Copies an object, whole or in parts, to a whole one, if it has the ETag. A whole one gets another name and no bytes are moved:
    /// gigabytes would hold a thread of the store, and as much disk again, until the source goes.
    /// </summary>
    public StoredObject Copy(string sourceKey, string etag, string targetKey, CancellationToken cancellationToken)
    {
        if (writer.TryLink(layout.ObjectFile(sourceKey)) is not { } temporary)
            return CopyBytes(sourceKey, etag, targetKey, cancellationToken);
        try
        {
            FileSeal seal;
            using (var file = TryOpenFile(temporary)!)
                seal = FileSeal.Read(file, sourceKey);
            if (seal.Kind != SealKind.Content)
                return CopyBytes(sourceKey, etag, targetKey, cancellationToken);
            if (seal.ETag != etag)
                throw Changed(sourceKey);
            var folder = layout.FolderOf(targetKey);
            folders.Ensure(folder);
            using var handle = OpenFolder(folder);
            cancellationToken.ThrowIfCancellationRequested();
            calls.MoveFile(temporary, layout.ObjectFile(targetKey));
            calls.FlushDirectory(handle, folder);
            return new StoredObject(seal.ObjectSizeBytes, seal.ETag);
        }
        finally
        {
            // Also after a move that found the very same file there: rename(2) does nothing then.
            calls.DeleteFile(temporary);
        }
    }

    private StoredObject CopyBytes(string sourceKey, string etag, string targetKey, CancellationToken cancellationToken)
    {
        var (source, stream) = Open(sourceKey, 0, null);
        using (stream)
        {
            if (source.ETag != etag)
                throw Changed(sourceKey);
            using var file = writer.Begin();
            var buffer = ArrayPool<byte>.Shared.Rent(CopyBufferSizeBytes);
            try
            {
                int count;
                while ((count = stream.Read(buffer.AsSpan())) > 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    file.Append(buffer.AsSpan(0, count));
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            cancellationToken.ThrowIfCancellationRequested();
            return Commit(targetKey, file);
        }
    }

    /// <summary>Opens bytes of an object.</summary>
    /// <param name="key">Key of the object.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Number of bytes; null for all from <paramref name="offset"/>.</param>
    public DiskReadStream OpenRead(string key, long offset, long? length) => Open(key, offset, length).Stream;

    /// <summary>Opens bytes of an object together with what it is, so that nothing can come between.</summary>
    public (StoredObject Object, DiskReadStream Stream) Open(string key, long offset, long? length)
    {
        var file = TryOpenFile(layout.ObjectFile(key)) ?? throw DiskErrors.NotFound(key);
        try
        {
            var seal = FileSeal.Read(file, key);
            if (offset > seal.ObjectSizeBytes || length > seal.ObjectSizeBytes - offset)
                throw new ArgumentOutOfRangeException(nameof(offset), $"{length} bytes from {offset} are not in {key} of {seal.ObjectSizeBytes} bytes.");
            var end = length is null ? seal.ObjectSizeBytes : offset + length.Value;
            var found = new StoredObject(seal.ObjectSizeBytes, seal.ETag);
            if (seal.Kind == SealKind.Content)
                return (found, new DiskReadStream(key, file, offset, end));
            var manifest = PartManifest.Read(file, seal, key);
            file.Dispose();
            return (found, new DiskReadStream(key, layout.SealedUpload(key, manifest.UploadId), manifest.Parts, offset, end));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Deletes an object: first out of sight, durably, then its bytes.</summary>
    public void Delete(string key)
    {
        var path = layout.ObjectFile(key);
        SealKind kind;
        using (var file = TryOpenFile(path))
        {
            if (file is null)
                return;
            kind = KindOf(file, key);
        }

        using var folder = OpenFolder(layout.FolderOf(key));
        if (kind == SealKind.Content)
        {
            calls.DeleteFile(path);
            calls.FlushDirectory(folder, path);
        }
        else if (trash.TryTakeManifest(key, out var trashed))
        {
            trash.Purge(trashed, () => calls.FlushDirectory(folder, path));
        }
    }

    /// <summary>Deletes an object if it has the ETag; false when another one stands there.</summary>
    public bool DeleteIf(string key, string etag)
    {
        if (Find(key) is not { } found)
            return true;
        if (found.ETag != etag)
            return false;
        Delete(key);
        return true;
    }

    /// <summary>The upload whose manifest stands at the key, with its seal; null when there is no manifest.</summary>
    public (string UploadId, FileSeal Seal)? FindManifest(string key)
    {
        using var file = TryOpenFile(layout.ObjectFile(key));
        if (file is null)
            return null;
        var seal = FileSeal.Read(file, key);
        return seal.Kind == SealKind.Manifest ? (PartManifest.ReadUploadId(file), seal) : null;
    }

    /// <summary>Opens a file for reading, or null when there is none.</summary>
    public static SafeFileHandle? TryOpenFile(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static ObjectStoreException Changed(string key) =>
        new(ObjectStoreError.PreconditionFailed, $"{key} is another object than was to be copied.");

    private static SealKind KindOf(SafeFileHandle file, string key)
    {
        try
        {
            return FileSeal.Read(file, key).Kind;
        }
        catch (ObjectStoreException)
        {
            // A damaged file can be deleted like any other.
            return SealKind.Content;
        }
    }

    private SafeFileHandle OpenFolder(string folder)
    {
        try
        {
            return NativeDirectory.Open(folder);
        }
        catch (DirectoryNotFoundException)
        {
            folders.Forget();
            throw;
        }
    }
}
