using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using GrainVault.Resilience;
using GrainVault.Storage.Instrumentation;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainVault.Storage.S3;

/// <summary>Objects in one bucket of an S3 server, AWS or another, over the AWS SDK's plain multipart calls.</summary>
/// <remarks>
/// Calls are repeated in one layer, the SDK's own (<see cref="S3Options.RetryCountMax"/>, exponential with jitter), and
/// end at <see cref="S3Options.WriteTimeout"/> or <see cref="S3Options.ControlTimeout"/>. A call that was cancelled or
/// timed out may still be read by the connection: its buffer must not be used again.
/// </remarks>
public sealed class S3ObjectStore : IObjectStore, IRangedReadStore, IMultipartStore, IListingStore, ICopyingStore, IPresigningStore, IDisposable
{
    private readonly S3Options _options;
    private readonly S3Client _client;
    private readonly S3Client _publicClient;
    private readonly S3Calls _calls;
    private readonly S3Objects _objects;
    private readonly S3Multipart _multipart;
    private readonly S3Listing _listing;
    private readonly S3Copies _copies;
    private readonly S3Client _uploadClient;
    private readonly S3Presigner _presigner;
    private readonly S3Presigner _uploadPresigner;
    private readonly ILogger _logger;

    /// <summary>Creates the store; nothing is sent before the first call.</summary>
    /// <param name="options">Its settings.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Where failures go.</param>
    /// <param name="breakers">Makes the breaker of the server; null for one that nobody observes.</param>
    /// <param name="instruments">Where the numbers of its bulkheads go; null for nowhere.</param>
    public S3ObjectStore(S3Options options, TimeProvider time, ILogger<S3ObjectStore>? logger, Breakers? breakers = null, StorageInstruments? instruments = null)
        : this(options, time, logger, breakers, instruments, S3Dialect.Of(options)!, S3Client.CredentialsOf(options))
    {
    }

    internal S3ObjectStore(
        S3Options options, TimeProvider time, ILogger? logger, Breakers? breakers, StorageInstruments? instruments, S3Dialect dialect, AWSCredentials? credentials)
    {
        ArgumentException.ThrowIfNullOrEmpty(options.Bucket);
        _options = options;
        _logger = logger ?? NullLogger.Instance;
        _client = S3Client.Create(options, options.Endpoint, dialect, credentials);
        _publicClient = options.PublicEndpoint is null ? _client : S3Client.Create(options, options.PublicEndpoint, dialect, credentials);
        _calls = new S3Calls(_client, options, breakers ?? Breakers.Unobserved, instruments?.Bulkheads, _logger);
        _objects = new S3Objects(_calls, options, dialect, _logger);
        _multipart = new S3Multipart(_calls, _objects);
        _listing = new S3Listing(_calls);
        _copies = new S3Copies(_calls, _objects, _multipart, dialect, options.CopyTimeout, time);
        _presigner = new S3Presigner(_publicClient, new S3Credentials(credentials, _publicClient.Config), options, time);
        var uploadCredentials = S3Client.UploadCredentialsOf(options) ?? credentials;
        _uploadClient = uploadCredentials == credentials ? _publicClient : S3Client.Create(options, options.PublicEndpoint ?? options.Endpoint, dialect, uploadCredentials);
        _uploadPresigner = new S3Presigner(_uploadClient, new S3Credentials(uploadCredentials, _uploadClient.Config), options, time);
        Profile = ProfileOf(dialect, options);
    }

    /// <inheritdoc/>
    public StoreProfile Profile { get; }

    /// <summary>Makes sure that the bucket is there; creates it where <see cref="S3Options.CreateBucket"/> allows.</summary>
    /// <exception cref="ObjectStoreException">Refused: it is missing or not ours. Unavailable: try again.</exception>
    public async Task EnsureBucketAsync(CancellationToken cancellationToken = default)
    {
        if (await BucketExistsAsync(cancellationToken).ConfigureAwait(false))
            return;
        if (!_options.CreateBucket)
            throw new ObjectStoreException(ObjectStoreError.Refused, $"Bucket {_options.Bucket} does not exist, and Objects:S3:CreateBucket is false.");
        try
        {
            // The client's region is the bucket's; stores other than AWS refuse a location that they don't know.
            var request = new PutBucketRequest { BucketName = _options.Bucket, UseClientRegion = _options.Endpoint is null };
            await _calls.ChangeAsync("CreateBucket", _options.Bucket!, (s3, token) => s3.PutBucketAsync(request, token), cancellationToken).ConfigureAwait(false);
            S3ObjectStoreLog.BucketCreated(_logger, _options.Bucket!);
        }
        catch (ObjectStoreException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.Conflict })
        {
            // Another process was first, unless the name is someone else's.
            if (!await BucketExistsAsync(cancellationToken).ConfigureAwait(false))
                throw;
        }
    }

    /// <inheritdoc/>
    public Task<StoredObject> PutAsync(string key, StoreContent content, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Check(key);
        return _objects.PutAsync(key, content, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken = default)
    {
        CheckStored(key);
        return _objects.FindAsync(key, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Check(key);
        return _objects.OpenReadAsync(key, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, long offset, long length, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Check(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return _objects.OpenReadAsync(key, offset, length, cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        CheckStored(key);
        return _objects.DeleteAsync(key, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<string> InitiateAsync(string key, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Check(key);
        return _multipart.InitiateAsync(key, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<StoredPart> PutPartAsync(string key, string storeUploadId, int number, StoreContent content, CancellationToken cancellationToken = default)
    {
        CheckPart(key, number);
        return _multipart.PutPartAsync(key, storeUploadId, number, content, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<StoredObject> CompleteAsync(string key, string storeUploadId, IReadOnlyList<StoredPart> parts, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Check(key);
        cancellationToken.ThrowIfCancellationRequested();
        return _multipart.CompleteAsync(key, storeUploadId, parts, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> AbortAsync(string key, string storeUploadId, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Check(key);
        return _multipart.AbortAsync(key, storeUploadId, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<StoredPart>> ListPartsAsync(string key, string storeUploadId, int afterNumber, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Check(key);
        return _multipart.ListPartsAsync(key, storeUploadId, afterNumber, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ListedObject> ListObjectsAsync(string prefix, CancellationToken cancellationToken = default)
    {
        ObjectKeys.CheckPrefix(prefix);
        return _listing.ListObjectsAsync(prefix, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ListedUpload> ListUploadsAsync(string prefix, CancellationToken cancellationToken = default)
    {
        ObjectKeys.CheckPrefix(prefix);
        return _listing.ListUploadsAsync(prefix, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<StoredObject> CopyAsync(string sourceKey, string ifMatchETag, string targetKey, CancellationToken cancellationToken = default)
    {
        CheckStored(sourceKey);
        ObjectKeys.Check(targetKey);
        cancellationToken.ThrowIfCancellationRequested();
        return _copies.CopyAsync(sourceKey, ifMatchETag, targetKey, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteSourceAsync(string sourceKey, string ifMatchETag, CancellationToken cancellationToken = default)
    {
        CheckStored(sourceKey);
        return _copies.DeleteSourceAsync(sourceKey, ifMatchETag, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<PresignedUrl> PresignGetAsync(
        string key, TimeSpan lifetime, string? contentDisposition = null, string? contentType = null, CancellationToken cancellationToken = default)
    {
        PresignRules.CheckGet(Profile, key, lifetime, contentDisposition, contentType);
        return _presigner.PresignGetAsync(key, lifetime, contentDisposition, contentType);
    }

    /// <inheritdoc/>
    public Task<PresignedUrl> PresignPutAsync(string key, long sizeBytes, TimeSpan lifetime, CancellationToken cancellationToken = default)
    {
        PresignRules.CheckPut(Profile, key, sizeBytes, lifetime);
        return _uploadPresigner.PresignPutAsync(key, sizeBytes, lifetime);
    }

    /// <inheritdoc/>
    public Task<PresignedUrl> PresignPutPartAsync(
        string key, string storeUploadId, int number, long sizeBytes, TimeSpan lifetime, CancellationToken cancellationToken = default)
    {
        PresignRules.CheckPart(Profile, key, number, sizeBytes, lifetime);
        return _uploadPresigner.PresignPutPartAsync(key, storeUploadId, number, sizeBytes, lifetime);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        _uploadClient.Dispose();
        _publicClient.Dispose();
        _client.Dispose();
        _calls.Dispose();
    }

    private static StoreProfile ProfileOf(S3Dialect dialect, S3Options options) => new()
    {
        Name = ObjectsOptions.S3Provider,
        Dialect = dialect.Name,
        PartSizeBytesMin = dialect.PartSizeBytesMin,
        PartSizeBytesMax = dialect.PartSizeBytesMax,
        PartCountMax = dialect.PartCountMax,
        ObjectSizeBytesMax = Math.Min(dialect.ObjectSizeBytesMax, dialect.PartCountMax * dialect.PartSizeBytesMax),
        PutSizeBytesMax = dialect.PutSizeBytesMax,
        WantsEqualParts = dialect.WantsEqualParts,
        EnforcesPresignedSize = dialect.EnforcesSignedLength,
        // A write may wait for its turn before it begins.
        WriteTimeout = options.WriteQueueWait + options.WriteTimeout,
        CopyTimeout = options.CopyTimeout,
    };

    /// <summary>Keys of ours, and of what others have put into the inbox.</summary>
    private static void CheckStored(string key)
    {
        if (!ObjectKeys.IsInboxKey(key))
            ObjectKeys.Check(key);
    }

    private void CheckPart(string key, int number)
    {
        ObjectKeys.Check(key);
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, Profile.PartCountMax);
    }

    private async Task<bool> BucketExistsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var request = new HeadBucketRequest { BucketName = _options.Bucket };
            await _calls.ReadAsync("FindBucket", _options.Bucket!, (s3, token) => s3.HeadBucketAsync(request, token), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ObjectStoreException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound })
        {
            return false;
        }
    }
}
