using System.IO.Pipelines;
using GrainVault.Storage.Disk;

namespace GrainVault.Storage;

/// <summary>
/// Capability of a store that has no server of its own: the URLs of its <see cref="IPresigningStore"/> lead to the front
/// end (<see cref="SignedObjectUrl.PathPrefix"/>), which serves them with this.
/// </summary>
public interface ISignedUrlStore
{
    /// <summary>Says whether a request may do what its URL says: only what passes here goes on to the other methods.</summary>
    /// <param name="method">Method of the request.</param>
    /// <param name="path">Path of the request, decoded.</param>
    /// <param name="queryString">Query of the request as it came, with or without its question mark.</param>
    /// <param name="contentLength">The request's <c>Content-Length</c>; null when it has none.</param>
    SignedUrlVerdict Verify(string method, string path, string? queryString, long? contentLength);

    /// <summary>
    /// Writes the body of a verified PUT while it comes in, with one small buffer of memory, and returns once it is durable. A
    /// body that breaks off leaves nothing behind; its exception passes through. Of several bodies for one place the newest goes on.
    /// </summary>
    /// <param name="request">From <see cref="Verify"/>.</param>
    /// <param name="body">The body, read to its end.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ObjectStoreException">The store failed.</exception>
    Task<SignedWrite> WriteAsync(SignedObjectRequest request, PipeReader body, CancellationToken cancellationToken = default);

    /// <summary>Opens the object of a verified GET. The caller sets the headers that the request carries, and disposes the content.</summary>
    /// <param name="request">From <see cref="Verify"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null when there is no such object any more.</returns>
    /// <exception cref="ObjectStoreException">The store failed.</exception>
    Task<SignedRead?> OpenReadAsync(SignedObjectRequest request, CancellationToken cancellationToken = default);
}

/// <summary>How a signed PUT ended.</summary>
public enum SignedWriteStatus
{
    /// <summary>Written and durable (200 with the ETag).</summary>
    Stored,

    /// <summary>The body was longer or shorter than signed (400).</summary>
    WrongSize,

    /// <summary>The upload was completed or dropped meanwhile (404).</summary>
    UploadNotFound,

    /// <summary>The body took so long that the URL had been expired for <see cref="StoreProfile.WriteTimeout"/> (403).</summary>
    Expired,

    /// <summary>Another request began to write to the same place: the newest wins (409).</summary>
    Superseded,
}

/// <summary>The result of a signed PUT.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="ETag">ETag without quotes; null unless stored.</param>
public sealed record SignedWrite(SignedWriteStatus Status, string? ETag = null);

/// <summary>An object opened for a signed GET; parts of it are opened with <see cref="IRangedReadStore"/>.</summary>
/// <param name="Object">Its size and ETag.</param>
/// <param name="Content">All of it; ends early only with an exception.</param>
public sealed record SignedRead(StoredObject Object, Stream Content) : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Content.DisposeAsync();
}
