using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;

namespace GrainVault.Storage.Disk;

/// <summary>
/// Takes the body of a signed PUT off the network and writes it to an unfinished file, one small buffer at a time. Only the
/// writing occupies a thread of the store, never the waiting for a slow client.
/// </summary>
internal sealed class DiskReceiver(BlockingWorkers writers, SealedFileWriter writer, ILogger logger)
{
    /// <summary>Memory of one body under way, in bytes.</summary>
    public const int BufferSizeBytes = 256 << 10;

    /// <summary>Receives a body and hands the file to <paramref name="commit"/>; whatever happens, nothing unfinished stays.</summary>
    /// <param name="key">Key of the object, for messages.</param>
    /// <param name="body">The body; what it throws passes through.</param>
    /// <param name="sizeBytes">Size that it must have.</param>
    /// <param name="commit">Gives the complete file its name; runs on a thread of the store.</param>
    /// <param name="cancellationToken">Ends the call, but not a commit that has begun.</param>
    /// <returns>What <paramref name="commit"/> returned; null when the body has another size.</returns>
    public async Task<T?> ReceiveAsync<T>(string key, PipeReader body, long sizeBytes, Func<UnfinishedFile, T> commit, CancellationToken cancellationToken)
        where T : class
    {
        var file = await OnDiskAsync(key, writer.Begin, cancellationToken).ConfigureAwait(false);
        try
        {
            return await CopyAsync(key, body, sizeBytes, file, cancellationToken).ConfigureAwait(false)
                ? await OnDiskAsync(key, () => commit(file), CancellationToken.None).ConfigureAwait(false)
                : null;
        }
        finally
        {
            await CloseAsync(file).ConfigureAwait(false);
        }
    }

    /// <summary>False when the body is longer or shorter.</summary>
    private async Task<bool> CopyAsync(string key, PipeReader body, long sizeBytes, UnfinishedFile file, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSizeBytes);
        var filled = 0;
        try
        {
            while (true)
            {
                var result = await body.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (result.IsCanceled)
                {
                    // Whoever owns the connection reads the rest, or closes it.
                    body.AdvanceTo(result.Buffer.Start);
                    throw new OperationCanceledException("The body is no longer read.");
                }

                if (file.SizeBytes + filled + result.Buffer.Length > sizeBytes)
                {
                    body.AdvanceTo(result.Buffer.End);
                    return false;
                }

                var taken = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, BufferSizeBytes - filled));
                taken.CopyTo(buffer.AsSpan(filled));
                filled += (int)taken.Length;
                var isLast = result.IsCompleted && taken.Length == result.Buffer.Length;
                body.AdvanceTo(taken.End);
                if (filled == BufferSizeBytes || isLast)
                {
                    // The task ends only when the write has really ended, so the buffer is free then.
                    var count = filled;
                    await OnDiskAsync(key, () => Append(file, buffer.AsSpan(0, count)), cancellationToken).ConfigureAwait(false);
                    filled = 0;
                }

                if (isLast)
                    return file.SizeBytes == sizeBytes;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Only what the disk does is the store's failure; a client that goes away is not.</summary>
    private async Task<T> OnDiskAsync<T>(string key, Func<T> call, CancellationToken cancellationToken)
    {
        try
        {
            return await writers.RunAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (DiskErrors.Covers(e))
        {
            DiskObjectStoreLog.Failed(logger, e, "Receive", key);
            throw DiskErrors.Translate(e, "Receive", key);
        }
    }

    private static bool Append(UnfinishedFile file, ReadOnlySpan<byte> bytes)
    {
        file.Append(bytes);
        return true;
    }

    private async Task CloseAsync(UnfinishedFile file)
    {
        try
        {
            // Removing gigabytes may take a while.
            await writers.RunAsync(() => Close(file), CancellationToken.None).ConfigureAwait(false);
        }
        catch (ObjectStoreException)
        {
            // Too many calls wait for a thread of the store: then this one does it.
            file.Dispose();
        }

        static bool Close(UnfinishedFile file)
        {
            file.Dispose();
            return true;
        }
    }
}
