namespace GrainVault.Storage;

/// <summary>
/// Capability: URLs with which a client moves bytes past the grains. Signing sends nothing, so it does not tell whether the
/// upload or object exists.
/// </summary>
/// <remarks>
/// A lifetime is more than zero and at most <see cref="StoreProfile.PresignLifetimeMax"/>; anything else is a bug of the
/// caller (<see cref="ArgumentOutOfRangeException"/>). A URL never outlives the credentials that signed it.
/// </remarks>
public interface IPresigningStore
{
    /// <summary>A URL that reads an object, whole or by <c>Range</c>.</summary>
    /// <param name="key">Key of the object.</param>
    /// <param name="lifetime">How long it may be used.</param>
    /// <param name="contentDisposition">Value of the answer's <c>Content-Disposition</c>, printable ASCII; null for none.</param>
    /// <param name="contentType">Value of the answer's <c>Content-Type</c>, printable ASCII; null for the store's own.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ObjectStoreException">There are no credentials to sign with.</exception>
    Task<PresignedUrl> PresignGetAsync(
        string key, TimeSpan lifetime, string? contentDisposition = null, string? contentType = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// A URL that writes one whole object of exactly this size: a PUT with another <c>Content-Length</c> is refused. It can be
    /// used again until it expires, so it must never lead to the key of something that is complete.
    /// </summary>
    /// <param name="key">Key of the object.</param>
    /// <param name="sizeBytes">0 to <see cref="StoreProfile.PutSizeBytesMax"/>.</param>
    /// <param name="lifetime">How long it may be used.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ObjectStoreException">There are no credentials to sign with.</exception>
    Task<PresignedUrl> PresignPutAsync(string key, long sizeBytes, TimeSpan lifetime, CancellationToken cancellationToken = default);

    /// <summary>A URL that writes one part of exactly this size: a PUT with another <c>Content-Length</c> is refused.</summary>
    /// <param name="key">Key of the object.</param>
    /// <param name="storeUploadId">Id from <see cref="IMultipartStore.InitiateAsync"/>.</param>
    /// <param name="number">1 to <see cref="StoreProfile.PartCountMax"/>.</param>
    /// <param name="sizeBytes">1 to <see cref="StoreProfile.PartSizeBytesMax"/>.</param>
    /// <param name="lifetime">How long it may be used.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ObjectStoreException">There are no credentials to sign with.</exception>
    Task<PresignedUrl> PresignPutPartAsync(
        string key, string storeUploadId, int number, long sizeBytes, TimeSpan lifetime, CancellationToken cancellationToken = default);
}
