using System.Globalization;
using Amazon.S3;
using Amazon.S3.Model;

namespace GrainVault.Storage.S3;

/// <summary>Presigned URLs, signed for the endpoint that clients reach.</summary>
internal sealed class S3Presigner(IAmazonS3 client, S3Options options, TimeProvider time)
{
    /// <summary>At seven days and a fraction of a second the SDK silently falls back to version 2 signatures, which AWS no longer takes.</summary>
    private static readonly TimeSpan SignedLifetimeMax = TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1);

    private readonly Protocol _protocol =
        (options.PublicEndpoint ?? options.Endpoint)?.StartsWith("http://", StringComparison.OrdinalIgnoreCase) == true ? Protocol.HTTP : Protocol.HTTPS;

    /// <summary>A URL that reads an object.</summary>
    public Task<Uri> PresignGetAsync(string key, TimeSpan lifetime, string? contentDisposition)
    {
        var request = NewRequest(key, HttpVerb.GET, lifetime);
        if (contentDisposition is not null)
            request.ResponseHeaderOverrides.ContentDisposition = contentDisposition;
        return SignAsync(request, key);
    }

    /// <summary>A URL that writes one part of exactly this size.</summary>
    public Task<Uri> PresignPutPartAsync(string key, string uploadId, int number, long sizeBytes, TimeSpan lifetime)
    {
        var request = NewRequest(key, HttpVerb.PUT, lifetime);
        request.UploadId = uploadId;
        request.PartNumber = number;
        request.Headers["Content-Length"] = sizeBytes.ToString(CultureInfo.InvariantCulture);
        return SignAsync(request, key);
    }

    private GetPreSignedUrlRequest NewRequest(string key, HttpVerb verb, TimeSpan lifetime) => new()
    {
        BucketName = options.Bucket,
        Key = key,
        Verb = verb,
        Protocol = _protocol,
        Expires = time.GetUtcNow().UtcDateTime + (lifetime < SignedLifetimeMax ? lifetime : SignedLifetimeMax),
    };

    private async Task<Uri> SignAsync(GetPreSignedUrlRequest request, string key)
    {
        try
        {
            var url = new Uri(await client.GetPreSignedURLAsync(request).ConfigureAwait(false));
            Invariant.That(url.Query.Contains("X-Amz-Signature=", StringComparison.Ordinal), "URLs are signed with version 4");
            return url;
        }
        catch (Exception e) when (S3Errors.Covers(e))
        {
            throw S3Errors.Translate(e, "Presign", key);
        }
    }
}
