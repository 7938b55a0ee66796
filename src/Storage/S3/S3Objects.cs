using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;

namespace GrainVault.Storage.S3;

/// <summary>Objects under their keys: writing whole ones, finding, reading and deleting all.</summary>
internal sealed class S3Objects(S3Calls calls, S3Options options, S3Dialect dialect, ILogger logger)
{
    /// <summary>An ETag without its quotes.</summary>
    public static string Unquote(string? etag) => etag?.Trim('"') ?? "";

    /// <summary>Writes one whole object.</summary>
    public async Task<StoredObject> PutAsync(string key, StoreContent content, CancellationToken cancellationToken)
    {
        using var body = new PayloadStream(content);
        var request = new PutObjectRequest
        {
            BucketName = calls.Bucket,
            Key = key,
            InputStream = body,
            AutoCloseStream = false,
            AutoResetStreamPosition = false,
            UseChunkEncoding = false,
            DisableDefaultChecksumValidation = true,
            ChecksumSHA256 = dialect.Checksums == S3ChecksumMode.Sha256 ? body.Sha256Base64 : null,
        };
        var response = await calls.WriteAsync("Put", key, (s3, token) => s3.PutObjectAsync(request, token), cancellationToken).ConfigureAwait(false);
        return new StoredObject(content.Bytes.Length, Unquote(response.ETag));
    }

    /// <summary>Size and ETag, or null.</summary>
    public async Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            var response = await calls.ReadAsync("Find", key, (s3, token) => s3.GetObjectMetadataAsync(calls.Bucket, key, token), cancellationToken)
                .ConfigureAwait(false);
            return new StoredObject(response.ContentLength, Unquote(response.ETag));
        }
        catch (ObjectStoreException e) when (e.Error == ObjectStoreError.NotFound)
        {
            return null;
        }
    }

    /// <summary>Opens a whole object.</summary>
    public async Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken)
    {
        var (response, place) = await GetAsync(key, null, cancellationToken).ConfigureAwait(false);
        if (response.ContentLength > 0)
            return new S3ReadStream(response, place, key, response.ContentLength, options.ReadStallTimeout, logger);
        using (place)
        using (response)
            await CheckEmptyAsync(response, key, cancellationToken).ConfigureAwait(false);
        return Stream.Null;
    }

    /// <summary>Opens a range of bytes.</summary>
    public async Task<Stream> OpenReadAsync(string key, long offset, long length, CancellationToken cancellationToken)
    {
        if (length == 0)
        {
            // S3 has no empty range: only the object's size can say whether this one is inside.
            var found = await FindAsync(key, cancellationToken).ConfigureAwait(false)
                ?? throw new ObjectStoreException(ObjectStoreError.NotFound, $"There is no object {key}.");
            return offset <= found.SizeBytes ? Stream.Null : throw OutOfRange(key, offset, length);
        }

        if (offset > long.MaxValue - length)
            throw OutOfRange(key, offset, length);
        GetObjectResponse response;
        IDisposable place;
        try
        {
            (response, place) = await GetAsync(key, new ByteRange(offset, offset + length - 1), cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectStoreException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.RequestedRangeNotSatisfiable })
        {
            throw OutOfRange(key, offset, length);
        }

        if (response.ContentLength == length)
            return new S3ReadStream(response, place, key, length, options.ReadStallTimeout, logger);
        response.Dispose();
        place.Dispose();
        throw OutOfRange(key, offset, length);
    }

    /// <summary>Deletes an object.</summary>
    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        calls.ChangeAsync("Delete", key, (s3, token) => s3.DeleteObjectAsync(calls.Bucket, key, token), cancellationToken);

    /// <summary>The answer, and the place among the reads that its body keeps.</summary>
    private Task<(GetObjectResponse Response, IDisposable Place)> GetAsync(string key, ByteRange? range, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = calls.Bucket, Key = key, ByteRange = range };
        return calls.OpenAsync("Read", key, (s3, token) => s3.GetObjectAsync(request, token), cancellationToken);
    }

    /// <summary>The SDK says 0 of a body without a length too; such a body could end anywhere unnoticed.</summary>
    private Task CheckEmptyAsync(GetObjectResponse response, string key, CancellationToken cancellationToken) => calls.ContinueAsync(
        "Read",
        key,
        async (_, token) => await response.ResponseStream.ReadAsync(new byte[1], token).ConfigureAwait(false) == 0
            ? true
            : throw new IOException("The body has no length."),
        cancellationToken);

    private static ArgumentOutOfRangeException OutOfRange(string key, long offset, long length) =>
        new(nameof(offset), $"{length} bytes from {offset} are not in {key}.");
}
