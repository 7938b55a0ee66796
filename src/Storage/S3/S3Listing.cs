using System.Runtime.CompilerServices;
using Amazon.S3.Model;

namespace GrainVault.Storage.S3;

/// <summary>Listings, one page of the server in memory at a time.</summary>
internal sealed class S3Listing(S3Calls calls)
{
    /// <summary>Largest page.</summary>
    public const int PageCountMax = 1000;

    /// <summary>Finished objects in the order of keys.</summary>
    public async IAsyncEnumerable<ListedObject> ListObjectsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = calls.Bucket, Prefix = prefix, MaxKeys = PageCountMax };
        while (true)
        {
            var page = await calls.ReadAsync("List", prefix, (s3, token) => s3.ListObjectsV2Async(request, token), cancellationToken).ConfigureAwait(false);
            foreach (var item in page.S3Objects ?? [])
                yield return new ListedObject(item.Key, item.Size.GetValueOrDefault(), ToUtc(item.LastModified));
            if (page.IsTruncated != true)
                yield break;
            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    /// <summary>Unfinished uploads in the order of keys.</summary>
    public async IAsyncEnumerable<ListedUpload> ListUploadsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListMultipartUploadsRequest { BucketName = calls.Bucket, Prefix = prefix, MaxUploads = PageCountMax };
        while (true)
        {
            var page = await calls.ReadAsync("ListUploads", prefix, (s3, token) => s3.ListMultipartUploadsAsync(request, token), cancellationToken)
                .ConfigureAwait(false);
            foreach (var item in page.MultipartUploads ?? [])
                yield return new ListedUpload(item.Key, item.UploadId, ToUtc(item.Initiated));
            if (page.IsTruncated != true)
                yield break;
            request.KeyMarker = page.NextKeyMarker;
            request.UploadIdMarker = page.NextUploadIdMarker;
        }
    }

    private static DateTimeOffset ToUtc(DateTime? time) => new(time.GetValueOrDefault().ToUniversalTime());
}
