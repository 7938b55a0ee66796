using System.Globalization;
using System.Net;
using Amazon.Runtime;
using Amazon.S3.Model;

namespace GrainVault.Storage.S3;

/// <summary>Multipart uploads, with what S3 leaves to its clients: lost answers, errors in a 200, aborts that race parts.</summary>
internal sealed class S3Multipart(S3Calls calls, S3Objects objects)
{
    /// <summary>Rounds of abort and list in one call of <see cref="AbortAsync"/>.</summary>
    public const int AbortRoundCountMax = 3;

    /// <summary>Largest page of parts.</summary>
    public const int PartPageCountMax = 1000;

    /// <summary>Starts an upload.</summary>
    public async Task<string> InitiateAsync(string key, CancellationToken cancellationToken)
    {
        var request = new InitiateMultipartUploadRequest { BucketName = calls.Bucket, Key = key };
        var response = await calls.ChangeAsync("Initiate", key, (s3, token) => s3.InitiateMultipartUploadAsync(request, token), cancellationToken)
            .ConfigureAwait(false);
        return response.UploadId;
    }

    /// <summary>Writes one part.</summary>
    public async Task<StoredPart> PutPartAsync(string key, string uploadId, int number, StoreContent content, CancellationToken cancellationToken)
    {
        using var body = new PayloadStream(content);
        var request = new UploadPartRequest
        {
            BucketName = calls.Bucket,
            Key = key,
            UploadId = uploadId,
            PartNumber = number,
            PartSize = content.Bytes.Length,
            InputStream = body,
            UseChunkEncoding = false,
            DisableDefaultChecksumValidation = true,
        };
        var response = await OfUploadAsync(
            calls.WriteAsync("PutPart", key, (s3, token) => s3.UploadPartAsync(request, token), cancellationToken), key, uploadId).ConfigureAwait(false);
        return new StoredPart(number, content.Bytes.Length, S3Objects.Unquote(response.ETag));
    }

    /// <summary>Makes the object out of its parts.</summary>
    public async Task<StoredObject> CompleteAsync(string key, string uploadId, IReadOnlyList<StoredPart> parts, CancellationToken cancellationToken)
    {
        if (parts.Count == 0)
            throw new ObjectStoreException(ObjectStoreError.InvalidPart, $"{key} can't be completed without parts.");
        var request = new CompleteMultipartUploadRequest
        {
            BucketName = calls.Bucket,
            Key = key,
            UploadId = uploadId,
            PartETags = [.. parts.Select(part => new PartETag(part.Number, part.ETag))],
        };
        try
        {
            await calls.WriteAsync("Complete", key, (s3, token) => s3.CompleteMultipartUploadAsync(request, token), cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectStoreException e) when (e.Error is ObjectStoreError.UploadNotFound or ObjectStoreError.NotFound || IsServerError(e))
        {
            // An earlier attempt may have succeeded and its answer been lost: then the object stands there.
            if (await FindCompletedAsync(key, parts, cancellationToken).ConfigureAwait(false) is { } completed)
                return completed;
            if (!IsServerError(e))
                throw new ObjectStoreException(ObjectStoreError.UploadNotFound, $"There is no upload {uploadId} of {key}.", e);
            // Ceph answers 500 to the completion of an upload that it does not know; listing its parts tells.
            await ListPartsAsync(key, uploadId, 0, cancellationToken).ConfigureAwait(false);
            throw;
        }

        // A 200 may hold an error body, and some stores leave the ETag out: only the object itself is proof.
        return await FindCompletedAsync(key, parts, cancellationToken).ConfigureAwait(false)
            ?? throw new ObjectStoreException(ObjectStoreError.Unavailable, $"Complete of {key}: the S3 server answered, but the object is not there.");
    }

    /// <summary>Drops an upload; parts that were under way when it was dropped make another round necessary.</summary>
    public async Task<bool> AbortAsync(string key, string uploadId, CancellationToken cancellationToken)
    {
        for (var round = 0; round < AbortRoundCountMax; round++)
        {
            try
            {
                var request = new AbortMultipartUploadRequest { BucketName = calls.Bucket, Key = key, UploadId = uploadId };
                await calls.ChangeAsync("Abort", key, (s3, token) => s3.AbortMultipartUploadAsync(request, token), cancellationToken).ConfigureAwait(false);
                if ((await ListPartsAsync(key, uploadId, 0, cancellationToken).ConfigureAwait(false)).Count == 0)
                    return true;
            }
            catch (ObjectStoreException e) when (e.Error is ObjectStoreError.UploadNotFound or ObjectStoreError.NotFound)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>One page of parts.</summary>
    public async Task<IReadOnlyList<StoredPart>> ListPartsAsync(string key, string uploadId, int afterNumber, CancellationToken cancellationToken)
    {
        var request = new ListPartsRequest
        {
            BucketName = calls.Bucket,
            Key = key,
            UploadId = uploadId,
            MaxParts = PartPageCountMax,
            PartNumberMarker = afterNumber.ToString(CultureInfo.InvariantCulture),
        };
        var response = await OfUploadAsync(
            calls.ReadAsync("ListParts", key, (s3, token) => s3.ListPartsAsync(request, token), cancellationToken), key, uploadId).ConfigureAwait(false);
        return response.Parts is null
            ? []
            : [.. response.Parts.Select(part => new StoredPart(part.PartNumber.GetValueOrDefault(), part.Size.GetValueOrDefault(), S3Objects.Unquote(part.ETag)))];
    }

    private static bool IsServerError(ObjectStoreException e) =>
        e is { Error: ObjectStoreError.Unavailable, InnerException: AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError } };

    /// <summary>Some stores say of an upload that they don't know that there is no such key.</summary>
    private static async Task<T> OfUploadAsync<T>(Task<T> call, string key, string uploadId)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (ObjectStoreException e) when (e.Error == ObjectStoreError.NotFound)
        {
            throw new ObjectStoreException(ObjectStoreError.UploadNotFound, $"There is no upload {uploadId} of {key}.", e);
        }
    }

    /// <summary>
    /// The object at the key if it is the one that these parts make: the right size, and, where the ETag says how many
    /// parts it has, as many. Keys are never used for two uploads, so nothing else can look like it.
    /// </summary>
    private async Task<StoredObject?> FindCompletedAsync(string key, IReadOnlyList<StoredPart> parts, CancellationToken cancellationToken)
    {
        var found = await objects.FindAsync(key, cancellationToken).ConfigureAwait(false);
        if (found is null || found.SizeBytes != parts.Sum(part => part.SizeBytes))
            return null;
        var dash = found.ETag.LastIndexOf('-');
        return dash < 0 || !int.TryParse(found.ETag.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == parts.Count
            ? found
            : null;
    }
}
