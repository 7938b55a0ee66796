using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace GrainVault.Storage.S3.Setup;

/// <summary>
/// Whether a URL that writes can be made to read. AWS refuses <c>x-amz-</c> headers that a signature does not cover; other servers heed
/// them, so that whoever has a URL for a PUT copies any object whose key he knows, unless the key that signed it may only write.
/// </summary>
/// <param name="client">With the keys that may do everything.</param>
/// <param name="signer">With the keys that sign URLs that write.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="isPlain">The server is reached by http.</param>
internal sealed class UploadKeys(IAmazonS3 client, IAmazonS3 signer, string bucket, bool isPlain) : IBucketPart
{
    /// <summary>What is copied in a bucket that has no marker yet.</summary>
    internal const string SourceKey = "grainvault-probe";

    /// <summary>What the copy would be.</summary>
    internal const string TargetKey = "grainvault-probe-copy";

    private const int AnswerSizeBytesMax = 64 << 10;

    private static readonly TimeSpan UrlLifetime = TimeSpan.FromMinutes(1);

    public string Thing => "keys";

    public string AdviceOf(S3Dialect dialect) => "give Objects:S3:UploadAccessKey a key that may only write";

    public async Task<SetupLine> RunAsync(bool isApplied, CancellationToken cancellationToken)
    {
        var isSourceMade = !await ExistsAsync(ObjectKeys.Marker, cancellationToken).ConfigureAwait(false);
        try
        {
            if (isSourceMade)
                await client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = SourceKey, ContentBody = "probe" }, cancellationToken).ConfigureAwait(false);
            return await CopyByUrlAsync(isSourceMade ? SourceKey : ObjectKeys.Marker, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // The caller's time may be over; what was made has to go all the same.
            if (isSourceMade)
                await RemoveAsync(SourceKey).ConfigureAwait(false);
        }
    }

    private async Task<bool> ExistsAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await client.GetObjectMetadataAsync(bucket, key, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AmazonServiceException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private async Task<SetupLine> CopyByUrlAsync(string sourceKey, CancellationToken cancellationToken)
    {
        var url = await signer.GetPreSignedURLAsync(new GetPreSignedUrlRequest
        {
            BucketName = bucket,
            Key = TargetKey,
            Verb = HttpVerb.PUT,
            Expires = TimeProvider.System.GetUtcNow().UtcDateTime + UrlLifetime,
            Protocol = isPlain ? Protocol.HTTP : Protocol.HTTPS,
        }).ConfigureAwait(false);
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { MaxResponseContentBufferSize = AnswerSizeBytesMax };
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ByteArrayContent([]) };
        request.Headers.TryAddWithoutValidation("x-amz-copy-source", $"/{bucket}/{sourceKey}");
        using var answer = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        // Only what is there: a bucket with versions would keep a mark of every deletion.
        if (answer.IsSuccessStatusCode)
            await RemoveAsync(TargetKey).ConfigureAwait(false);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode == HttpStatusCode.OK && text.Contains("CopyObjectResult", StringComparison.Ordinal))
            return new SetupLine(Thing, SetupState.Wrong, "whoever has a URL that writes can copy objects whose keys he knows: set Objects:S3:UploadAccessKey and UploadSecretKey, a key that may only write");
        return (int)answer.StatusCode < 500
            ? new SetupLine(Thing, SetupState.Ok, $"a URL that writes reads nothing (the server answers {(int)answer.StatusCode})")
            : new SetupLine(Thing, SetupState.Unknown, $"the server answers {(int)answer.StatusCode}");
    }

    private async Task RemoveAsync(string key)
    {
        try
        {
            await client.DeleteObjectAsync(bucket, key, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (S3Errors.Covers(e))
        {
            // The next look removes it.
        }
    }
}
