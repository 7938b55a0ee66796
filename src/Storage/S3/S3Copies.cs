using Amazon.S3;
using Amazon.S3.Model;

namespace GrainVault.Storage.S3;

/// <summary>Copies within the bucket, bound to the source's ETag; the server moves the bytes.</summary>
internal sealed class S3Copies(S3Calls calls, S3Objects objects, S3Multipart multipart, S3Dialect dialect, TimeSpan timeout, TimeProvider time)
{
    /// <summary>Pieces of one large object that are copied at once.</summary>
    public const int PiecesAtOnceMax = 4;

    private const string CopyType = "application/octet-stream";

    /// <summary>Copies an object to a fresh key.</summary>
    public async Task<StoredObject> CopyAsync(string sourceKey, string etag, string targetKey, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var source = await FindSourceAsync(sourceKey, etag, either.Token).ConfigureAwait(false);
            return source.SizeBytes <= dialect.CopySizeBytesMax
                ? await CopyWholeAsync(sourceKey, source, targetKey, either.Token).ConfigureAwait(false)
                : await CopyInPiecesAsync(sourceKey, source, targetKey, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectStoreException(ObjectStoreError.Unavailable, $"Copy of {sourceKey} took longer than {timeout}.", e);
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException($"Copy of {sourceKey} was cancelled.", e, cancellationToken);
        }
    }

    /// <summary>Deletes a source if it is still the one that was copied.</summary>
    public async Task<bool> DeleteSourceAsync(string key, string etag, CancellationToken cancellationToken)
    {
        if (await objects.FindAsync(key, cancellationToken).ConfigureAwait(false) is not { } source)
            return true;
        if (source.ETag != etag)
            return false;
        var request = new DeleteObjectRequest { BucketName = calls.Bucket, Key = key, IfMatch = dialect.HonoursDeleteCondition ? $"\"{etag}\"" : null };
        try
        {
            await calls.ChangeAsync("Delete", key, (s3, token) => s3.DeleteObjectAsync(request, token), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ObjectStoreException e) when (e.Error == ObjectStoreError.PreconditionFailed)
        {
            return false;
        }
        catch (ObjectStoreException e) when (e.Error == ObjectStoreError.NotFound)
        {
            return true;
        }
    }

    private static ObjectStoreException Changed(string key, Exception? cause = null) =>
        new(ObjectStoreError.PreconditionFailed, $"{key} is another object than was to be copied.", cause);

    private async Task<StoredObject> FindSourceAsync(string key, string etag, CancellationToken cancellationToken)
    {
        var source = await objects.FindAsync(key, cancellationToken).ConfigureAwait(false)
            ?? throw new ObjectStoreException(ObjectStoreError.NotFound, $"There is no object {key}.");
        return source.ETag == etag ? source : throw Changed(key);
    }

    private async Task<StoredObject> CopyWholeAsync(string sourceKey, StoredObject source, string targetKey, CancellationToken cancellationToken)
    {
        var request = new CopyObjectRequest
        {
            SourceBucket = calls.Bucket,
            SourceKey = sourceKey,
            DestinationBucket = calls.Bucket,
            DestinationKey = targetKey,
            ETagToMatch = $"\"{source.ETag}\"",
            // Whoever sent the source may have given it headers of his own choice, such as a Content-Encoding; readers get none of them.
            MetadataDirective = S3MetadataDirective.REPLACE,
            ContentType = CopyType,
        };
        await OfSourceAsync(calls.WriteAsync("Copy", sourceKey, (s3, token) => s3.CopyObjectAsync(request, token), cancellationToken), sourceKey).ConfigureAwait(false);
        // A 200 may hold an error body here too: only the object itself is proof.
        var copy = await objects.FindAsync(targetKey, cancellationToken).ConfigureAwait(false);
        if (copy is null || copy.SizeBytes != source.SizeBytes)
            throw new ObjectStoreException(ObjectStoreError.Unavailable, $"Copy of {sourceKey}: the S3 server answered, but the copy is not there.");
        if (!dialect.HonoursCopyCondition && copy.ETag != source.ETag)
            await RefuseOtherAsync(sourceKey, source, targetKey, cancellationToken).ConfigureAwait(false);
        return copy;
    }

    /// <summary>
    /// A server that may have ignored the condition made a copy with another ETag. Of an object in parts it always has one;
    /// then the source must at least still be the same.
    /// </summary>
    private async Task RefuseOtherAsync(string sourceKey, StoredObject source, string targetKey, CancellationToken cancellationToken)
    {
        if (source.ETag.Contains('-', StringComparison.Ordinal) && await objects.FindAsync(sourceKey, cancellationToken).ConfigureAwait(false) == source)
            return;
        await objects.DeleteAsync(targetKey, cancellationToken).ConfigureAwait(false);
        throw Changed(sourceKey);
    }

    private async Task<StoredObject> CopyInPiecesAsync(string sourceKey, StoredObject source, string targetKey, CancellationToken cancellationToken)
    {
        var pieceSizeBytes = Math.Max(dialect.CopyPieceSizeBytes, (source.SizeBytes + dialect.PartCountMax - 1) / dialect.PartCountMax);
        var pieces = new StoredPart[(int)((source.SizeBytes + pieceSizeBytes - 1) / pieceSizeBytes)];
        var uploadId = await multipart.InitiateAsync(targetKey, cancellationToken).ConfigureAwait(false);
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(1, pieces.Length),
                new ParallelOptions { MaxDegreeOfParallelism = PiecesAtOnceMax, CancellationToken = cancellationToken },
                async (number, token) => pieces[number - 1] = await CopyPieceAsync(sourceKey, source, targetKey, uploadId, number, pieceSizeBytes, token).ConfigureAwait(false))
                .ConfigureAwait(false);
            if (!dialect.HonoursCopyCondition)
                await FindSourceAsync(sourceKey, source.ETag, cancellationToken).ConfigureAwait(false);
            return await multipart.CompleteAsync(targetKey, uploadId, pieces, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await TryAbortAsync(targetKey, uploadId).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<StoredPart> CopyPieceAsync(
        string sourceKey, StoredObject source, string targetKey, string uploadId, int number, long pieceSizeBytes, CancellationToken cancellationToken)
    {
        var offset = (number - 1) * pieceSizeBytes;
        var sizeBytes = Math.Min(pieceSizeBytes, source.SizeBytes - offset);
        var request = new CopyPartRequest
        {
            SourceBucket = calls.Bucket,
            SourceKey = sourceKey,
            DestinationBucket = calls.Bucket,
            DestinationKey = targetKey,
            UploadId = uploadId,
            PartNumber = number,
            FirstByte = offset,
            LastByte = offset + sizeBytes - 1,
            ETagToMatch = [$"\"{source.ETag}\""],
        };
        var response = await OfSourceAsync(calls.WriteAsync("CopyPart", sourceKey, (s3, token) => s3.CopyPartAsync(request, token), cancellationToken), sourceKey)
            .ConfigureAwait(false);
        var etag = S3Objects.Unquote(response.ETag);
        // Here too a 200 may hold an error body, which has no ETag.
        return etag.Length > 0
            ? new StoredPart(number, sizeBytes, etag)
            : throw new ObjectStoreException(ObjectStoreError.Unavailable, $"Copy of {sourceKey}: the S3 server gave piece {number} no ETag.");
    }

    private static async Task<T> OfSourceAsync<T>(Task<T> call, string sourceKey)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (ObjectStoreException e) when (e.Error == ObjectStoreError.PreconditionFailed)
        {
            throw Changed(sourceKey, e);
        }
    }

    /// <summary>What stays of a copy that failed is found by its target's key, which is in the ledger; trying costs nothing.</summary>
    private async Task TryAbortAsync(string targetKey, string uploadId)
    {
        try
        {
            await multipart.AbortAsync(targetKey, uploadId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ObjectStoreException)
        {
            // The error that led here counts.
        }
    }
}
