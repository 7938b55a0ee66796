namespace GrainVault.Storage;

/// <summary>
/// The seam between GrainVault and the place where content lives. A provider implements this small core and, as far
/// as it can, the capability interfaces beside it. Every method that returns successfully has made its effect durable.
/// </summary>
/// <remarks>
/// Keys come from <see cref="ObjectKeys"/>, never from user input. Every failure is an
/// <see cref="ObjectStoreException"/> whose <see cref="ObjectStoreException.Error"/> says what a caller may do next.
/// </remarks>
public interface IObjectStore
{
    /// <summary>Limits and dialect of the store behind this provider.</summary>
    StoreProfile Profile { get; }

    /// <summary>Writes one whole object and returns once it is durable. An existing object under the key is replaced.</summary>
    /// <param name="key">Key of the object.</param>
    /// <param name="content">The object's bytes; they must stay unchanged until the call has really ended.</param>
    /// <param name="cancellationToken">Ends the call; the effect is then unknown.</param>
    Task<StoredObject> PutAsync(string key, StoreContent content, CancellationToken cancellationToken = default);

    /// <summary>Size and ETag of an object, or null when there is none under the key.</summary>
    Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Opens a whole object for reading. The stream ends early only with an exception.</summary>
    Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Deletes an object. Deleting what is not there succeeds.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken = default);
}

/// <summary>Capability: read any byte range of an object without reading what stands before it.</summary>
public interface IRangedReadStore
{
    /// <summary>Opens <paramref name="length"/> bytes from <paramref name="offset"/>. The stream ends early only with an exception.</summary>
    Task<Stream> OpenReadAsync(string key, long offset, long length, CancellationToken cancellationToken = default);
}

/// <summary>Capability: put an object together from numbered parts that arrive in any order (S3 multipart uploads).</summary>
public interface IMultipartStore
{
    /// <summary>Starts a multipart upload and returns the id that the store gave it.</summary>
    Task<string> InitiateAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Writes one part, durable on return. The same number again replaces the part.</summary>
    Task<StoredPart> PutPartAsync(string key, string storeUploadId, int number, StoreContent content, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes the object out of its parts. A repeat after a lost response succeeds, also when the store has already
    /// forgotten the upload. Copies nothing.
    /// </summary>
    /// <param name="key">Key of the object.</param>
    /// <param name="storeUploadId">Id from <see cref="InitiateAsync"/>.</param>
    /// <param name="parts">All parts in ascending order of number, with the ETags the store gave them.</param>
    /// <param name="cancellationToken">Ends the call; the effect is then unknown.</param>
    Task<StoredObject> CompleteAsync(string key, string storeUploadId, IReadOnlyList<StoredPart> parts, CancellationToken cancellationToken = default);

    /// <summary>Drops an upload and its parts. Aborting what is not there succeeds.</summary>
    /// <returns>True when the store holds nothing of the upload any more; false when a part raced the abort and it must be repeated.</returns>
    Task<bool> AbortAsync(string key, string storeUploadId, CancellationToken cancellationToken = default);

    /// <summary>One page of the parts that the store holds, ascending by number, starting after <paramref name="afterNumber"/>; at most 1,000.</summary>
    Task<IReadOnlyList<StoredPart>> ListPartsAsync(string key, string storeUploadId, int afterNumber, CancellationToken cancellationToken = default);
}

/// <summary>Capability: enumerate what the store holds, page by page, in the order of keys.</summary>
public interface IListingStore
{
    /// <summary>All finished objects whose key starts with <paramref name="prefix"/>.</summary>
    IAsyncEnumerable<ListedObject> ListObjectsAsync(string prefix, CancellationToken cancellationToken = default);

    /// <summary>All unfinished multipart uploads whose key starts with <paramref name="prefix"/>.</summary>
    IAsyncEnumerable<ListedUpload> ListUploadsAsync(string prefix, CancellationToken cancellationToken = default);
}
