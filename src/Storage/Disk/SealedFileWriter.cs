using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Disk;

/// <summary>
/// Writes one file so that it exists completely or not at all, and is durable on return: temporary file, fsync, rename,
/// fsync of the folder.
/// </summary>
internal sealed class SealedFileWriter(DiskCalls calls, string temporaryFolder)
{
    private long _lastFileNumber;

    /// <summary>Writes content under its SHA-256, which is computed only when the caller has none.</summary>
    /// <param name="content">The file's bytes.</param>
    /// <param name="target">Final path; replaced atomically.</param>
    /// <param name="folder">The open folder of <paramref name="target"/>.</param>
    /// <param name="cancellationToken">Seen up to the rename, not after it.</param>
    /// <returns>The seal of the new file.</returns>
    public FileSeal WriteContent(StoreContent content, string target, SafeFileHandle folder, CancellationToken cancellationToken)
    {
        var hash = content.Sha256.IsEmpty ? SHA256.HashData(content.Bytes.Span) : content.Sha256;
        var seal = new FileSeal(SealKind.Content, 0, content.Bytes.Length, content.Bytes.Length, hash);
        Write(content.Bytes.Span, seal, target, folder, cancellationToken);
        return seal;
    }

    /// <summary>Begins a file whose bytes come one after another.</summary>
    public UnfinishedFile Begin() => new(calls, NextPath());

    /// <summary>
    /// A second, temporary name for a file: files of the store are replaced and removed, but never changed, so what the name leads to
    /// stays what it is. Null where the file system has no such names, or there is no such file.
    /// </summary>
    public string? TryLink(string path)
    {
        var temporary = NextPath();
        return calls.TryLinkFile(path, temporary) ? temporary : null;
    }

    /// <summary>Writes a file of any kind.</summary>
    public void Write(ReadOnlySpan<byte> bytes, FileSeal seal, string target, SafeFileHandle folder, CancellationToken cancellationToken)
    {
        Invariant.That(bytes.Length == seal.ContentSizeBytes, "a seal states the length of what it seals");
        var temporary = NextPath();
        try
        {
            using (var file = calls.CreateFile(temporary))
            {
                Span<byte> sealBytes = stackalloc byte[FileSeal.SizeBytes];
                seal.Format(sealBytes);
                if (!bytes.IsEmpty)
                    calls.Write(file, bytes, 0);
                calls.Write(file, sealBytes, bytes.Length);
                calls.FlushFile(file, temporary);
            }

            cancellationToken.ThrowIfCancellationRequested();
            calls.MoveFile(temporary, target);
        }
        catch
        {
            DeleteQuietly(temporary);
            throw;
        }

        calls.FlushDirectory(folder, target);
    }

    private string NextPath() =>
        Path.Combine(temporaryFolder, Interlocked.Increment(ref _lastFileNumber).ToString(CultureInfo.InvariantCulture));

    private void DeleteQuietly(string temporary)
    {
        try
        {
            calls.DeleteFile(temporary);
        }
        catch (Exception e) when (DiskErrors.Covers(e))
        {
            // The first error is the one that counts; the next start removes what is left here.
        }
    }
}
