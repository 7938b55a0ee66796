using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainVault.Storage.Disk;

/// <summary>
/// Objects on a local disk, or any file system whose rename is atomic and whose fsync is honest. Several processes of
/// one machine may share the folder. Nothing is acknowledged before file and folder are flushed.
/// </summary>
/// <remarks>
/// A call that was cancelled returns only when its work has really ended, so its buffer is free then. Layout and crash
/// rules: <see cref="DiskLayout"/>, <see cref="DiskUploads"/>, <see cref="DiskTrash"/>.
/// </remarks>
public sealed class DiskObjectStore : IObjectStore, IRangedReadStore, IMultipartStore, IListingStore, ICopyingStore, IPresigningStore, ISignedUrlStore, IDisposable
{
    private readonly DiskLayout _layout;
    private readonly DiskObjects _objects;
    private readonly DiskUploads _uploads;
    private readonly DiskListing _listing;
    private readonly ProcessFolder _processFolder;
    private readonly BlockingWorkers _writers;
    private readonly BlockingWorkers _readers;
    private readonly DiskReceiver _receiver;
    private readonly IncomingBodies _bodies = new();
    private readonly DiskPresigner _presigner;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Opens the store, creates what is missing of its folders and removes what earlier processes left half done.</summary>
    /// <exception cref="ObjectStoreException">The folder can't be used.</exception>
    public DiskObjectStore(DiskOptions options, TimeProvider time, ILogger<DiskObjectStore> logger)
        : this(options, time, logger, new DiskCalls())
    {
    }

    internal DiskObjectStore(DiskOptions options, TimeProvider time, ILogger? logger, DiskCalls calls)
    {
        ArgumentException.ThrowIfNullOrEmpty(options.Directory);
        _time = time;
        _logger = logger ?? NullLogger.Instance;
        _layout = new DiskLayout(options.Directory);
        var folders = new DurableFolders(calls, _layout.Root);
        var trash = new DiskTrash(calls, _layout, _logger);
        try
        {
            folders.EnsureRoot();
            foreach (var folder in (ReadOnlySpan<string>)[_layout.Keys, _layout.Temporary, _layout.Trash])
                folders.Ensure(folder);
            _processFolder = ProcessFolder.Create(calls, _layout.Temporary);
            var staleCount = _processFolder.RemoveStale();
            DiskObjectStoreLog.Opened(_logger, _layout.Root, staleCount, trash.PurgeAll());
        }
        catch (Exception e) when (DiskErrors.Covers(e))
        {
            _processFolder?.Dispose();
            throw DiskErrors.Translate(e, "Opening", _layout.Root);
        }

        var writer = new SealedFileWriter(calls, _processFolder.Path);
        _objects = new DiskObjects(calls, _layout, folders, writer, trash);
        _uploads = new DiskUploads(calls, _layout, folders, writer, trash, _objects, time);
        _listing = new DiskListing(_layout);
        _writers = new BlockingWorkers(options.ThreadCount, options.QueueLengthMax);
        _readers = new BlockingWorkers(options.ReadThreadCount, options.QueueLengthMax);
        _receiver = new DiskReceiver(_writers, writer, _logger);
        _presigner = new DiskPresigner(options, _layout, Profile, time);
    }

    /// <inheritdoc/>
    public StoreProfile Profile { get; } = new() { Name = "disk", Dialect = "disk", EnforcesPresignedSize = true };

    /// <inheritdoc/>
    public Task<StoredObject> PutAsync(string key, StoreContent content, CancellationToken cancellationToken = default) =>
        WriteAsync("Put", key, token => _objects.Put(key, content, token), cancellationToken);

    /// <inheritdoc/>
    public Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken = default) =>
        RunAsync(_readers, "Find", key, () => _objects.Find(key), cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken = default) =>
        RunAsync<Stream>(_readers, "Read", key, () => _objects.OpenRead(key, 0, null), cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, long offset, long length, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return RunAsync<Stream>(_readers, "Read", key, () => _objects.OpenRead(key, offset, length), cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken = default) =>
        RunAsync(_writers, "Delete", key, () => Done(() => _objects.Delete(key)), cancellationToken);

    /// <inheritdoc/>
    public Task<string> InitiateAsync(string key, CancellationToken cancellationToken = default) =>
        RunAsync(_writers, "Initiate", key, () => _uploads.Initiate(key), cancellationToken);

    /// <inheritdoc/>
    public Task<StoredPart> PutPartAsync(string key, string storeUploadId, int number, StoreContent content, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, Profile.PartCountMax);
        return WriteAsync("PutPart", key, token => _uploads.PutPart(key, storeUploadId, number, content, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<StoredObject> CompleteAsync(string key, string storeUploadId, IReadOnlyList<StoredPart> parts, CancellationToken cancellationToken = default) =>
        RunAsync(_writers, "Complete", key, () => _uploads.Complete(key, storeUploadId, parts), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> AbortAsync(string key, string storeUploadId, CancellationToken cancellationToken = default) =>
        RunAsync(_writers, "Abort", key, () => _uploads.Abort(key, storeUploadId), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredPart>> ListPartsAsync(string key, string storeUploadId, int afterNumber, CancellationToken cancellationToken = default) =>
        RunAsync(_readers, "ListParts", key, () => _uploads.ListParts(key, storeUploadId, afterNumber), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ListedObject> ListObjectsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var listed in ListAsync(prefix, objects: true, ToListedObject, cancellationToken).ConfigureAwait(false))
            yield return listed;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ListedUpload> ListUploadsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var listed in ListAsync(prefix, objects: false, ToListedUpload, cancellationToken).ConfigureAwait(false))
            yield return listed;
    }

    /// <inheritdoc/>
    public Task<StoredObject> CopyAsync(string sourceKey, string ifMatchETag, string targetKey, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Check(targetKey);
        return WriteAsync("Copy", sourceKey, token => _objects.Copy(sourceKey, ifMatchETag, targetKey, token), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteSourceAsync(string sourceKey, string ifMatchETag, CancellationToken cancellationToken = default) =>
        RunAsync(_writers, "Delete", sourceKey, () => _objects.DeleteIf(sourceKey, ifMatchETag), cancellationToken);

    /// <inheritdoc/>
    public Task<PresignedUrl> PresignGetAsync(
        string key, TimeSpan lifetime, string? contentDisposition = null, string? contentType = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(_presigner.PresignGet(key, lifetime, contentDisposition, contentType));

    /// <inheritdoc/>
    public Task<PresignedUrl> PresignPutAsync(string key, long sizeBytes, TimeSpan lifetime, CancellationToken cancellationToken = default) =>
        Task.FromResult(_presigner.PresignPut(key, sizeBytes, lifetime));

    /// <inheritdoc/>
    public Task<PresignedUrl> PresignPutPartAsync(
        string key, string storeUploadId, int number, long sizeBytes, TimeSpan lifetime, CancellationToken cancellationToken = default) =>
        Task.FromResult(_presigner.PresignPutPart(key, storeUploadId, number, sizeBytes, lifetime));

    /// <inheritdoc/>
    public SignedUrlVerdict Verify(string method, string path, string? queryString, long? contentLength) =>
        _presigner.Urls.Verify(method, path, queryString, contentLength);

    /// <inheritdoc/>
    public async Task<SignedWrite> WriteAsync(SignedObjectRequest request, PipeReader body, CancellationToken cancellationToken = default)
    {
        Invariant.That(request.Operation != SignedOperation.Get, "only a PUT writes");
        var isPart = request.Operation == SignedOperation.PutPart;
        if (isPart && !await RunAsync(_readers, "Find", request.Key, () => _uploads.IsOpen(request.Key, request.StoreUploadId), cancellationToken).ConfigureAwait(false))
            return new SignedWrite(SignedWriteStatus.UploadNotFound);
        using var incoming = _bodies.Enter(request, body);
        // By then nobody counts on a URL that has expired long ago: nothing so late is waited for, and it must not appear.
        var end = request.ExpiresAt + Profile.WriteTimeout;
        await using var deadline = _time.CreateTimer(
            static body => ((IncomingBody)body!).Expire(), incoming, TimeSpan.FromTicks(Math.Max(0, (end - _time.GetUtcNow()).Ticks)), Timeout.InfiniteTimeSpan);
        try
        {
            return await _receiver.ReceiveAsync(request.Key, body, request.SizeBytes, Commit, cancellationToken).ConfigureAwait(false)
                ?? new SignedWrite(SignedWriteStatus.WrongSize);
        }
        catch (OperationCanceledException) when (incoming.Ended is not null && !cancellationToken.IsCancellationRequested)
        {
            return new SignedWrite(incoming.Ended.Value);
        }

        SignedWrite Commit(UnfinishedFile file)
        {
            if (incoming.Ended is { } ended)
                return new SignedWrite(ended);
            if (_time.GetUtcNow() > end)
                return new SignedWrite(SignedWriteStatus.Expired);
            var etag = isPart
                ? _uploads.CommitPart(request.Key, request.StoreUploadId, request.PartNumber, file)?.ETag
                : _objects.Commit(request.Key, file).ETag;
            return etag is null ? new SignedWrite(SignedWriteStatus.UploadNotFound) : new SignedWrite(SignedWriteStatus.Stored, etag);
        }
    }

    /// <inheritdoc/>
    public async Task<SignedRead?> OpenReadAsync(SignedObjectRequest request, CancellationToken cancellationToken = default)
    {
        Invariant.That(request.Operation == SignedOperation.Get, "only a GET reads");
        try
        {
            var (found, stream) = await RunAsync(_readers, "Read", request.Key, () => _objects.Open(request.Key, 0, null), cancellationToken).ConfigureAwait(false);
            return new SignedRead(found, stream);
        }
        catch (ObjectStoreException e) when (e.Error == ObjectStoreError.NotFound)
        {
            return null;
        }
    }

    /// <summary>Ends the store's threads and removes its temporary folder.</summary>
    public void Dispose()
    {
        _writers.Dispose();
        _readers.Dispose();
        _processFolder.Dispose();
    }

    private async IAsyncEnumerable<T> ListAsync<T>(
        string prefix, bool objects, Func<DiskEntry, T?> toListed, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        ObjectKeys.CheckPrefix(prefix);
        var after = "";
        while (true)
        {
            var (page, isLast) = await RunAsync(_readers, "List", prefix, () => NextPage(ref after), cancellationToken).ConfigureAwait(false);
            foreach (var listed in page)
                yield return listed;
            if (isLast)
                yield break;
        }

        (List<T> Page, bool IsLast) NextPage(ref string after)
        {
            var entries = _listing.NextPage(prefix, after, objects);
            var page = new List<T>(entries.Count);
            foreach (var entry in entries)
            {
                if (toListed(entry) is { } listed)
                    page.Add(listed);
            }

            if (entries.Count > 0)
                after = entries[^1].Position;
            return (page, entries.Count < DiskListing.PageCountMax);
        }
    }

    /// <summary>Null when the object was deleted since its name was read.</summary>
    private ListedObject? ToListedObject(DiskEntry entry)
    {
        using var file = DiskObjects.TryOpenFile(_layout.ObjectFile(entry.Key));
        return file is null
            ? null
            : new ListedObject(entry.Key, FileSeal.Read(file, entry.Key).ObjectSizeBytes, new DateTimeOffset(File.GetLastWriteTimeUtc(file)));
    }

    /// <summary>
    /// Parts under a manifest are an object, not an upload. Parts that a crash left without theirs show as an upload, so
    /// that whoever sweeps uploads finds them.
    /// </summary>
    private ListedUpload? ToListedUpload(DiskEntry entry) =>
        entry.IsSealed && _objects.FindManifest(entry.Key)?.UploadId == entry.UploadId
            ? null
            : new ListedUpload(entry.Key, entry.UploadId, DiskLayout.InitiatedAt(entry.UploadId));

    /// <summary>
    /// Runs a call that makes content appear. It gives up at the profile's limit, also when a disk that hung comes back:
    /// what the ledger has written off by then must not appear any more.
    /// </summary>
    private async Task<T> WriteAsync<T>(string operation, string key, Func<CancellationToken, T> call, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Profile.WriteTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await RunAsync(_writers, operation, key, () => call(either.Token), either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException($"{operation} of {key} was cancelled.", e, cancellationToken);
        }
        catch (OperationCanceledException e)
        {
            throw new ObjectStoreException(ObjectStoreError.Unavailable, $"{operation} of {key} took longer than {Profile.WriteTimeout}.", e);
        }
    }

    private async Task<T> RunAsync<T>(BlockingWorkers workers, string operation, string key, Func<T> call, CancellationToken cancellationToken)
    {
        try
        {
            return await workers.RunAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (DiskErrors.Covers(e))
        {
            DiskObjectStoreLog.Failed(_logger, e, operation, key);
            throw DiskErrors.Translate(e, operation, key);
        }
    }

    private static bool Done(Action action)
    {
        action();
        return true;
    }
}
