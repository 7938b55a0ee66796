using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using GrainVault.Storage;

namespace GrainVault.Grains.Tests.Support;

/// <summary>A real store behind a hook: counts calls, and lets a test delay or fail one of them.</summary>
public sealed class TestStore(IObjectStore inner) : IObjectStore, IRangedReadStore, IMultipartStore, IListingStore, IPresigningStore, ICopyingStore, IDisposable
{
    private readonly ConcurrentQueue<string> _calls = new();

    /// <summary>Names of the calls so far, in order.</summary>
    public IReadOnlyCollection<string> Calls => _calls;

    /// <summary>Runs before each call with the call's name and key; may wait or throw.</summary>
    public Func<string, string, Task>? Before { get; set; }

    /// <summary>Runs after each successful call with the call's name and key; may wait or throw.</summary>
    public Func<string, string, Task>? After { get; set; }

    /// <summary>Answers instead of the store when an upload is aborted, as one does in which a part has landed meanwhile; null lets the call pass.</summary>
    public Func<string, bool>? Abort { get; set; }

    /// <summary>Part after which every list of parts begins, whatever is asked for, as with a server that takes no notice; null for what is asked for.</summary>
    public int? PartsListedAfter { get; set; }

    public StoreProfile? ProfileOverride { get; set; }

    public StoreProfile Profile => ProfileOverride ?? inner.Profile;

    public IObjectStore Inner => inner;

    private IMultipartStore Multipart => (IMultipartStore)inner;

    private IListingStore Listing => (IListingStore)inner;

    public void ClearCalls() => _calls.Clear();

    public int Count(string name) => _calls.Count(call => call == name);

    public Task<StoredObject> PutAsync(string key, StoreContent content, CancellationToken cancellationToken = default) =>
        RunAsync("Put", key, () => inner.PutAsync(key, content, cancellationToken));

    public Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken = default) =>
        RunAsync("Find", key, () => inner.FindAsync(key, cancellationToken));

    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken = default) =>
        RunAsync("OpenRead", key, () => inner.OpenReadAsync(key, cancellationToken));

    public Task<Stream> OpenReadAsync(string key, long offset, long length, CancellationToken cancellationToken = default) =>
        RunAsync("OpenRange", key, () => ((IRangedReadStore)inner).OpenReadAsync(key, offset, length, cancellationToken));

    public Task DeleteAsync(string key, CancellationToken cancellationToken = default) =>
        RunAsync("Delete", key, async () =>
        {
            await inner.DeleteAsync(key, cancellationToken);
            return true;
        });

    public Task<string> InitiateAsync(string key, CancellationToken cancellationToken = default) =>
        RunAsync("Initiate", key, () => Multipart.InitiateAsync(key, cancellationToken));

    public Task<StoredPart> PutPartAsync(string key, string storeUploadId, int number, StoreContent content, CancellationToken cancellationToken = default) =>
        RunAsync("PutPart", key, () => Multipart.PutPartAsync(key, storeUploadId, number, content, cancellationToken));

    public Task<StoredObject> CompleteAsync(string key, string storeUploadId, IReadOnlyList<StoredPart> parts, CancellationToken cancellationToken = default) =>
        RunAsync("Complete", key, () => Multipart.CompleteAsync(key, storeUploadId, parts, cancellationToken));

    public Task<bool> AbortAsync(string key, string storeUploadId, CancellationToken cancellationToken = default) =>
        RunAsync("Abort", key, () => Abort is { } abort ? Task.FromResult(abort(key)) : Multipart.AbortAsync(key, storeUploadId, cancellationToken));

    public Task<IReadOnlyList<StoredPart>> ListPartsAsync(string key, string storeUploadId, int afterNumber, CancellationToken cancellationToken = default) =>
        RunAsync("ListParts", key, () => Multipart.ListPartsAsync(key, storeUploadId, PartsListedAfter ?? afterNumber, cancellationToken));

    public async IAsyncEnumerable<ListedObject> ListObjectsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var item in Listing.ListObjectsAsync(prefix, cancellationToken))
            yield return item;
        if (After is { } after)
            await after("List", prefix);
    }

    public IAsyncEnumerable<ListedUpload> ListUploadsAsync(string prefix, CancellationToken cancellationToken = default) =>
        Listing.ListUploadsAsync(prefix, cancellationToken);

    public Task<StoredObject> CopyAsync(string sourceKey, string ifMatchETag, string targetKey, CancellationToken cancellationToken = default) =>
        RunAsync("Copy", targetKey, () => ((ICopyingStore)inner).CopyAsync(sourceKey, ifMatchETag, targetKey, cancellationToken));

    public Task<bool> DeleteSourceAsync(string sourceKey, string ifMatchETag, CancellationToken cancellationToken = default) =>
        RunAsync("DeleteSource", sourceKey, () => ((ICopyingStore)inner).DeleteSourceAsync(sourceKey, ifMatchETag, cancellationToken));

    public Task<PresignedUrl> PresignGetAsync(
        string key, TimeSpan lifetime, string? contentDisposition, string? contentType = null, CancellationToken cancellationToken = default) =>
        ((IPresigningStore)inner).PresignGetAsync(key, lifetime, contentDisposition, contentType, cancellationToken);

    public Task<PresignedUrl> PresignPutAsync(string key, long sizeBytes, TimeSpan lifetime, CancellationToken cancellationToken = default) =>
        ((IPresigningStore)inner).PresignPutAsync(key, sizeBytes, lifetime, cancellationToken);

    public Task<PresignedUrl> PresignPutPartAsync(
        string key, string storeUploadId, int number, long sizeBytes, TimeSpan lifetime, CancellationToken cancellationToken = default) =>
        ((IPresigningStore)inner).PresignPutPartAsync(key, storeUploadId, number, sizeBytes, lifetime, cancellationToken);

    public void Dispose() => (inner as IDisposable)?.Dispose();

    private async Task<T> RunAsync<T>(string name, string key, Func<Task<T>> call)
    {
        _calls.Enqueue(name);
        if (Before is { } before)
            await before(name, key);
        var result = await call();
        if (After is { } after)
            await after(name, key);
        return result;
    }
}
