namespace GrainVault.Storage;

/// <summary>Capability: copy an object within the store, without its bytes passing through this process on S3.</summary>
public interface ICopyingStore
{
    /// <summary>
    /// Copies an object to a fresh key if it is still the one that the caller has seen, durable on return. A repeat writes the
    /// same again. It ends within <see cref="StoreProfile.CopyTimeout"/>.
    /// </summary>
    /// <param name="sourceKey">Key of the source; on S3 also one of those that <see cref="ObjectKeys.IsInboxKey"/> takes.</param>
    /// <param name="ifMatchETag">ETag of the source, without quotes.</param>
    /// <param name="targetKey">Key of the copy; never used before.</param>
    /// <param name="cancellationToken">Ends the call; the effect is then unknown.</param>
    /// <returns>The copy. Its ETag may differ from the source's.</returns>
    /// <exception cref="ObjectStoreException">
    /// <see cref="ObjectStoreError.NotFound"/>: there is no source. <see cref="ObjectStoreError.PreconditionFailed"/>: it has
    /// another ETag. In both cases nothing stands under the target.
    /// </exception>
    Task<StoredObject> CopyAsync(string sourceKey, string ifMatchETag, string targetKey, CancellationToken cancellationToken = default);

    /// <summary>
    /// Deletes the source of a copy if it is still the one that was copied. Where the server has no conditional deletion, the condition is
    /// looked at just before it.
    /// </summary>
    /// <param name="sourceKey">Key of the source, as in <see cref="CopyAsync"/>.</param>
    /// <param name="ifMatchETag">ETag of the source, without quotes.</param>
    /// <param name="cancellationToken">Ends the call; the effect is then unknown.</param>
    /// <returns>True when nothing stands under the key any more; false when another object does.</returns>
    Task<bool> DeleteSourceAsync(string sourceKey, string ifMatchETag, CancellationToken cancellationToken = default);
}
