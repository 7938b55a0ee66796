using System.Diagnostics;
using System.IO.Pipelines;
using GrainVault.Storage.Disk;

namespace GrainVault.Storage.Instrumentation;

/// <summary>
/// Measures and traces every call of a provider. Listings pass through: how long one takes is up to who reads it. So does
/// signing, which sends nothing.
/// </summary>
public class InstrumentedObjectStore : IObjectStore, IRangedReadStore, IMultipartStore, IListingStore, ICopyingStore, IPresigningStore
{
    private readonly IObjectStore _inner;
    private readonly IRangedReadStore _ranged;
    private readonly IMultipartStore _multipart;
    private readonly IListingStore _listing;
    private readonly ICopyingStore _copying;
    private readonly IPresigningStore _presigning;
    private readonly StorageInstruments _instruments;
    private readonly TimeProvider _time;
    private readonly string _store;

    private protected InstrumentedObjectStore(IObjectStore inner, StorageInstruments instruments, TimeProvider time)
    {
        _inner = inner;
        _ranged = (IRangedReadStore)inner;
        _multipart = (IMultipartStore)inner;
        _listing = (IListingStore)inner;
        _copying = (ICopyingStore)inner;
        _presigning = (IPresigningStore)inner;
        _instruments = instruments;
        _time = time;
        _store = inner.Profile.Name;
    }

    /// <inheritdoc/>
    public StoreProfile Profile => _inner.Profile;

    /// <summary>Wraps a provider; the result has exactly the provider's capabilities.</summary>
    public static InstrumentedObjectStore Wrap(IObjectStore inner, StorageInstruments instruments, TimeProvider time) =>
        inner is ISignedUrlStore ? new InstrumentedSignedUrlStore(inner, instruments, time) : new InstrumentedObjectStore(inner, instruments, time);

    /// <inheritdoc/>
    public async Task<StoredObject> PutAsync(string key, StoreContent content, CancellationToken cancellationToken = default)
    {
        var stored = await MeasureAsync("put", key, () => _inner.PutAsync(key, content, cancellationToken), content.Bytes.Length).ConfigureAwait(false);
        Wrote(stored.SizeBytes);
        return stored;
    }

    /// <inheritdoc/>
    public Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken = default) =>
        MeasureAsync("find", key, () => _inner.FindAsync(key, cancellationToken));

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken = default) =>
        MeasureAsync("open_read", key, () => _inner.OpenReadAsync(key, cancellationToken));

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, long offset, long length, CancellationToken cancellationToken = default) =>
        MeasureAsync("open_read", key, () => _ranged.OpenReadAsync(key, offset, length, cancellationToken), length);

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken = default) =>
        MeasureAsync("delete", key, () => AsResultAsync(_inner.DeleteAsync(key, cancellationToken)));

    /// <inheritdoc/>
    public Task<string> InitiateAsync(string key, CancellationToken cancellationToken = default) =>
        MeasureAsync("initiate", key, () => _multipart.InitiateAsync(key, cancellationToken));

    /// <inheritdoc/>
    public async Task<StoredPart> PutPartAsync(string key, string storeUploadId, int number, StoreContent content, CancellationToken cancellationToken = default)
    {
        var stored = await MeasureAsync("put_part", key, () => _multipart.PutPartAsync(key, storeUploadId, number, content, cancellationToken), content.Bytes.Length).ConfigureAwait(false);
        Wrote(stored.SizeBytes);
        return stored;
    }

    /// <inheritdoc/>
    public Task<StoredObject> CompleteAsync(string key, string storeUploadId, IReadOnlyList<StoredPart> parts, CancellationToken cancellationToken = default) =>
        MeasureAsync("complete", key, () => _multipart.CompleteAsync(key, storeUploadId, parts, cancellationToken));

    /// <inheritdoc/>
    public Task<bool> AbortAsync(string key, string storeUploadId, CancellationToken cancellationToken = default) =>
        MeasureAsync("abort", key, () => _multipart.AbortAsync(key, storeUploadId, cancellationToken));

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredPart>> ListPartsAsync(string key, string storeUploadId, int afterNumber, CancellationToken cancellationToken = default) =>
        MeasureAsync("list_parts", key, () => _multipart.ListPartsAsync(key, storeUploadId, afterNumber, cancellationToken));

    /// <inheritdoc/>
    public IAsyncEnumerable<ListedObject> ListObjectsAsync(string prefix, CancellationToken cancellationToken = default) =>
        _listing.ListObjectsAsync(prefix, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<ListedUpload> ListUploadsAsync(string prefix, CancellationToken cancellationToken = default) =>
        _listing.ListUploadsAsync(prefix, cancellationToken);

    /// <inheritdoc/>
    public Task<StoredObject> CopyAsync(string sourceKey, string ifMatchETag, string targetKey, CancellationToken cancellationToken = default) =>
        MeasureAsync("copy", targetKey, () => _copying.CopyAsync(sourceKey, ifMatchETag, targetKey, cancellationToken));

    /// <inheritdoc/>
    public Task<bool> DeleteSourceAsync(string sourceKey, string ifMatchETag, CancellationToken cancellationToken = default) =>
        MeasureAsync("delete", sourceKey, () => _copying.DeleteSourceAsync(sourceKey, ifMatchETag, cancellationToken));

    /// <inheritdoc/>
    public Task<PresignedUrl> PresignGetAsync(
        string key, TimeSpan lifetime, string? contentDisposition = null, string? contentType = null, CancellationToken cancellationToken = default) =>
        _presigning.PresignGetAsync(key, lifetime, contentDisposition, contentType, cancellationToken);

    /// <inheritdoc/>
    public Task<PresignedUrl> PresignPutAsync(string key, long sizeBytes, TimeSpan lifetime, CancellationToken cancellationToken = default) =>
        _presigning.PresignPutAsync(key, sizeBytes, lifetime, cancellationToken);

    /// <inheritdoc/>
    public Task<PresignedUrl> PresignPutPartAsync(
        string key, string storeUploadId, int number, long sizeBytes, TimeSpan lifetime, CancellationToken cancellationToken = default) =>
        _presigning.PresignPutPartAsync(key, storeUploadId, number, sizeBytes, lifetime, cancellationToken);

    private protected void Wrote(long sizeBytes) => _instruments.Wrote(_store, sizeBytes);

    private static async Task<bool> AsResultAsync(Task call)
    {
        await call.ConfigureAwait(false);
        return true;
    }

    private protected async Task<T> MeasureAsync<T>(string operation, string key, Func<Task<T>> call, long? sizeBytes = null)
    {
        var at = _time.GetUtcNow();
        var started = _time.GetTimestamp();
        using var activity = StorageInstruments.Activities.StartActivity(operation, ActivityKind.Client);
        activity?.SetTag("grainvault.store", _store);
        activity?.SetTag("grainvault.key", key);
        try
        {
            var result = await call().ConfigureAwait(false);
            Ended(StorageInstruments.Success);
            return result;
        }
        catch (Exception e)
        {
            var outcome = OutcomeOf(e);
            activity?.SetStatus(ActivityStatusCode.Error, outcome);
            Ended(outcome);
            throw;
        }

        void Ended(string outcome)
        {
            var elapsed = _time.GetElapsedTime(started);
            _instruments.Ended(_store, operation, outcome, elapsed);
            _instruments.Calls.Add(new StoreCall(at, _store, operation, key, outcome, elapsed, sizeBytes));
        }
    }

    private static string OutcomeOf(Exception e) => e switch
    {
        ObjectStoreException { Error: ObjectStoreError.Unavailable } => "unavailable",
        ObjectStoreException { Error: ObjectStoreError.NotFound } => "not_found",
        ObjectStoreException { Error: ObjectStoreError.UploadNotFound } => "upload_not_found",
        ObjectStoreException { Error: ObjectStoreError.InvalidPart } => "invalid_part",
        ObjectStoreException { Error: ObjectStoreError.PreconditionFailed } => "precondition_failed",
        ObjectStoreException { Error: ObjectStoreError.Full } => "full",
        ObjectStoreException { Error: ObjectStoreError.Refused } => "refused",
        OperationCanceledException => "cancelled",
        _ => "bug",
    };
}

/// <summary>The same around a provider whose URLs the front end serves.</summary>
internal sealed class InstrumentedSignedUrlStore(IObjectStore inner, StorageInstruments instruments, TimeProvider time)
    : InstrumentedObjectStore(inner, instruments, time), ISignedUrlStore
{
    private readonly ISignedUrlStore _signed = (ISignedUrlStore)inner;

    /// <inheritdoc/>
    public SignedUrlVerdict Verify(string method, string path, string? queryString, long? contentLength) =>
        _signed.Verify(method, path, queryString, contentLength);

    /// <inheritdoc/>
    public async Task<SignedWrite> WriteAsync(SignedObjectRequest request, PipeReader body, CancellationToken cancellationToken = default)
    {
        var written = await MeasureAsync("receive", request.Key, () => _signed.WriteAsync(request, body, cancellationToken), request.SizeBytes).ConfigureAwait(false);
        if (written.Status == SignedWriteStatus.Stored)
            Wrote(request.SizeBytes);
        return written;
    }

    /// <inheritdoc/>
    public Task<SignedRead?> OpenReadAsync(SignedObjectRequest request, CancellationToken cancellationToken = default) =>
        MeasureAsync("open_read", request.Key, () => _signed.OpenReadAsync(request, cancellationToken));
}
