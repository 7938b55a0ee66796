using System.Globalization;
using System.Web;
using Amazon.S3;
using Amazon.S3.Model;

namespace GrainVault.Storage.S3;

/// <summary>Presigned URLs, signed for the endpoint that clients reach.</summary>
internal sealed class S3Presigner(IAmazonS3 client, S3Credentials credentials, S3Options options, TimeProvider time)
{
    /// <summary>At seven days and a fraction of a second the SDK silently falls back to version 2 signatures, which AWS no longer takes.</summary>
    private static readonly TimeSpan SignedLifetimeMax = TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1);

    private const int SignAttemptCountMax = 3;

    private readonly Protocol _protocol =
        (options.PublicEndpoint ?? options.Endpoint)?.StartsWith("http://", StringComparison.OrdinalIgnoreCase) == true ? Protocol.HTTP : Protocol.HTTPS;

    /// <summary>A URL that reads an object.</summary>
    public Task<PresignedUrl> PresignGetAsync(string key, TimeSpan lifetime, string? contentDisposition, string? contentType)
    {
        var request = NewRequest(key, HttpVerb.GET);
        if (contentDisposition is not null)
            request.ResponseHeaderOverrides.ContentDisposition = contentDisposition;
        if (contentType is not null)
            request.ResponseHeaderOverrides.ContentType = contentType;
        return SignAsync(request, key, lifetime);
    }

    /// <summary>A URL that writes an object of exactly this size.</summary>
    public Task<PresignedUrl> PresignPutAsync(string key, long sizeBytes, TimeSpan lifetime) =>
        SignAsync(OfSize(NewRequest(key, HttpVerb.PUT), sizeBytes), key, lifetime);

    /// <summary>A URL that writes one part of exactly this size.</summary>
    public Task<PresignedUrl> PresignPutPartAsync(string key, string uploadId, int number, long sizeBytes, TimeSpan lifetime)
    {
        var request = OfSize(NewRequest(key, HttpVerb.PUT), sizeBytes);
        request.UploadId = uploadId;
        request.PartNumber = number;
        return SignAsync(request, key, lifetime);
    }

    /// <summary>A signed header must be sent as it was signed; every client sends the true length of its body.</summary>
    private static GetPreSignedUrlRequest OfSize(GetPreSignedUrlRequest request, long sizeBytes)
    {
        request.Headers["Content-Length"] = sizeBytes.ToString(CultureInfo.InvariantCulture);
        return request;
    }

    private GetPreSignedUrlRequest NewRequest(string key, HttpVerb verb) => new()
    {
        BucketName = options.Bucket,
        Key = key,
        Verb = verb,
        Protocol = _protocol,
    };

    private async Task<PresignedUrl> SignAsync(GetPreSignedUrlRequest request, string key, TimeSpan lifetime)
    {
        try
        {
            var now = time.GetUtcNow();
            var allowed = lifetime < SignedLifetimeMax ? lifetime : SignedLifetimeMax;
            if (await credentials.EndAsync(now).ConfigureAwait(false) is { } end && end - now < allowed)
                allowed = end - now;
            if (allowed < TimeSpan.FromSeconds(1))
                throw new ObjectStoreException(ObjectStoreError.Unavailable, $"Presign of {key}: the credentials end now.");
            return await SignUntilAsync(request, now + allowed).ConfigureAwait(false);
        }
        catch (Exception e) when (S3Errors.Covers(e))
        {
            throw S3Errors.Translate(e, "Presign", key);
        }
    }

    /// <summary>The SDK rounds to whole seconds by its own clock, mostly upwards; a URL that would live too long is signed again.</summary>
    private async Task<PresignedUrl> SignUntilAsync(GetPreSignedUrlRequest request, DateTimeOffset end)
    {
        var expires = DateTimeOffset.FromUnixTimeSeconds(end.ToUnixTimeSeconds());
        for (var attempt = 1; ; attempt++)
        {
            request.Expires = expires.UtcDateTime;
            var url = new Uri(await client.GetPreSignedURLAsync(request).ConfigureAwait(false));
            var signed = new PresignedUrl(url, ExpiryOf(url));
            if (signed.ExpiresAt <= end || attempt == SignAttemptCountMax)
                return signed;
            expires -= TimeSpan.FromSeconds(1);
        }
    }

    /// <summary>When the server will stop to take the URL, by the URL itself.</summary>
    private static DateTimeOffset ExpiryOf(Uri url)
    {
        var query = HttpUtility.ParseQueryString(url.Query);
        Invariant.That(query["X-Amz-Signature"] is not null, "URLs are signed with version 4");
        var signedAt = DateTimeOffset.ParseExact(
            query["X-Amz-Date"]!, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        return signedAt.AddSeconds(long.Parse(query["X-Amz-Expires"]!, NumberStyles.None, CultureInfo.InvariantCulture));
    }
}
