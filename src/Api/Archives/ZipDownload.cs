using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using GrainVault.Api.Files;
using GrainVault.Api.Http;
using GrainVault.Files;

namespace GrainVault.Api.Archives;

/// <summary>
/// A zip archive as a response, made while it is sent: nothing is stored, and a file is held in memory for one stride of its bytes. Contents
/// are stored as they are, since most of what people keep in files does not become smaller. An archive that can't be finished is cut off
/// before its directory, without which no reader takes it for whole.
/// </summary>
internal sealed class ZipDownload(string name, List<ArchiveEntry> roots, ArchiveWalk walk, ContentReader reader, FrontEndLimits limits, IDisposable place) : IResult
{
    private const int StrideBytes = 128 << 10;

    // What the format can say (APPNOTE.TXT, section 4.4.6).
    private static readonly DateTimeOffset TimeMin = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset TimeMax = new(2107, 12, 31, 23, 59, 58, TimeSpan.Zero);

    // Modes of Unix in the upper half: rw-r--r-- of a file, rwxr-xr-x of a folder; in the lower half the folder of MS-DOS.
    private const int FileAttributes = 0x81A4 << 16;
    private const int FolderAttributes = (0x41ED << 16) | 0x10;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var _ = place;
        var response = httpContext.Response;
        response.ContentType = "application/zip";
        response.Headers.ContentDisposition = ContentDisposition.Attachment(name + ".zip");
        response.Headers.CacheControl = "no-store";
        await WriteAsync(response.BodyWriter, httpContext.RequestAborted);
    }

    /// <summary>Writes the archive.</summary>
    /// <exception cref="Exception">It could not be finished; what was written must not be ended as if it was.</exception>
    public async Task WriteAsync(PipeWriter body, CancellationToken cancellationToken)
    {
        var target = new ZipTarget(body);
        var buffer = ArrayPool<byte>.Shared.Rent(StrideBytes);
        try
        {
            var archive = await ZipArchive.CreateAsync(target, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
            var (count, size) = (0L, 0L);
            await foreach (var item in walk.ItemsAsync(roots, cancellationToken))
            {
                // More came while it was made.
                if (++count > limits.ZipEntryCountMax || (size += item.Entry.SizeBytes) > limits.ZipSizeBytesMax)
                    throw new InvalidDataException("The archive has outgrown its limits.");
                await WriteAsync(archive, item, buffer, cancellationToken);
                await target.FlushAsync(cancellationToken);
            }

            // Not where an exception comes by: this writes the directory.
            await archive.DisposeAsync();
            await target.FlushAsync(cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task WriteAsync(ZipArchive archive, ArchiveItem item, byte[] buffer, CancellationToken cancellationToken)
    {
        var entry = archive.CreateEntry(item.Path, CompressionLevel.NoCompression);
        var time = item.Entry.ModifiedAt.ToUniversalTime();
        entry.LastWriteTime = time < TimeMin ? TimeMin : time > TimeMax ? TimeMax : time;
        entry.ExternalAttributes = item.Entry.Kind == EntryKind.Folder ? FolderAttributes : FileAttributes;
        var target = await entry.OpenAsync(cancellationToken);
        var left = item.Entry.Kind == EntryKind.File ? item.Entry.SizeBytes : 0;
        if (left > 0)
        {
            await using var source = await reader.OpenAsync(item.Entry.ObjectKey, new ByteRange(0, left), cancellationToken);
            while (left > 0)
            {
                var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(StrideBytes, left)), cancellationToken);
                if (read == 0)
                    throw new EndOfStreamException($"The store ended {left} bytes early.");
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                left -= read;
            }
        }

        await target.DisposeAsync();
    }
}
