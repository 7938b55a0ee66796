using System.IO.Pipelines;
using GrainVault.Storage;
using Microsoft.AspNetCore.Connections;

namespace GrainVault.Api.Files;

/// <summary>Moves bytes from the object store to a response, without holding more than one stride of them.</summary>
internal sealed class ContentReader(IRangedReadStore store)
{
    /// <summary>Bytes that are read at once.</summary>
    private const int StrideBytes = 128 << 10;

    /// <summary>Opens a range of an object, so that what fails fails before a status was sent.</summary>
    /// <exception cref="ObjectStoreException">The store does not answer, or has no such object.</exception>
    public Task<Stream> OpenAsync(string key, ByteRange range, CancellationToken cancellationToken) =>
        store.OpenReadAsync(key, range.Offset, range.Length, cancellationToken);

    /// <summary>Copies exactly <paramref name="length"/> bytes.</summary>
    /// <param name="source">Where they come from.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="length">How many.</param>
    /// <param name="sent">Is told of all that go out, before they do; null where nobody asks.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="EndOfStreamException">The store had fewer; the response must be cut off.</exception>
    public static async Task CopyAsync(Stream source, PipeWriter target, long length, SentBytes? sent, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            // The server's own pooled memory: no copy between the store's stream and the socket.
            var memory = target.GetMemory((int)Math.Min(StrideBytes, length));
            var read = await source.ReadAsync(memory[..(int)Math.Min(memory.Length, length)], cancellationToken);
            if (read == 0)
                throw new EndOfStreamException($"The store ended {length} bytes early.");
            sent?.Add(read);
            target.Advance(read);
            length -= read;
            var flushed = await target.FlushAsync(cancellationToken);
            if (flushed.IsCompleted || flushed.IsCanceled)
                throw new ConnectionAbortedException("The client has gone.");
        }
    }
}
